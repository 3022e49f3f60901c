"""Lists of occupation codes at /admin/code-lists: whose they are and what is in them; one is made or changed with its
effect first, then written, or it waits for a second person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame
from admin_ui.parts.choosing import chosen
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from admin_ui.rules.edit import SHOWN_PLACES
from admin_ui.rules.pages import SECTION
from connectors.problem import Problem
from iam.access.administration import may_touch
from iam.access.pages import code_lists
from iam.access.pages.code_lists import HeldOccupation, OwnedList
from iam.apply.on_pages import code_list_acts, stating
from iam.apply.on_pages.code_list_acts import StatedList
from iam.directory.pages import listing
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_, in_language
from iam.web import context, guard

PATH, NEW = "/admin/code-lists", "/admin/new-code-list"
DO = "do"
OFFERED = 300
LONGEST, MOST, LONGEST_NAME = 100, 1000, 200
"""Characters of a code, how many codes are read of a form, and characters of a name."""


@dataclass(slots=True)
class CodesForm:
    """What was typed (None: nothing yet), what is wrong beside which field ("": above all), and the codes that are in
    the list by now, where another changed it."""

    codes: Sequence[str] | None = None
    name: Mapping[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    meanwhile: Sequence[str] | None = None


@blueprint.get("/code-lists")
@guard.requires("rules.read")
def show_code_lists() -> Response:
    """Show the lists that rules of the part can name."""
    lists = code_lists.owned(context.db(), guard.part())
    language = context.texts().language
    rows = [(one.key, one.called(language), one.owner.name(language), len(one.codes)) for one in lists]
    return frame.render("rules/code_lists.html", section=SECTION, breadcrumb=_above()[:1], rows=rows)


@blueprint.get("/code-lists/<key>")
@guard.requires("rules.read")
def show_code_list(key: str) -> Response:
    """Show what is in a list, with how many people of the part have each code."""
    found = _known(key)
    return _list_page(found, CodesForm(name=found.names or {}))


@blueprint.post("/code-lists/<key>")
@guard.requires("rules.write")
@guard.recent(PATH + "/{key}", act=DO)
def change_code_list(key: str) -> AnyResponse:
    """Show what other codes in the list do to people; or write them, when that is what was shown."""
    found = _known(key)
    if not may_touch(context.db(), guard.part(), found.owner.id):
        raise _no_list()
    codes, name = _codes(), _name()
    if request.form.get("stood") != _stood(found):
        return _list_page(found, CodesForm(codes, name, meanwhile=found.codes), 409)
    try:
        return _look_or_do(StatedList(key, found.owner, codes, _full(name)), f"{PATH}/{key}", _stood(found))
    except (Invalid, Conflict, Denied) as error:
        return _list_page(_known(key), CodesForm(codes, name, _beside(error)), error.status)


@blueprint.get("/new-code-list")
@guard.requires("rules.write")
def show_new_code_list() -> Response:
    """Show the empty form of a list."""
    return _new_page(CodesForm())


@blueprint.post("/new-code-list")
@guard.requires("rules.write")
@guard.recent(NEW, act=DO)
def make_code_list() -> AnyResponse:
    """Show what making a list does; or make it."""
    codes, name, key = _codes(), _name(), request.form.get("key", "").strip()
    try:
        problems: list[Problem] = []
        owner = chosen(guard.part(), request.form.get("owner", "").strip(), problems, "owner")
        if code_lists.exists(context.db(), key):
            problems.append(Problem(N_("This key is taken."), N_("Choose another."), field="key"))
        if problems or owner is None:
            raise Invalid(*problems)
        return _look_or_do(StatedList(key, owner, codes, _full(name)), NEW, "")
    except (Invalid, Conflict, Denied) as error:
        return _new_page(CodesForm(codes, name, _beside(error)), error.status)


def _look_or_do(said: StatedList, path: str, stood: str) -> AnyResponse:
    if not said.codes:
        raise Invalid(Problem(N_("Choose at least one code."), field="more"))
    session, texts = context.db(), context.texts()
    actor, vault, part = context.actor(), context.vault(), frame.part_of("persons.read")
    _, would = stating.look(session, code_list_acts.stated(said), actor, vault, part)
    is_seen = compare_digest(effects_view.sealed(would.effects.digest), request.form.get("seen", ""))
    if request.form.get("act") == DO and is_seen:
        consortium = context.settings().consortium
        report = code_list_acts.perform(session, said, actor, vault, consortium=consortium)
        if report.held is not None:
            return frame.done(texts.gettext(N_("Nothing was changed yet: it waits for a second person.")), PATH)
        return frame.done(texts.gettext(N_("It is written, and rights follow it.")), f"{PATH}/{said.key}")
    moved = N_("The effects changed meanwhile. Nothing was done; look at them again.")
    is_moved, called = request.form.get("act") == DO, in_language(said.name or {}, texts.language, said.key)
    return frame.render(
        "stated/effect.html",
        409 if is_moved else 200,
        section=SECTION,
        breadcrumb=[*_above(), (path, called)],
        path=path,
        told=[
            (texts.gettext(N_("Name")), called),
            (texts.gettext(N_("Owner")), said.owner.name(texts.language)),
            (texts.gettext(N_("Codes")), ", ".join(said.codes)),
        ],
        notes=[],
        kept=[
            ("key", said.key),
            ("owner", said.owner.key),
            *((f"name_{one}", text) for one, text in (said.name or {}).items()),
            *(("code", one) for one in said.codes),
        ],
        stood=stood,
        effects=effects_view.view(session, would),
        wrong=texts.gettext(moved) if is_moved else "",
        shown_places=SHOWN_PLACES,
        turn=None,
        turn_form="act",
    )


def _codes() -> list[str]:
    """The codes of the form: those ticked, and those written besides, each once."""
    written = request.form.get("more", "").replace(",", " ").split()
    found = [one.strip().replace("\x00", "")[:LONGEST] for one in (*request.form.getlist("code"), *written)]
    return sorted({one for one in found if one})[:MOST]


def _name() -> dict[str, str]:
    """The name as it was typed, by language."""
    return {one: " ".join(request.form.get(f"name_{one}", "").split())[:LONGEST_NAME] for one in LANGUAGES}


def _full(name: Mapping[str, str]) -> dict[str, str] | None:
    """A typed name in every language, or None: the list has none; raises ``Invalid`` for one without Finnish."""
    if not any(name.values()):
        return None
    if not name["fi"]:
        raise Invalid(Problem(N_("This is missing in Finnish."), N_("Write it in Finnish first."), field="name_fi"))
    return {one: text or name["fi"] for one, text in name.items()}


def _known(key: str) -> OwnedList:
    found = code_lists.owned(context.db(), frame.part_of("rules.read"), key)
    if not found:
        raise _no_list()
    return found[0]


def _no_list() -> NotFound:
    return NotFound(Problem(N_("There is no such list, or it is outside your part.")))


def _stood(found: OwnedList) -> str:
    said = *found.codes, json.dumps(found.names, sort_keys=True)
    return context.vault().mac("code list", "", "\n".join(said)).hex()


def _beside(error: AvainError) -> dict[str, str]:
    """What is wrong by the field beside which it is told; what was written is taken back."""
    context.db().rollback()
    texts, found = context.texts(), dict[str, str]()
    for one in error.problems:
        sentence = texts.said(one)
        place = (one.field or "").partition("[")[0]
        place = "more" if place == "codes" else place
        found.setdefault(place if place in ("key", "owner", "more", "name_fi") else "", sentence)
    return found


def _offered(codes: Sequence[str], ticked: Sequence[str]) -> list[tuple[HeldOccupation, bool]]:
    """The occupations to choose from: those in use with how many people have them, and those of the list that nobody
    has."""
    people, session = frame.part_of("persons.read"), context.db()
    used = code_lists.in_use(session, people, OFFERED)
    every = [*used, *(one for one in dict.fromkeys([*codes, *ticked]) if one not in used)]
    said = code_lists.titles(session, people, every, context.texts().language)
    called = said.titles | said.names
    return [(HeldOccupation(one, called.get(one, ""), used.get(one)), one in ticked) for one in every]


def _list_page(found: OwnedList, form: CodesForm, status: int = 200) -> Response:
    return frame.render(
        "rules/code_list.html",
        status,
        section=SECTION,
        breadcrumb=_above(),
        title=found.called(context.texts().language),
        key=found.key,
        name=form.name,
        languages=_languages(),
        path=f"{PATH}/{found.key}",
        owner=found.owner.name(context.texts().language),
        codes=_offered(found.codes, found.codes if form.codes is None else form.codes),
        may_change=may_touch(context.db(), frame.part_of("rules.write"), found.owner.id),
        stood=_stood(found),
        errors=form.errors,
        meanwhile=None if form.meanwhile is None else ", ".join(form.meanwhile),
        is_new=False,
        said=request.form,
        offered=[],
    )


def _new_page(form: CodesForm, status: int = 200) -> Response:
    texts = context.texts()
    return frame.render(
        "rules/code_list.html",
        status,
        section=SECTION,
        breadcrumb=_above(),
        title=texts.gettext(N_("A new list of occupations")),
        path=NEW,
        key="",
        name=form.name,
        languages=_languages(),
        owner="",
        codes=_offered((), form.codes or ()),
        may_change=True,
        stood="",
        errors=form.errors,
        meanwhile=None,
        is_new=True,
        said=request.form,
        offered=listing.offered(context.db(), guard.part(), texts.language, OFFERED),
    )


def _languages() -> list[tuple[str, str]]:
    return [(one, LANGUAGE_NAMES[one]) for one in LANGUAGES]


def _above() -> list[tuple[str, str]]:
    t = context.texts().gettext
    return [("/admin/rules", t(N_("Rules"))), (PATH, t(N_("Lists of occupations")))]
