"""What must be told to others, written in the transaction that made it necessary and delivered afterwards.

A message is due until it is delivered or given up. Whoever delivers takes a batch on lease by one statement, so that of
any number of workers one has a message; a worker that dies loses its lease and the message is tried again: told at
least once. Nothing here knows what a message says: ``iam.jobs`` carries messages to the handlers that the worker brings
along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, and_, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base, key
from iam.database.types import uuid7

LEASE = timedelta(seconds=60)
"""How long whoever took a message may take to deliver it."""

WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    *[timedelta(hours=1)] * 23,
)
"""After each failed attempt, how long until the next; after the last of them it is given up."""

LONGEST = timedelta(hours=24)
"""How long after it was written a message that fails is tried again, however few its attempts."""

HELD = timedelta(seconds=30)
"""How long the other messages to somebody who has just failed wait, so that one who is down does not keep everybody
else waiting."""

KEEP, KEEP_GIVEN_UP = timedelta(days=1), timedelta(days=90)
"""How long a delivered message, and one that was given up, stays to be looked at."""
BEFORE = " · before: "
"""Stands in ``last_error`` between why a message was given up at once and how the last attempt before had failed."""
_TIDIED = 10_000
_LONGEST_WORDS = 200


class Message(Base):
    """One message. It is due until ``delivered_at`` or ``given_up_at`` is set; ``leased_until`` keeps two workers from
    one message."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "due_at",
            postgresql_where=text("delivered_at IS NULL AND given_up_at IS NULL"),
            sqlite_where=text("delivered_at IS NULL AND given_up_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    target: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


WAITING = and_(Message.delivered_at.is_(None), Message.given_up_at.is_(None))
"""A message that has neither arrived nor been given up."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message taken to be delivered; ``attempts`` counts this one, ``leased_until`` proves whose it is."""

    id: UUID
    kind: str
    target: str
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int
    leased_until: datetime


MAIL_SERVER = "mail server"
"""Where messages of mails go."""


def leave(session: Session, kind: str, notes: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    """Write a message for each (target, payload), due now, in the caller's transaction by one statement; return how
    many."""
    now = clock.now()
    rows = [
        {
            "id": uuid7(),
            "kind": kind,
            "target": target,
            "payload": dict(payload),
            "created_at": now,
            "due_at": now,
            "attempts": 0,
        }
        for target, payload in notes
    ]
    if rows:
        session.execute(insert(Message), rows)
    return len(rows)


def has_due(session: Session, kinds: Collection[str]) -> bool:
    """Whether a message of these kinds is due; writes nothing."""
    return bool(session.scalar(select(exists().where(_due(kinds, clock.now())))))


def take(session: Session, kinds: Collection[str], limit: int) -> list[Due]:
    """Take up to ``limit`` due messages of these kinds on lease, the longest due first; one compare-and-set."""
    now = clock.now()
    due = _due(kinds, now)
    oldest = select(Message.id).where(due).order_by(Message.due_at).limit(limit)
    # Said twice: a second taker that waited for the first sees rows that are no longer due, and its own list of ids is
    # an old one.
    taken = (
        update(Message)
        .where(Message.id.in_(oldest), due)
        .values(leased_until=now + LEASE, attempts=Message.attempts + 1)
        .returning(
            Message.id,
            Message.kind,
            Message.target,
            Message.payload,
            Message.created_at,
            Message.attempts,
            Message.leased_until,
        )
        .execution_options(synchronize_session=False)
    )
    return sorted((Due(*row) for row in session.execute(taken)), key=lambda one: one.id)


def _due(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    free = or_(Message.leased_until.is_(None), Message.leased_until <= now)
    return and_(Message.kind.in_(kinds), Message.due_at <= now, free, WAITING)


def delivered(session: Session, due: Due) -> None:
    """Note that a message has arrived."""
    _close(session, due, delivered_at=clock.now(), last_error=None)


def refused(session: Session, due: Due, words: str) -> None:
    """Give a message up at once: trying again would not help. How it failed before is kept behind the words."""
    earlier = func.coalesce(BEFORE + Message.last_error, "")
    _close(session, due, given_up_at=clock.now(), last_error=func.substr(words + earlier, 1, _LONGEST_WORDS))


def failed(session: Session, due: Due, words: str) -> bool:
    """Note a failed attempt, and let others to the same target wait; False when it was the last and the message is now
    given up."""
    now = clock.now()
    others = and_(_due([due.kind], now), Message.target == due.target)
    session.execute(
        update(Message).where(others).values(due_at=now + HELD).execution_options(synchronize_session=False)
    )
    if due.attempts > len(WAITS) or now >= due.created_at + LONGEST:
        _close(session, due, given_up_at=now, last_error=words[:_LONGEST_WORDS])
        return False
    _close(session, due, due_at=now + WAITS[due.attempts - 1], last_error=words[:_LONGEST_WORDS])
    return True


def _close(session: Session, due: Due, **values: Any) -> None:
    # Only the holder of the lease speaks: an attempt that took longer than its lease has been overtaken by another.
    mine = and_(Message.id == due.id, Message.leased_until == due.leased_until)
    session.execute(update(Message).where(mine).values(leased_until=None, **values))


def again(session: Session, message_id: UUID) -> bool:
    """Make a message that was given up due at once (past ``LONGEST``, for one more attempt); False when it was not
    given up."""
    query = (
        update(Message)
        .where(Message.id == message_id, Message.given_up_at.is_not(None))
        .values(given_up_at=None, due_at=clock.now(), attempts=0)
    )
    return bool(getattr(session.execute(query), "rowcount", 0))


def tidy(session: Session) -> int:
    """Forget messages that were delivered or given up long ago; return how many."""
    now = clock.now()
    old = or_(Message.delivered_at < now - KEEP, Message.given_up_at < now - KEEP_GIVEN_UP)
    some = select(Message.id).where(old).limit(_TIDIED)
    return int(getattr(session.execute(delete(Message).where(Message.id.in_(some))), "rowcount", 0))
