"""Login sessions: server-side, listable, endable. The cookie holds a random secret; only its hash is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Index,
    LargeBinary,
    Select,
    String,
    Update,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base, key
from iam.database.statement import Statement
from iam.database.types import uuid7
from iam.settings import Tokens
from iam.tokens import secret as secrets

SEEN_EVERY = timedelta(minutes=1)
OWN = "own"
"""The proof of somebody by something of their own, kept here: it opens every capacity."""
RAN_OUT = "ran out"
"""``end_reason`` of a session that was idle too long or came to its latest end. ``ended_at`` stays empty: nobody ended
it."""
LATE = timedelta(days=2)
"""How long after its latest end a session that ran out is still looked for."""


class LoginSessionRow(Base):
    """The table of login sessions."""

    __tablename__ = "login_session"
    __table_args__ = (Index(None, "person_id", "ended_at"),)

    id: Mapped[UUID] = key()
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[UUID]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    auth_time: Mapped[datetime]
    expires_at: Mapped[datetime]
    acr: Mapped[str]
    amr: Mapped[list[str]]
    agent: Mapped[str]
    connection_id: Mapped[UUID | None] = mapped_column(index=True)
    proofs: Mapped[list[str]] = mapped_column(default=lambda: [OWN])
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Life:
    """How long a login session lasts: ``idle`` when it is not used, ``whole`` at most."""

    idle: timedelta
    whole: timedelta


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One sign-in of one person in one browser. ``acr`` and ``amr`` say what was really done (RFC 8176); it is over at
    ``idle_until`` when it is not used before, and at ``expires_at``. ``connection_id`` is by which connection it began;
    ``proofs`` are what proved the person in it: ``OWN``, or ``connection:ID`` and ``source:ID`` of those that proved
    them for their owners only; and ``factor:WAY:SECONDS`` for each factor of theirs, with when it was proved last
    (``signin.proof``)."""

    id: UUID
    person_id: UUID
    started_at: datetime
    seen_at: datetime
    idle_until: datetime
    auth_time: datetime
    expires_at: datetime
    acr: str
    amr: list[str]
    agent: str
    ended_at: datetime | None
    connection_id: UUID | None = None
    proofs: list[str] = field(default_factory=lambda: [OWN])


def _columns() -> list[Any]:
    return [getattr(LoginSessionRow, one.name) for one in fields(LoginSession)]


_OPEN = LoginSessionRow.ended_at.is_(None), LoginSessionRow.end_reason.is_(None)
_SECRET = bindparam("hash", type_=LargeBinary())
_FIND = Statement(
    lambda: select(*_columns()).where(LoginSessionRow.secret_hash == _SECRET, *_OPEN),
    LoginSession,
)
_GET = Statement(
    lambda: select(*_columns()).where(LoginSessionRow.id == bindparam("session_id", type_=Uuid())), LoginSession
)
_INSERT = Statement(lambda: insert(LoginSessionRow), tuple)


def start(
    session: Session,
    person_id: UUID,
    life: Life,
    *,
    acr: str,
    amr: Sequence[str],
    agent: str,
    proofs: Sequence[str] = (OWN,),
    connection_id: UUID | None = None,
) -> tuple[LoginSession, str]:
    """Begin a login session by ``proofs`` and return it with the secret for the cookie."""
    value, now = secrets.new("session"), clock.now()
    idle, expires = now + life.idle, now + life.whole
    found = LoginSession(
        uuid7(), person_id, now, now, idle, now, expires, acr, list(amr), agent[:200], None, connection_id, list(proofs)
    )
    _INSERT.run(session, **asdict(found), secret_hash=secrets.hash_of(value), end_reason=None)
    return found, value


def renew(session: Session, session_id: UUID, *, acr: str, amr: Sequence[str], proofs: Sequence[str]) -> str | None:
    """Give a living session another secret and say what was now proved in it; return the secret, None when it has ended
    meanwhile.

    It keeps its beginning and its ends; the old secret is worth nothing at once.
    """
    value, row, now = secrets.new("session"), LoginSessionRow, clock.now()
    living = row.id == session_id, row.ended_at.is_(None), row.expires_at > now
    proved = {
        "secret_hash": secrets.hash_of(value),
        "auth_time": now,
        "acr": acr,
        "amr": list(amr),
        "proofs": list(proofs),
    }
    query = update(row).where(*living).values(proved)
    return value if session.scalars(query.returning(row.id)).first() is not None else None


