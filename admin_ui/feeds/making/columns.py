"""What the columns of a source mean, chosen one by one at /admin/sources/KEY/columns, and what the values of the one
stand for that tells the kind of a relation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.feeds.making.changing import above, source_here
from admin_ui.feeds.making.meanings import meaning
from admin_ui.feeds.making.new import LONGEST, SourceForm, beside, walls
from admin_ui.feeds.making.sample import read_now, with_persons
from admin_ui.feeds.matching_table import KINDS
from admin_ui.feeds.sources import PATH, SECTION
from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from connectors.identity_code import holds_code
from connectors.records import Sample
from iam.directory.source import Source
from iam.errors import Invalid
from iam.sources.making import choices, commands, day_choice
from iam.texts import N_
from iam.web import context, guard

COLUMNS = f"{PATH}/{{key}}/columns"
LOOKED_AT = 2000
"""So many rows are looked at for days that are none, and for the values of the kind."""
MOST_VALUES = 40
EVERYBODY, AT_OWNER = "everybody", "at_owner"
KEY_OF, DAY_FORM = "settings.key_of", "settings.day_form"
"""Called as the settings are that they become, so that what is wrong with one is told beside it."""
NO_KIND = ""


@blueprint.get("/sources/<key>/columns")
@guard.requires("sources.write")
def show_columns(key: str) -> Response:
    """Show what can be read of a source, each with the columns that it may be.

    Like its rows, these are for whoever may see its owner's persons: a file without a header has one of them there.
    """
    return _page(with_persons(source_here(key)), SourceForm())


@blueprint.post("/sources/<key>/columns")
@guard.requires("sources.write")
@guard.recent(COLUMNS)
def choose_columns(key: str) -> AnyResponse:
    """Save which column means what."""
    source, typed = with_persons(source_here(key)), request.form
    samples, problems = read_now(source, LOOKED_AT)
    source = source_here(key)
    try:
        if problems:
            return _page(source, SourceForm(typed), 422)
        said = choices.chosen(source, typed, samples, _besides(typed))
        commands.change(context.db(), source, said, guard.part(), walls(), context.actor())
    except Invalid as error:
        return _page(source_here(key), SourceForm(typed, beside(error, (KEY_OF, DAY_FORM))), error.status)
    has_values = choices.values(source_here(key), samples)[0] != ""
    told = N_("It is saved what the columns mean.")
    back = COLUMNS.format(key=key) + "#values" if has_values else f"{PATH}/{key}"
    return frame.done(context.texts().gettext(told), back)


@blueprint.post("/sources/<key>/values")
@guard.requires("sources.write")
@guard.recent(COLUMNS)
def choose_values(key: str) -> AnyResponse:
    """Save what the values stand for that tell the kind of a relation."""
    source, typed = with_persons(source_here(key)), request.form
    stands_for = {
        value: kind
        for value, kind in zip(typed.getlist("value"), typed.getlist("kind"), strict=False)
        if kind in words.AFFILIATIONS or not kind
    }
    try:
        said = choices.stating_values(source, stands_for)
        commands.change(context.db(), source, said, guard.part(), walls(), context.actor())
    except Invalid as error:
        return _page(source_here(key), SourceForm(None, beside(error)), error.status)
    return frame.done(context.texts().gettext(N_("It is saved what the values stand for.")), f"{PATH}/{key}")


def _besides(typed: MultiDict[str, str]) -> choices.Besides:
    key_of, form = tuple(typed.getlist(KEY_OF)), typed.get(DAY_FORM, "")[:LONGEST]
    return choices.Besides(_everybody(typed), AT_OWNER in typed, key_of, form)


def _everybody(typed: Mapping[str, str]) -> str:
    kind = typed.get(EVERYBODY, "")
    return kind if kind in words.AFFILIATIONS else ""


def _page(source: Source, form: SourceForm, status: int = 200) -> Response:
    samples, problems = read_now(source, LOOKED_AT)
    source = source_here(source.key)
    found = choices.things(source) if not problems else []
    suggested = choices.suggestions(found, samples)
    rows = [
        (
            one,
            meaning(one),
            (form.typed or {}).get(one.name, "") if form.typed is not None else one.column or suggested.get(one.name),
            form.typed is None and one.name in suggested,
        )
        for one in found
    ]
    column, values = _values(source, samples)
    return frame.render(
        "sources/making/columns.html",
        status,
        section=SECTION,
        breadcrumb=above(source),
        source=source,
        form=form,
        problems=problems,
        kinds=[(kind, words.word(KINDS, kind)) for kind in dict.fromkeys(one.kind for one in found)],
        rows=rows,
        offered=_offered(samples, found),
        named=bool(found) and choices.names_columns(source) is not None,
        affiliations=words.options(words.AFFILIATIONS),
        holds_for_all=_for_all(source, form),
        key_parts=_key_parts(source, form) if found else [],
        day_forms=_day_forms(
            source, form, choices.days_in(found, {one.name: name for one, _, name, _ in rows}, samples)
        ),
        value_column=column,
        values=values,
    )


def _offered(samples: list[Sample], found: list[choices.Thing]) -> dict[str, list[tuple[str, str]]]:
    """Return the columns that may be chosen, by kind of record; one that stands there though it is not in the sample
    stays."""
    offered = {one.kind: [name for name in one.columns if not holds_code(name)] for one in samples}
    for one in found:
        columns = offered.setdefault(one.kind, [])
        if one.column and one.column not in columns:
            columns.append(one.column)
    return {kind: [(name, name) for name in columns] for kind, columns in offered.items()}


def _for_all(source: Source, form: SourceForm) -> dict[str, Any]:
    """Return what holds for all: the kind of relation, and whether everybody is at the owner."""
    if form.typed is not None:
        return {EVERYBODY: _everybody(form.typed), AT_OWNER: AT_OWNER in form.typed}
    for kind in (source.matching or {}).values():
        affiliation = kind.get("affiliation") if isinstance(kind, dict) else None
        if affiliation:
            told = affiliation["kind"]
            return {
                EVERYBODY: told if isinstance(told, str) else "",
                AT_OWNER: "fixed" in affiliation["organisations"],
            }
    return {EVERYBODY: "", AT_OWNER: False}


def _key_parts(source: Source, form: SourceForm) -> list[tuple[str, str, bool]]:
    """Return of what the key of a row may be made, where there is no number: our column, what it means, and whether it
    is chosen."""
    typed = form.typed
    taken = typed.getlist(KEY_OF) if isinstance(typed, MultiDict) else choices.key_made_of(source)
    return [(one.ours, meaning(one), one.ours in taken) for one in choices.key_things(source)]


def _day_forms(source: Source, form: SourceForm, texts: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """Return how days are written, and the ways to choose from; none where ``texts`` need no telling."""
    ways = day_choice.forms(texts)
    place = day_choice.setting(choices.names_columns(source)) if len(ways) > 1 else ""
    if not place:
        return "", []
    examples = {way: day_choice.example(texts, way) for way in ways}
    chosen = form.typed.get(DAY_FORM, "") if form.typed is not None else source.settings.get(place, "")
    return str(chosen), [(way, f"{way}: {told} = {day}") for way, (told, day) in examples.items()]


def _values(source: Source, samples: list[Sample]) -> tuple[str, list[tuple[str, str]]]:
    """Return the column that tells the kind, and its values with what they stand for."""
    if not samples:
        return "", []
    column, values = choices.values(source, samples)
    shown = [(value, kind) for value, kind in values.items() if not holds_code(value)]
    return column, shown if len(shown) <= MOST_VALUES else []
