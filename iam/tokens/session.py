"""Login sessions: server-side, listable, endable. The cookie holds a random secret; only its hash is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base, key
from iam.settings import Tokens
from iam.tokens import secret as secrets

SEEN_EVERY = timedelta(minutes=1)


class LoginSession(Base):
    """One sign-in of one person in one browser. ``acr`` and ``amr`` say what was really done (RFC 8176)."""

    __tablename__ = "login_session"
    __table_args__ = (Index(None, "person_id", "ended_at"),)

    id: Mapped[UUID] = key()
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    person_id: Mapped[UUID]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    auth_time: Mapped[datetime]
    expires_at: Mapped[datetime]
    acr: Mapped[str]
    amr: Mapped[list[str]]
    agent: Mapped[str]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


def start(
    session: Session, person_id: UUID, life: Tokens, *, acr: str, amr: Sequence[str], agent: str
) -> tuple[LoginSession, str]:
    """Begin a login session and return it with the secret for the cookie."""
    value, now = secrets.new("session"), clock.now()
    row = LoginSession(
        secret_hash=secrets.hash_of(value), person_id=person_id, started_at=now, seen_at=now, auth_time=now,
        expires_at=now + timedelta(seconds=life.session_seconds), acr=acr, amr=list(amr), agent=agent[:200],
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row, value


def find(session: Session, value: str, life: Tokens) -> LoginSession | None:
    """Return the living session of a cookie's secret; None when unknown, ended, idle too long or too old."""
    now = clock.now()
    row = session.scalars(
        select(LoginSession).where(LoginSession.secret_hash == secrets.hash_of(value), LoginSession.ended_at.is_(None))
    ).one_or_none()
    if row is None or row.expires_at <= now or row.seen_at + timedelta(seconds=life.session_idle_seconds) <= now:
        return None
    if row.seen_at + SEEN_EVERY <= now:
        session.execute(update(LoginSession).where(LoginSession.id == row.id).values(seen_at=now))
    return row


def living(session: Session, person_id: UUID) -> list[LoginSession]:
    """Return a person's sessions that have not ended, newest first."""
    query = select(LoginSession).where(
        LoginSession.person_id == person_id, LoginSession.ended_at.is_(None), LoginSession.expires_at > clock.now()
    )
    return list(session.scalars(query.order_by(LoginSession.id.desc()).limit(100)))


def end(session: Session, reason: str, *, person_id: UUID, session_id: UUID | None = None) -> list[UUID]:
    """End one or all living sessions of a person; return the ids of those that this call ended."""
    query = update(LoginSession).where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None))
    if session_id is not None:
        query = query.where(LoginSession.id == session_id)
    return list(session.scalars(query.values(ended_at=clock.now(), end_reason=reason).returning(LoginSession.id)))
