"""What an administrator does to a person: ends the access and undoes it, grants and ends rights by hand, gives a code,
ends sessions.

Each view demands its own permission over this very person; a form that lacks something comes back with the reason
beside the field.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame, paging
from admin_ui.parts.frame import blueprint
from admin_ui.people.view import PATH, Subject, subject_of
from admin_ui.person import page as person
from admin_ui.person.help import has_own
from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, may_touch
from iam.access.commands import by_hand
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role
from iam.access.pages import listing as roles
from iam.access.standing import OUTRANKED, over
from iam.directory import identity_code
from iam.directory.pages.ties import ties
from iam.errors import AvainError, Conflict, Denied, Invalid, NotFound
from iam.signin import access_end, last_administrator, step_up
from iam.signin.accounts import ending, reset_standing as standing
from iam.signin.accounts.reset_standing import Allowed
from iam.signin.addresses import change as addresses
from iam.signin.codes import first_code, words as code_words
from iam.signin.passwords import credentials
from iam.texts import N_
from iam.web import context, guard

REASON_LENGTH = 500
_SIGN_IN = f"{PATH}/{{person_id}}?tab=signin"
_RIGHTS = f"{PATH}/{{person_id}}?tab=rights"


@blueprint.post("/persons/<uuid:person_id>/end")
@guard.requires("access.end")
def end_now(person_id: UUID) -> AnyResponse:
    """End the person's access at once."""
    subject = subject_of(person_id)
    try:
        whole = access_end.end(context.db(), guard.asker(), person_id, _text("end_reason"), context.actor())
    except (Invalid, Conflict) as error:
        return _again(subject, "rights", error, "end_reason")
    if not whole:
        return _done(
            person_id, N_("The access was ended as far as you administer it. What the person is elsewhere stays.")
        )
    return _done(person_id, N_("The access was ended. Every sign-in and everything given to services ended with it."))


@blueprint.post("/persons/<uuid:person_id>/restore")
@guard.requires("access.end")
@guard.recent(f"{PATH}/{{person_id}}")
def restore(person_id: UUID) -> AnyResponse:
    """Undo the ending of the access."""
    subject = subject_of(person_id)
    try:
        _needs_reason("restore_reason")
        hold_id = paging.as_id(request.form.get("hold"))
        access_end.restore(context.db(), guard.asker(), person_id, _text("restore_reason"), context.actor(), hold_id)
    except (Invalid, Conflict) as error:
        return _again(subject, "rights", error, "restore_reason")
    return _done(person_id, N_("The access was given back, as far as facts and rules give it."))


@blueprint.post("/persons/<uuid:person_id>/rights")
@guard.requires("rights.grant")
@guard.recent(_RIGHTS)
def grant(person_id: UUID) -> AnyResponse:
    """Grant a right by hand; every field is needed, and nobody grants to themselves."""
    subject = subject_of(person_id)
    try:
        role_id, capacity_id, scope_id, until = _granted(subject)
        by_hand.grant(
            context.db(),
            person_id,
            capacity_id,
            role_id,
            scope_id,
            _text("reason"),
            until,
            context.actor(),
            guard.part(),
        )
    except Invalid as error:
        return _again(subject, "rights", error)
    return _done(person_id, N_("The right was granted."))


@blueprint.post("/persons/<uuid:person_id>/rights/<uuid:assignment_id>/end")
@guard.requires("rights.grant")
def end_right(person_id: UUID, assignment_id: UUID) -> AnyResponse:
    """End a right that was granted by hand."""
    subject, session = subject_of(person_id), context.db()
    row = session.get(Assignment, assignment_id)
    if row is None or row.person_id != person_id or not may_touch(session, guard.part(), row.scope_id):
        raise NotFound
    try:
        by_hand.end(session, assignment_id, _text("reason"), context.actor())
    except (Invalid, Conflict) as error:
        return _again(subject, "rights", error, f"end-{assignment_id}")
    return _done(person_id, N_("The right was ended."))


@blueprint.post("/persons/<uuid:person_id>/code")
@guard.requires("persons.code")
def show_code(person_id: UUID) -> AnyResponse:
    """Show the personal identity code, in this answer only; the purpose is recorded."""
    subject = subject_of(person_id)
    try:
        code = identity_code.show(context.db(), context.vault(), person_id, _text("purpose"), context.actor())
    except Invalid as error:
        return _again(subject, "facts", error)
    return person.show(subject, "facts", code=code)


@blueprint.post("/persons/<uuid:person_id>/sign-in-code")
@guard.requires("codes.issue")
@guard.recent(_SIGN_IN)
def issue_code(person_id: UUID) -> AnyResponse:
    """Give a one-time code, shown in this answer only: on the screen, and as a letter on paper."""
    subject, session = subject_of(person_id), context.db()
    known = credentials.of_person(session, person_id)
    if known is None:
        raise NotFound(
            Problem("This person has no username.", "It comes from a source, or an administrator declares it.")
        )
    together = request.form.get("together") == "yes"
    told = _together(session, person_id) if together else _allowed(standing.CODE, person_id).told
    settings = context.settings()
    issued = first_code.issue(
        session, context.vault(), settings, known.login, context.actor(), together=together, told=told
    )
    slip = code_words.Slip(subject.profile.display_name, known.login, known.language, issued)
    return person.show(subject, "signin", issued=issued, together=together, letter=code_words.letter(slip, settings))


