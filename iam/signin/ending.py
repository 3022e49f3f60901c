"""Ending login sessions, and with each what it gave to applications."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from iam.audit import log
from iam.change import Actor
from iam.tokens import grant, sign_out
from iam.tokens import session as login_sessions


def end(session: Session, actor: Actor, reason: str, person_id: UUID, session_id: UUID | None = None) -> int:
    """End one or all living sessions of a person with their grants; return how many. ``reason`` is a word for the log.

    Applications are told afterwards, by the outbox (``iam.tokens.sign_out``).
    """
    ended = sign_out.end(session, reason, person_id=person_id, session_id=session_id)
    for one in ended:
        grant.revoke(session, session_id=one)
        envelope = {"session": str(one), "reason": reason}
        log.write(session, "signin:session:ended", actor, subject_id=person_id, envelope=envelope)
    return len(ended)


def end_others(session: Session, actor: Actor, reason: str, person_id: UUID, kept: UUID) -> int:
    """End every living session of a person but one; return how many."""
    others = [row.id for row in login_sessions.living(session, person_id) if row.id != kept]
    return sum(end(session, actor, reason, person_id, one) for one in others)
