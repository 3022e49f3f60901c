"""Ends login sessions and leaves word for every application that received tokens in one: the one door for every cause.

The word is a message in the outbox, written in the same transaction (OpenID Connect Back-Channel Logout 1.0 section
2.5). A session that merely runs out ends nothing that an application was given; the worker finds it and its
applications are told all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, column, select, table
from sqlalchemy.orm import Session

from iam.delivery import outbox
from iam.settings import Tokens
from iam.tokens import session as login_sessions
from iam.tokens.grant import GrantRow

KIND = "backchannel-logout"
"""The kind of message that tells a client that a login session has ended."""

_AT_A_TIME = 5_000

# The provider, above this package, owns the model; of its table only this much is needed to write to nobody who does
# not listen.
_CLIENT = table("client", column("client_id"), column("backchannel_logout_uri"))


def end(
    session: Session, reason: str, *, person_id: UUID, session_id: UUID | None = None, kept: UUID | None = None
) -> list[UUID]:
    """End one, all but ``kept``, or all sessions of a person, and tell; return the ids of those that this call ended.

    Grants stay: how far they end with the session is the caller's. Of a session that had run out its applications have
    been told.
    """
    ended = login_sessions.end(session, reason, person_id=person_id, session_id=session_id, kept=kept)
    _tell(session, [id_ for id_, told in ended.items() if told != login_sessions.RAN_OUT])
    return list(ended)


def end_of(session: Session, reason: str, persons: Select[UUID]) -> int:
    """End every session of many persons, and tell; return how many. Grants stay, as with ``end``."""
    count = 0
    while ended := login_sessions.end_of(session, reason, persons, _AT_A_TIME):
        _tell(session, [id_ for id_, told in ended.items() if told != login_sessions.RAN_OUT])
        count += len(ended)
    return count


def end_by(session: Session, reason: str, proof: str) -> list[UUID]:
    """End every session in which ``proof`` proved the person, and tell; return their ids. Grants stay, as with
    ``end``."""
    found: list[UUID] = []
    while ended := login_sessions.end_by(session, reason, proof, _AT_A_TIME):
        _tell(session, [id_ for id_, told in ended.items() if told != login_sessions.RAN_OUT])
        found += ended
    return found


def run_out(session: Session, life: Tokens, limit: int) -> int:
    """Find sessions that have run out, ``limit`` at most, and tell; return how many. Their grants live on by their own
    dates."""
    found = login_sessions.run_out(session, life, limit)
    _tell(session, found)
    return len(found)


def _tell(session: Session, ended: Sequence[UUID]) -> None:
    """Leave one message for each client with a back-channel address and each session in which it got a grant, living or
    not."""
    if not ended:
        return
    received = (
        select(GrantRow.client_id, GrantRow.session_id, GrantRow.person_id)
        .join(_CLIENT, _CLIENT.c.client_id == GrantRow.client_id)
        .where(GrantRow.session_id.in_(ended), _CLIENT.c.backchannel_logout_uri.is_not(None))
        .distinct()
    )
    notes = [
        (client_id, {"client": client_id, "session": str(session_id), "person": str(person_id)})
        for client_id, session_id, person_id in session.execute(received)
    ]
    outbox.leave(session, KIND, notes)
