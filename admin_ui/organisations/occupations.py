"""What occupations are called, at /admin/occupations: one name for everybody, so only who may write rules of the whole
consortium gives it. It takes and gives nothing, and is written at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import exports, frame, lists, paging
from admin_ui.parts.frame import blueprint
from connectors.problem import Problem
from iam.access.pages import code_lists
from iam.access.pages.code_lists import HeldOccupation
from iam.apply.on_pages import occupation_stating
from iam.directory import occupation
from iam.directory.occupation import Occupation
from iam.directory.pages import occupations
from iam.errors import Conflict, Denied, Invalid, NotFound
from iam.texts import LANGUAGE_NAMES, LANGUAGES, N_, in_language
from iam.web import context, guard

SECTION = "rules"
PATH, NEW = "/admin/occupations", "/admin/new-occupation"
_EDIT = PATH + "/{code}"
_CODE = re.compile(r"^[^\s:@/]{1,100}$")
_LONGEST, _NAMELESS = 200, 50
Named = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OccupationForm:
    """What was typed, and what is wrong beside which field ("": above all)."""

    code: str = ""
    name: Named = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@blueprint.get("/occupations")
@guard.requires("rules.read")
def show_occupations() -> Response:
    """Show a page of the named occupations, and those that people of the part have and that have no name yet."""
    texts, text = context.texts(), lists.text()
    page = _shown(text)
    return frame.render(
        "organisations/occupations.html",
        section=SECTION,
        breadcrumb=_above()[:1],
        page=page,
        rows=[(one.code, in_language(one.name, texts.language, one.code), _others(one.name)) for one in page.rows],
        text=text,
        export_url=paging.address(f"{PATH}.csv"),
        nameless=[] if page.previous else _nameless(text),
        may_name=_may_name(),
    )


@blueprint.get("/occupations.csv")
@guard.requires("rules.read")
def export_occupations() -> Response:
    """Take home what occupations are called, in every language."""
    text = lists.text()
    return exports.csv_file(
        "occupations",
        (N_("Code"), *LANGUAGE_NAMES.values()),
        lambda session: (
            (one.code, *(one.name.get(language, "") for language in LANGUAGES))
            for one in occupations.every(session, text)
        ),
    )


@blueprint.get("/new-occupation")
@guard.requires("rules.write")
def new_occupation() -> Response:
    """Show the empty form, or to whom it is not given that it is not."""
    return _page(None, OccupationForm())


@blueprint.post("/new-occupation")
@guard.requires("rules.write")
@guard.recent(NEW)
def add_occupation() -> AnyResponse:
    """Give an occupation its name."""
    _require_whole()
    return _answer(None)


@blueprint.get("/occupations/<code>")
@guard.requires("rules.read")
def show_occupation(code: str) -> Response:
    """Show what an occupation is called; one without a name can be given one by who may."""
    name = _standing(code)
    if not name:
        _require_whole()
    return _page(code, OccupationForm(code, name))


@blueprint.post("/occupations/<code>")
@guard.requires("rules.write")
@guard.recent(_EDIT)
def name_occupation(code: str) -> AnyResponse:
    """Call an occupation otherwise; whoever began before another did is told, and keeps what was typed."""
    _require_whole()
    return _answer(code)


def _shown(text: str) -> paging.Shown[Occupation]:
    """The page that the address asks for: behind a code, or in front of one."""
    after, before = (request.args.get(name, "").replace("\x00", "")[:_LONGEST] for name in ("after", "before"))
    part = occupations.found(context.db(), text, paging.SIZE + 1, after=after, before=before)
    more, rows = len(part) > paging.SIZE, part[-paging.SIZE :] if before else part[: paging.SIZE]
    earlier, later = (more, True) if before else (bool(after), more)
    return paging.Shown(
        rows,
        paging.address(before=rows[0].code) if earlier and rows else None,
        paging.address(after=rows[-1].code) if later and rows else None,
    )


def _answer(code: str | None) -> AnyResponse:
    name = {one: " ".join(request.form.get(f"name_{one}", "").split())[:_LONGEST] for one in LANGUAGES}
    key = request.form.get("code", "").strip() if code is None else code
    if errors := _wrong(key, name, is_new=code is None):
        return _page(code, OccupationForm(key, name, errors, 422))
    if not compare_digest(_stood(_standing(key)), request.form.get("stood", "")):
        moved = N_("Somebody called this occupation otherwise meanwhile. Below stands what you wrote.")
        return _page(code, OccupationForm(key, name, {"": context.texts().gettext(moved)}, 409))
    try:
        full = {one: name[one] or name["fi"] for one in LANGUAGES}
        occupation_stating.call(context.db(), key, full, context.actor(), context.vault())
    except (Invalid, Conflict, Denied) as error:
        context.db().rollback()
        return _page(code, OccupationForm(key, name, {"": context.texts().said(error.problems[0])}, error.status))
    return frame.done(context.texts().gettext(N_("The occupation is called so now.")), PATH)


def _wrong(code: str, name: Named, *, is_new: bool) -> dict[str, str]:
    say, found = context.texts().gettext, dict[str, str]()
    if not _CODE.match(code):
        found["code"] = say(N_("Write its code without blanks, colons and slashes."))
    elif is_new and _standing(code):
        found["code"] = say(N_("This occupation has a name already."))
    if not name["fi"]:
        found["name_fi"] = say(N_("The occupation needs a name in Finnish."))
    return found


def _standing(code: str) -> Named:
    return occupation.named(context.db(), [code]).get(code, {})


def _stood(name: Named) -> str:
    return hashlib.sha256(json.dumps(dict(name), sort_keys=True).encode()).hexdigest()


def _others(name: Named) -> str:
    """The name in the languages that the reader does not read."""
    mine = context.texts().language
    said = {in_language(name, one) for one in LANGUAGES if one != mine} - {in_language(name, mine)}
    return ", ".join(sorted(said))


def _nameless(text: str) -> list[HeldOccupation]:
    """Some occupations that people of the part have and that have no name."""
    session, people, language = context.db(), frame.part_of("persons.read"), context.texts().language
    held = code_lists.occupations(session, people, paging.SIZE * 4, language, text=text, chosen=())
    named = occupation.named(session, [one.code for one in held])
    return [one for one in held if one.code not in named][:_NAMELESS]


def _may_name() -> bool:
    return frame.part_of("rules.write").everything


def _require_whole() -> None:
    if not _may_name():
        raise NotFound(Problem("There is no such occupation, or it is outside your part."))


def _page(code: str | None, form: OccupationForm) -> Response:
    texts = context.texts()
    title = N_("Name an occupation") if code is None else N_("Name of the occupation")
    return frame.render(
        "organisations/occupation.html",
        form.status,
        section=SECTION,
        breadcrumb=_above(),
        title=texts.gettext(title),
        action=request.path,
        form=form,
        new=code is None,
        may_name=_may_name(),
        stood=_stood({} if code is None else _standing(code)),
        languages=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
    )


def _above() -> list[tuple[str, str]]:
    t = context.texts().gettext
    return [("/admin/rules", t(N_("Rules"))), (PATH, t(N_("Names of occupations")))]
