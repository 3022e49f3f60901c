"""Clients with permissions of their own at /admin/programs: what each may over which part, until when and who answers
for it; given with the effect first, ended at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hmac import compare_digest
from typing import NamedTuple
from uuid import UUID

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.administrators.appoint import DO, OFFERED, above, day_of
from admin_ui.administrators.listing import SECTION
from admin_ui.parts import frame
from admin_ui.parts.choosing import chosen
from admin_ui.parts.frame import blueprint
from admin_ui.people import effects as effects_view
from connectors.problem import Problem
from iam import clock
from iam.access.administrator_roles import PERMISSION_WORDS, each_in_words
from iam.access.client_asker import CLIENT_PERMISSIONS
from iam.access.commands.appointing import APPOINTS
from iam.apply.on_pages import program_acts, stating
from iam.apply.on_pages.program_acts import StatedProgram
from iam.directory.pages import listing
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.oidc import programs as read
from iam.oidc.programs import ProgramGrant
from iam.texts import N_, in_language
from iam.web import context, guard

PATH, NEW = "/admin/programs", "/admin/new-program"
USUAL = timedelta(days=365)
FIELDS = ("client", "organisation", "owner", "permission", "last")


class ProgramLine(NamedTuple):
    """What a client was granted, as the list shows it."""

    id: UUID
    name: str
    client_id: str
    what: Sequence[str]
    part: str
    owner: str
    since: str
    until: str


@dataclass(slots=True)
class ProgramForm:
    """What was typed, and what is wrong beside which field ("": above all)."""

    typed: MultiDict[str, str] = field(default_factory=MultiDict)
    errors: dict[str, str] = field(default_factory=dict)


@blueprint.get("/programs")
@guard.requires(APPOINTS)
def show_programs() -> Response:
    """Show which clients may something by themselves in the part."""
    return _list({})


@blueprint.post("/programs")
@guard.requires(APPOINTS)
def end_program() -> AnyResponse:
    """End at once what a client was granted."""
    session, wanted = context.db(), request.form.get("grant", "")
    found = [one for one in read.program_grants(session, guard.part()) if str(one.id) == wanted]
    if not found:
        raise NotFound(Problem(N_("There is no such program, or it is outside your part.")))
    try:
        program_acts.end(session, guard.asker(), found[0], context.actor())
    except Denied as error:
        return _list(_beside(error), error.status)
    return frame.done(context.texts().gettext(N_("It is ended, and the program may do it no more.")), PATH)


@blueprint.get("/new-program")
@guard.requires(APPOINTS)
def show_new_program() -> Response:
    """Ask which client may what, where and until when."""
    return _form(ProgramForm(MultiDict(request.args)))


@blueprint.post("/new-program")
@guard.requires(APPOINTS)
@guard.recent(NEW, act=DO)
def make_program() -> AnyResponse:
    """Show what is to be granted, and grant it when that is what was shown."""
    form = ProgramForm(request.form)
    try:
        return _look_or_do(_read(form.typed), form.typed)
    except (Denied, Conflict, Invalid, NotFound) as error:
        form.errors = _beside(error)
        return _form(form, error.status)


def _read(typed: MultiDict[str, str]) -> StatedProgram:
    """Return what the form says; raises ``Invalid`` for what it lacks."""
    session, part, problems = context.db(), guard.part(), list[Problem]()
    organisation, owner = (
        chosen(part, typed.get(name, "").strip(), problems, name) for name in ("organisation", "owner")
    )
    client = typed.get("client", "")
    if client not in {client_id for client_id, _ in read.eligible(session, part)}:
        problems.append(Problem(N_("Choose a program."), field="client"))
    if problems or organisation is None or owner is None:
        raise Invalid(*problems)
    return StatedProgram(client, organisation, owner, typed.getlist("permission"), day_of(typed, "last"))


def _look_or_do(wanted: StatedProgram, typed: MultiDict[str, str]) -> AnyResponse:
    session, texts, asker = context.db(), context.texts(), guard.asker()
    actor, vault = context.actor(), context.vault()
    declared = program_acts.stated(session, asker, wanted)
    _, would = stating.look(session, declared, actor, vault, frame.part_of("persons.read"))
    is_done = request.form.get("act") == DO
    if is_done and compare_digest(effects_view.sealed(would.effects.digest), request.form.get("seen", "")):
        consortium = context.settings().consortium
        report = program_acts.perform(session, asker, wanted, actor, vault, consortium=consortium)
        waits = N_("Nothing was changed yet: it waits for a second person.")
        return frame.done(texts.gettext(waits if report.held is not None else N_("It is done.")), PATH)
    moved = N_("The effects changed meanwhile. Nothing was done; look at them again.")
    return frame.render(
        "administrators/new_program_effect.html",
        409 if is_done else 200,
        section=SECTION,
        breadcrumb=[*above(), (PATH, texts.gettext(N_("Programs"))), (NEW, texts.gettext(N_("Let a program act")))],
        path=NEW,
        told=[
            (texts.gettext(N_("Program")), wanted.client_id),
            (texts.gettext(N_("Part")), wanted.organisation.name(texts.language)),
            (texts.gettext(N_("Who answers for it")), wanted.owner.name(texts.language)),
            (texts.gettext(N_("Last day")), texts.day(clock.day_end(wanted.last))),
        ],
        may_do=[texts.gettext(words) for words in each_in_words(wanted.permissions)],
        kept=[(name, text) for name in FIELDS for text in typed.getlist(name)],
        seen=effects_view.sealed(would.effects.digest),
        wrong=texts.gettext(moved) if is_done else "",
    )


def _list(errors: dict[str, str], status: int = 200) -> Response:
    rows = read.program_grants(context.db(), guard.part())
    lines = [_line(one) for one in rows]
    return frame.render(
        "administrators/programs.html", status, section=SECTION, breadcrumb=above(), lines=lines, errors=errors
    )


def _line(one: ProgramGrant) -> ProgramLine:
    texts = context.texts()
    what = [texts.gettext(words) for words in each_in_words(one.permissions)]
    part, owner = (place.name(texts.language) for place in (one.organisation, one.owner))
    since, until = texts.first_day(one.valid_from), texts.day(one.valid_to)
    return ProgramLine(
        one.id, in_language(one.application, texts.language), one.client_id, what, part, owner, since, until
    )


def _form(form: ProgramForm, status: int = 200) -> Response:
    session, texts, part = context.db(), context.texts(), guard.part()
    held = [name for name in PERMISSION_WORDS if name in CLIENT_PERMISSIONS and guard.asker().may(name)]
    return frame.render(
        "administrators/new_program.html",
        status,
        section=SECTION,
        breadcrumb=[*above(), (PATH, texts.gettext(N_("Programs")))],
        form=form,
        path=NEW,
        programs=[(id_, f"{in_language(name, texts.language)} ({id_})") for id_, name in read.eligible(session, part)],
        permissions=[(key, texts.gettext(PERMISSION_WORDS[key])) for key in held],
        chosen=set(form.typed.getlist("permission")),
        last=form.typed.get("last") or _usual().isoformat(),
        organisations=[(one.key, one.name) for one in listing.offered(session, part, texts.language, OFFERED)],
    )


def _usual() -> date:
    return clock.today() + USUAL


def _beside(error: AvainError) -> dict[str, str]:
    """What is wrong by the field beside which it is told; what was written is taken back."""
    context.db().rollback()
    texts, found = context.texts(), dict[str, str]()
    for one in error.problems:
        sentence = texts.said(one)
        name = (one.field or "").partition("[")[0]
        found.setdefault(name if name in FIELDS else "", sentence)
    return found
