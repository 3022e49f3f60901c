"""Secrets that work once. They are consumed by one atomic statement, kind included, before anything is issued."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base
from iam.tokens import secret as secrets


class OneShot(Base):
    """A secret that works once, stored as its hash. ``grant_id`` is what its use gave, for ending it on a replay."""

    __tablename__ = "one_shot"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    client_id: Mapped[str | None]
    person_id: Mapped[UUID | None] = mapped_column(index=True)
    grant_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


def issue(
    session: Session, kind: str, seconds: int, data: dict[str, Any], *,
    client_id: str | None = None, person_id: UUID | None = None, grant_id: UUID | None = None, text: str | None = None,
) -> str:  # fmt: skip
    """Store a fresh secret of ``kind`` that lives ``seconds`` and return it; ``text`` gives its wording (a short code)."""
    value = text or secrets.new(kind)
    session.execute(
        insert(OneShot).values(
            hash=secrets.hash_of(f"{kind}:{value}"), kind=kind, client_id=client_id, person_id=person_id, grant_id=grant_id,
            data=data, expires_at=clock.now() + timedelta(seconds=seconds), used_at=None,
        )
    )  # fmt: skip
    return value


def consume(session: Session, kind: str, value: str, *, client_id: str | None = None) -> OneShot | None:
    """Use the secret up and return it; None when it is unknown, of another kind or client, expired, or used before.

    One statement decides (RFC 6749 section 4.1.2): of any number of parallel callers exactly one gets the row.
    """
    query = (
        update(OneShot)
        .where(
            OneShot.hash == secrets.hash_of(f"{kind}:{value}"),
            OneShot.kind == kind,
            OneShot.used_at.is_(None),
            OneShot.expires_at > clock.now(),
            OneShot.client_id == client_id if client_id else OneShot.client_id.is_(None),
        )
        .values(used_at=clock.now())
        .returning(OneShot)
        .execution_options(synchronize_session=False)
    )
    return session.scalars(query).one_or_none()


def used_before(session: Session, kind: str, value: str, *, client_id: str | None = None) -> UUID | None:
    """Return what a used secret had given (its grant), when ``client_id`` is the one it was made for; None otherwise."""
    row = session.get(OneShot, secrets.hash_of(f"{kind}:{value}"))
    replay = row is not None and row.kind == kind and row.client_id == client_id and row.used_at is not None
    return row.grant_id if row is not None and replay else None


def forget(session: Session, kind: str, person_id: UUID) -> None:
    """Make every unused secret of ``kind`` for a person useless."""
    session.execute(
        delete(OneShot).where(OneShot.kind == kind, OneShot.person_id == person_id, OneShot.used_at.is_(None))
    )


def tidy(session: Session, keep: timedelta = timedelta(days=2)) -> int:
    """Delete secrets that expired longer than ``keep`` ago; return how many."""
    old = select(OneShot.hash).where(OneShot.expires_at < clock.now() - keep).limit(10_000)
    return int(getattr(session.execute(delete(OneShot).where(OneShot.hash.in_(old))), "rowcount", 0))