@blueprint.post("/persons/<uuid:person_id>/factors/reset")
@guard.requires("factors.reset")
@guard.recent(_SIGN_IN)
def reset_factors(person_id: UUID) -> AnyResponse:
    """Remove the person's second factors, and end their sessions: they set up a new one at the next sign-in that asks
    for it."""
    subject, session, actor = subject_of(person_id), context.db(), context.actor()
    try:
        with last_administrator.kept(session):
            if not step_up.reset(session, person_id, actor, _allowed(standing.FACTORS, person_id).told):
                raise NotFound
    except Conflict as error:
        return _again(subject, "signin", error)
    ending.end(session, actor, "second factors reset", person_id)
    return _done(person_id, N_("The second factors were removed and all sign-ins ended."), "signin")


@blueprint.post("/persons/<uuid:person_id>/address")
@guard.requires("codes.issue")
@guard.recent(_SIGN_IN)
def confirm_address(person_id: UUID) -> AnyResponse:
    """Let codes go to the person's new e-mail address at once."""
    subject_of(person_id)
    _allowed(standing.ADDRESS, person_id)
    addresses.confirm(context.db(), person_id, context.actor())
    return _done(person_id, N_("The address was confirmed. One-time codes go to it from now on."), "signin")


@blueprint.post("/persons/<uuid:person_id>/sessions/end")
@guard.requires("sessions.end")
def end_session(person_id: UUID) -> AnyResponse:
    """End one of the person's login sessions (or all when the form names none), with what it gave to services."""
    subject_of(person_id)
    _administers_no_more(person_id)
    chosen = request.form.get("session", "")
    session_id = paging.as_id(chosen)
    if chosen and session_id is None:
        raise NotFound
    ended = ending.end(context.db(), context.actor(), "ended by an administrator", person_id, session_id)
    if session_id is not None and not ended:
        raise NotFound
    return _done(person_id, N_("The sign-in was ended.") if session_id else N_("All sign-ins were ended."), "signin")


def _granted(subject: Subject) -> tuple[UUID, UUID, UUID, datetime]:
    """Return role, capacity, scope and end as the form names them; raises ``Invalid`` with every field that lacks
    something."""
    session, part = context.db(), guard.part()
    problems = []
    role_id = _role(session, part, request.form.get("role", ""))
    if role_id is None:
        problems.append(Problem("Choose a role.", field="role"))
    capacity_id, found = paging.as_id(request.form.get("capacity")), ties(session, part, [subject.id])[subject.id]
    if capacity_id not in {tied.fact_id for tied in found.affiliations}:
        problems.append(Problem("Choose the position in which the right is used.", field="capacity"))
    scope_id = paging.as_id(request.form.get("scope"))
    if scope_id is None or not may_touch(session, part, scope_id):
        problems.append(Problem("Choose an organisation in your part.", field="scope"))
    until = _last_day()
    if until is None:
        problems.append(Problem("Choose the last day.", field="until"))
    if not _text("reason"):
        problems.append(Problem("A reason is needed.", "Write why the right is granted.", field="reason"))
    if subject.id == context.actor().person_id:
        problems.append(Problem("Nobody grants rights to themselves.", "Ask another administrator."))
    if problems or role_id is None or capacity_id is None or scope_id is None or until is None:
        raise Invalid(*problems)
    return role_id, capacity_id, scope_id, until


def _role(session: Session, part: Part, key: str) -> UUID | None:
    """Return the role that the form names, of an application that concerns the part: what is not there cannot be handed
    out."""
    application, _, role = key.partition(":")
    query = roles.roles(part, application=application).where(Role.key == role, ~Role.retired, ~Application.retired)
    found: UUID | None = session.scalar(query.with_only_columns(Role.id))
    return found


def _last_day() -> datetime | None:
    """Return the half-open end of the form's last day."""
    try:
        day = date.fromisoformat(request.form.get("until", ""))
    except ValueError:
        return None
    return clock.day_end(day, context.settings().zone) if 1901 <= day.year <= 9000 else None


def _allowed(act: str, person_id: UUID) -> Allowed:
    """Return that the reader may do what gives somebody this person's account; raises ``Denied``."""
    return standing.use(context.db(), guard.asker(), act, person_id)


def _together(session: Session, person_id: UUID) -> dict[str, str]:
    """Raise ``Denied`` when a code may not work together with what the person has: they have nothing, or administer
    more."""
    if standing.read(session, guard.asker(), standing.CODE, person_id).outranked:
        raise Denied(OUTRANKED)
    if not has_own(session, person_id):
        raise Denied(Problem("The person has no second factor with which a code of yours could work."))
    return {}


def _administers_no_more(person_id: UUID) -> None:
    """Raise ``Denied`` when the person administers more than the reader's part: their sessions are not the reader's to
    end."""
    if not over(context.db(), guard.part(), person_id).grants:
        raise Denied(OUTRANKED)


def _needs_reason(name: str) -> None:
    if not _text(name):
        raise Invalid(Problem("A reason is needed.", "Write why the access is given back.", field="reason"))


def _text(name: str) -> str:
    return request.form.get(name, "").strip()[:REASON_LENGTH]


def _again(subject: Subject, tab: str, error: AvainError, reason: str = "reason") -> AnyResponse:
    """Show the page again with what is wrong beside the fields (``reason`` is the id of this form's reason); nothing
    was changed."""
    context.db().rollback()
    texts = context.texts()
    said = [
        (
            reason if one.field == "reason" else one.field,
            texts.said(one),
        )
        for one in error.problems
    ]
    return person.show(subject, tab, error.status, said, sent=request.endpoint)


def _done(person_id: UUID, sentence: str, tab: str | None = None) -> AnyResponse:
    path = f"{PATH}/{person_id}"
    return frame.done(context.texts().gettext(sentence), f"{path}?tab={tab}" if tab else path)