def get(session: Session, session_id: UUID) -> LoginSession | None:
    """Return a login session, living or not."""
    return _GET.one(session, session_id=session_id)


def find(session: Session, value: str) -> LoginSession | None:
    """Return the living session of a cookie's secret; None when unknown, ended, idle too long or too old."""
    now = clock.now()
    found = _FIND.one(session, hash=secrets.hash_of(value))
    if found is None or min(found.expires_at, found.idle_until) <= now:
        return None
    if found.seen_at + SEEN_EVERY <= now:
        seen = {"seen_at": now, "idle_until": now + (found.idle_until - found.seen_at)}
        session.execute(update(LoginSessionRow).where(LoginSessionRow.id == found.id).values(seen))
    return found


def living(session: Session, person_id: UUID) -> list[LoginSession]:
    """Return a person's sessions that have not ended, newest first."""
    row = LoginSessionRow
    query = select(*_columns()).where(row.person_id == person_id, *_OPEN, row.expires_at > clock.now())
    return [LoginSession(*found) for found in session.execute(query.order_by(row.id.desc()).limit(100))]


def end(
    session: Session, reason: str, *, person_id: UUID, session_id: UUID | None = None, kept: UUID | None = None
) -> dict[UUID, str]:
    """End one, all but ``kept``, or all sessions of a person that nobody has ended; return the reason by id of those
    that this call ended.

    One that had run out keeps that reason.
    """
    row = LoginSessionRow
    query = update(row).where(row.person_id == person_id, row.ended_at.is_(None))
    if session_id is not None:
        query = query.where(row.id == session_id)
    if kept is not None:
        query = query.where(row.id != kept)
    return _ended(session, query, reason)


def end_of(session: Session, reason: str, persons: Select[UUID], limit: int) -> dict[UUID, str]:
    """End ``limit`` at most of many persons' sessions that are not over; return the reason by id, as ``end``."""
    row, now = LoginSessionRow, clock.now()
    open_ = row.person_id.in_(persons), row.ended_at.is_(None), row.expires_at > now
    query = update(row).where(row.id.in_(select(row.id).where(*open_).limit(limit)), row.ended_at.is_(None))
    return _ended(session, query.execution_options(synchronize_session=False), reason)


def end_by(session: Session, reason: str, proof: str, limit: int) -> dict[UUID, str]:
    """End ``limit`` at most of the sessions that are not over and in which ``proof`` proved the person; return the
    reason by id."""
    row, now = LoginSessionRow, clock.now()
    open_ = (
        cast(row.proofs, String).contains(f'"{proof}"', autoescape=True),
        row.ended_at.is_(None),
        row.expires_at > now,
    )
    query = update(row).where(row.id.in_(select(row.id).where(*open_).limit(limit)), row.ended_at.is_(None))
    return _ended(session, query.execution_options(synchronize_session=False), reason)


def _ended(session: Session, query: Update, reason: str) -> dict[UUID, str]:
    row = LoginSessionRow
    values = {"ended_at": clock.now(), "end_reason": func.coalesce(row.end_reason, reason)}
    return {id_: str(told) for id_, told in session.execute(query.values(values).returning(row.id, row.end_reason))}


def run_out(session: Session, life: Tokens, limit: int) -> list[UUID]:
    """Note which sessions have run out, the oldest first and ``limit`` at most; return the ids of those that this call
    noted.

    None lasts longer than ``life`` says.
    """
    row, now = LoginSessionRow, clock.now()
    over = and_(*_OPEN, or_(row.expires_at <= now, row.idle_until <= now))
    # An id begins with its time: only sessions that began lately are looked at, however many there ever were.
    began = now - timedelta(seconds=life.session_seconds) - LATE
    oldest = select(row.id).where(row.id >= UUID(int=int(began.timestamp() * 1000) << 80), over)
    # Said twice: of two workers the one that waited for the other sees what is no longer so.
    query = update(row).where(row.id.in_(oldest.order_by(row.id).limit(limit)), over).values(end_reason=RAN_OUT)
    return list(session.scalars(query.returning(row.id).execution_options(synchronize_session=False)))
