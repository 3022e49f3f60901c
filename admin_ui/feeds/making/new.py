"""A source is made at /admin/new-source: its connector is chosen, then its key, owner, purpose and settings are told.

It is paused until somebody takes it into use on its page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.feeds import connector_words
from admin_ui.feeds.making import settings_form
from admin_ui.feeds.sources import PATH, SECTION
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from connectors.contract import Connector
from connectors.problem import Problem
from iam.access.administration import Part
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.errors import AvainError, Conflict, Invalid, NotFound
from iam.sources.making import commands
from iam.sources.making.files import Files
from iam.sources.making.said import SourceSaid
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_
from iam.web import context, guard

NEW = "/admin/new-source"
OFFERED = 300
"""So many organisations are offered as owners; for any other the source is declared."""
LONGEST = 400
_SMALL = ("school", "unit")
TEXTS = ("purpose", "zone", "priority", "missing_hours", "schedule", "deadline")
"""What is said of every source, besides key, owner and whether good rows are kept."""


@dataclass(slots=True)
class SourceForm:
    """What was typed (None: nothing yet), and what is wrong beside which field ("": above all)."""

    typed: Mapping[str, str] | None = None
    errors: dict[str, str] = field(default_factory=dict)


@blueprint.get("/new-source")
@guard.requires("sources.write")
def new_source() -> Response:
    """Show which kinds of system a source can read."""
    cards = [(name, *connector_words.named(name, one)) for name, one in commands.offered().items()]
    return frame.render("sources/making/new.html", section=SECTION, breadcrumb=_above(), cards=cards)


@blueprint.get("/new-source/<connector>")
@guard.requires("sources.write")
def new_source_of(connector: str) -> Response:
    """Show the empty form of a source of one connector."""
    return _form(connector, _connector(connector), SourceForm())


@blueprint.post("/new-source/<connector>")
@guard.requires("sources.write")
def make_source(connector: str) -> AnyResponse:
    """Make a source, paused, and go on to its page."""
    type_, typed = _connector(connector), request.form
    try:
        said = {**read(typed), "key": text_of(typed, "key"), "owner": text_of(typed, "owner"), "connector": connector}
        said["settings"] = settings_form.read(type_.settings_model, typed, names_setting(type_))
        made = commands.make(context.db(), said, guard.part(), walls(), context.actor())
    except (Conflict, Invalid) as error:
        fields = [*settings_form.names(type_.settings_model)]
        return _form(connector, type_, SourceForm(typed, beside(error, fields)), error.status)
    told = N_("The source is made, and paused. The steps that are left are on this page.")
    return frame.done(context.texts().gettext(told), f"{PATH}/{made.key}")


def read(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says of any source, but for its key, owner and settings; what is empty is as usual."""
    said: dict[str, Any] = {name: text for name in TEXTS if (text := text_of(typed, name))}
    name = {one: text for one in LANGUAGES if (text := text_of(typed, f"name_{one}"))}
    said["name"] = name or None
    said.setdefault("schedule", None)
    said.setdefault("purpose", "")
    return said | {"keep_good_rows": "keep_good_rows" in typed}


def written_name(name: Mapping[str, str] | None) -> dict[str, str]:
    """Return what a source is called as the form has it."""
    return {f"name_{one}": text for one, text in (name or {}).items()}


def text_of(typed: Mapping[str, str], name: str) -> str:
    """Return what was typed in a field, as far as it is read."""
    return typed.get(name, "").strip()[:LONGEST]


def names_setting(connector: type[Connector]) -> str:
    """Return the setting that is made by choosing columns; empty where there is none."""
    return str(getattr(connector, "names_setting", ""))


def walls() -> Files:
    """Return which files whoever asks may name."""
    settings = context.settings()
    return Files(settings.sources.folder or settings.state_dir / "feeds", guard.part().everything)


def beside(error: AvainError, fields: Collection[str] = ()) -> dict[str, str]:
    """Return what is wrong by the field beside which it is told, the first of each; what was written is taken back.

    ``fields`` are those of the form that a place of a source's settings may name, or lie in.
    """
    context.db().rollback()
    texts, found = context.texts(), dict[str, str]()
    for one in error.problems:
        found.setdefault(_field(one.field or "", fields), texts.said(one))
    return found


def _field(place: str, fields: Collection[str]) -> str:
    """Return the field of the form in which a place of a source's settings is typed."""
    steps = place.split(".")
    ways = (".".join(steps[:n]) for n in range(len(steps), 0, -1))
    if steps[0] == "name":
        return "name_fi"
    return next((way for way in ways if way in fields), ".".join(steps[:2]) if steps[0] == "settings" else place)


def _connector(name: str) -> type[Connector]:
    found = commands.offered().get(name)
    if found is None:
        raise NotFound(Problem("There is no such connector.", N_("Choose one of those shown.")))
    return found


def _above() -> list[tuple[str, str]]:
    return [(PATH, context.texts().gettext(N_("Sources")))]


def _form(name: str, connector: type[Connector], form: SourceForm, status: int = 200) -> Response:
    title, reads = connector_words.named(name, connector)
    return frame.render(
        "sources/making/settings.html",
        status,
        section=SECTION,
        breadcrumb=[*_above(), (NEW, context.texts().gettext(N_("New source")))],
        source=None,
        action=f"{NEW}/{name}",
        heading=title,
        lead=reads,
        form=form,
        said=form.typed if form.typed is not None else usual(),
        inputs=settings_form.inputs(connector.settings_model, {}, form.typed, names_setting(connector)),
        owners=_owners(guard.part()),
        usual=usual(),
        languages=named_languages(),
        folder=walls().of(text_of(form.typed or {}, "owner") or "…"),
    )


def usual() -> dict[str, Any]:
    """Return what a form of a source says before anything is typed."""
    fields = SourceSaid.model_fields
    return {name: fields[name].default for name in TEXTS if name != "purpose"} | {"keep_good_rows": True}


def named_languages() -> list[tuple[str, str]]:
    """Return the languages in which a source can be called, each by its own name."""
    return [(one, LANGUAGE_NAMES[one]) for one in LANGUAGES]


def _owners(part: Part) -> list[tuple[str, str]]:
    """Return the organisations of the part that can own a source; schools and units only when there is nothing above
    them."""
    language = context.texts().language
    query = listing.organisations(part)
    for one in (query.where(Organisation.kind.not_in(_SMALL)), query):
        found = context.db().scalars(one.order_by(*listing.organisation_keys(language)).limit(OFFERED)).all()
        if found:
            return [(row.key, row.name(language)) for row in found]
    return []
