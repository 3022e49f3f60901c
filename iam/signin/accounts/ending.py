"""Ending login sessions, and with each what it gave to applications: in sets, with one event."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE, Part
from iam.access.standing import holds_grants
from iam.audit import log
from iam.audit.log import Told
from iam.change import Actor
from iam.directory.affiliation import Affiliation
from iam.directory.queries import people_at
from iam.tokens import grant, sign_out
from iam.tokens.session import LoginSessionRow

_AT_A_TIME = 500


def end(
    session: Session,
    actor: Actor,
    reason: str,
    person_id: UUID,
    session_id: UUID | None = None,
    *,
    kept: UUID | None = None,
) -> int:
    """End one session of a person, all but ``kept``, or all of them, each with its grants; return how many ended.
    ``reason`` is a word for the log.

    Applications are told afterwards, by the outbox (``iam.tokens.sign_out``).
    """
    ended = sign_out.end(session, reason, person_id=person_id, session_id=session_id, kept=kept)
    if ended:
        grant.revoke(session, session_ids=ended)
        envelope = {"sessions": [str(one) for one in ended], "reason": reason}
        log.write(session, "signin:session:ended", actor, subject_id=person_id, envelope=envelope)
    return len(ended)


def end_each(session: Session, actor: Actor, reason: str, persons: Select[UUID]) -> int:
    """End every session of each of some persons, with its grants and an event about each who had one; return how many
    sessions. A few statements, however many the persons are."""
    row, now = LoginSessionRow, clock.now()
    open_ = row.person_id.in_(persons), row.ended_at.is_(None), row.expires_at > now
    ended: dict[UUID, list[str]] = {}
    for session_id, person_id in session.execute(select(row.id, row.person_id).where(*open_)):
        ended.setdefault(person_id, []).append(str(session_id))
    sign_out.end_of(session, reason, persons)
    ids = [UUID(one) for some in ended.values() for one in some]
    for n in range(0, len(ids), _AT_A_TIME):
        grant.revoke(session, session_ids=ids[n : n + _AT_A_TIME])
    told = [Told(one, None, {"sessions": some, "reason": reason}) for one, some in ended.items()]
    log.write_all(session, "signin:session:ended", actor, told)
    return len(ids)


def end_of(session: Session, actor: Actor, organisation_id: UUID, part: Part = WHOLE) -> int:
    """End every session, and every grant, of everybody who has an affiliation in an organisation, or under it, now;
    return how many sessions. Nobody who administers more than ``part``. For an hour of need: one event, and a number of
    statements that does not grow with each person."""
    persons = people_at(organisation_id, clock.now()).where(holds_grants(part, Affiliation.person_id))
    ended = sign_out.end_of(session, "organisation", persons)
    grants = grant.revoke_of(session, persons)
    envelope = {"sessions": ended, "grants": grants}
    log.write(session, "signin:organisation:ended", actor, organisation_id=organisation_id, envelope=envelope)
    return ended


def end_by(session: Session, actor: Actor, reason: str, proof: str) -> int:
    """End every session in which ``proof`` (``signin.reach``) proved its person, with its grants; return how many. One
    event."""
    ended = sign_out.end_by(session, reason, proof)
    for n in range(0, len(ended), _AT_A_TIME):
        grant.revoke(session, session_ids=ended[n : n + _AT_A_TIME])
    if ended:
        log.write(
            session, "signin:proof:ended", actor, envelope={"proof": proof, "reason": reason, "sessions": len(ended)}
        )
    return len(ended)
