"""Helping somebody whom one does not stand over alone: asking other administrators, and agreeing to what others asked.

What gives a person's account needs administrators whose parts together hold all of the person
(``iam.signin.accounts.reset_standing``). The pages say which ways there are, never where else the person is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from admin_ui.people.view import PATH, Subject, subject_of
from admin_ui.person import page as person
from iam import clock
from iam.directory.queries import Profile
from iam.errors import AvainError, Conflict, Invalid
from iam.signin import step_up
from iam.signin.accounts import reset_standing as standing
from iam.signin.accounts.standing_request import StandingRequest
from iam.signin.addresses import change as addresses
from iam.texts import N_
from iam.web import context, guard

SHOWN = 100
_HERE = f"{PATH}/{{person_id}}?tab=signin"
_WAITING = "/admin/help-requests"
ACTS = {
    standing.CODE: N_("Give a one-time code"),
    standing.FACTORS: N_("Remove all second factors"),
    standing.RESTORE: N_("Give the access back"),
    standing.ADDRESS: N_("Confirm an e-mail address"),
    standing.USERNAME: N_("Give or change the username"),
}
frame.section("help", N_("Requests for help"), _WAITING, "persons.read", 15)


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """A request of another administrator as a page shows it: whose it is, who asks, for what, why, until when."""

    row: StandingRequest
    act: str
    person: str
    asker: str


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab of sign-in says of the ways to help: by act how the reader stands, and what waits for
    them."""
    session = context.db()
    new = addresses.waiting(session, subject.id, clock.now())
    wanted = (standing.CODE, standing.USERNAME, standing.FACTORS, *([standing.ADDRESS] if new is not None else []))
    acts = [act for act in wanted if standing.ACTS[act] in subject.allowed]
    stands = standing.read_each(session, guard.asker(), acts, subject.id)
    return {
        "stands": stands,
        "waiting": waiting(subject),
        "address_from": new.usable_from if new is not None else None,
    }


def has_own(session: Session, person_id: UUID) -> bool:
    """Whether the person has something of their own with which a code may work together."""
    return bool(step_up.held(session, person_id))


def waiting(subject: Subject | None = None) -> list[HelpRequest]:
    """Return the requests that the reader could press, of one person or of all; three statements."""
    query = standing.waiting(guard.asker())
    if subject is not None:
        query = query.where(StandingRequest.person_id == subject.id)
    rows = list(context.db().scalars(query.limit(SHOWN)))
    known = profiles(context.db(), {id_ for row in rows for id_ in (row.person_id, row.asked_by)})
    return [_waiting(row, known.get(row.person_id, Profile()), known.get(row.asked_by, Profile())) for row in rows]


def _waiting(row: StandingRequest, person_: Profile, asker: Profile) -> HelpRequest:
    """Who asks would tell of a protected person where else they are."""
    act = context.texts().gettext(ACTS[row.act])
    return HelpRequest(row, act, person_.display_name, "" if person_.protected else asker.display_name)


@blueprint.get("/help-requests")
@guard.requires("persons.read")
def help_requests() -> Response:
    """List what other administrators asked this one to agree to."""
    return frame.render("persons/help_requests.html", section="help", waiting=waiting(), path=PATH)


@blueprint.post("/persons/<uuid:person_id>/sign-in-code/ask")
@guard.requires("codes.issue")
@guard.recent(_HERE)
def ask_for_code(person_id: UUID) -> AnyResponse:
    """Ask other administrators to agree to a one-time code that works alone."""
    return _ask(person_id, standing.CODE)


@blueprint.post("/persons/<uuid:person_id>/factors/reset/ask")
@guard.requires("factors.reset")
@guard.recent(_HERE)
def ask_for_reset(person_id: UUID) -> AnyResponse:
    """Ask other administrators to agree to removing the second factors."""
    return _ask(person_id, standing.FACTORS)


@blueprint.post("/persons/<uuid:person_id>/address/ask")
@guard.requires("codes.issue")
@guard.recent(_HERE)
def ask_for_address(person_id: UUID) -> AnyResponse:
    """Ask other administrators to agree to confirming a new e-mail address."""
    return _ask(person_id, standing.ADDRESS)


@blueprint.post("/persons/<uuid:person_id>/username/ask")
@guard.requires("codes.issue")
@guard.recent(_HERE)
def ask_for_username(person_id: UUID) -> AnyResponse:
    """Ask other administrators to agree to giving or changing the username."""
    return _ask(person_id, standing.USERNAME)


@blueprint.post("/persons/<uuid:person_id>/restore/ask")
@guard.requires("access.end")
@guard.recent(_HERE)
def ask_for_restoring(person_id: UUID) -> AnyResponse:
    """Ask other administrators to agree to giving the access back."""
    return _ask(person_id, standing.RESTORE)


@blueprint.post("/persons/<uuid:person_id>/help/<uuid:request_id>")
@guard.requires("persons.read")
@guard.recent(_HERE)
def press(person_id: UUID, request_id: UUID) -> AnyResponse:
    """Agree to what another administrator asked: what this one holds of the person counts for it."""
    standing.press(context.db(), guard.asker(), person_id, request_id, context.actor())
    return frame.done(context.texts().gettext(N_("You agreed. The administrator who asked can go on.")), _WAITING)


def _ask(person_id: UUID, act: str) -> AnyResponse:
    subject = subject_of(person_id)
    reason = request.form.get(f"help_reason_{act}", "").strip()[:500]
    try:
        standing.ask(context.db(), guard.asker(), act, person_id, reason, context.actor())
    except (Invalid, Conflict) as error:
        return _again(subject, error, f"help_reason_{act}")
    said = context.texts().gettext(
        N_("The other administrators were asked. This page tells when enough of them have agreed.")
    )
    return frame.done(said, _HERE.format(person_id=person_id))


def _again(subject: Subject, error: AvainError, field: str) -> AnyResponse:
    context.db().rollback()
    texts = context.texts()
    said: person.Errors = [(field, texts.sentence(problem)) for problem in error.problems]
    return person.show(subject, "signin", error.status, said, sent=request.endpoint)
