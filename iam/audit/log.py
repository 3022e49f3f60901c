"""Writes and searches audit events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Index, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.audit.event import TYPES
from iam.change import Actor
from iam.database.base import Base, key
from iam.database.statement import Statement
from iam.database.types import uuid7


class AuditEvent(Base):
    """One thing that happened. ``envelope`` holds ids, counts and results, never a personal value."""

    __tablename__ = "audit_event"
    __table_args__ = (Index(None, "subject_id", "id"), Index(None, "actor_id", "id"), Index(None, "type", "id"))

    id: Mapped[UUID] = key()
    at: Mapped[datetime]
    type: Mapped[str]
    actor_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID | None]
    change_id: Mapped[UUID | None] = mapped_column(index=True)
    request_id: Mapped[str]
    envelope: Mapped[dict[str, Any]]


_WRITE = Statement(lambda: insert(AuditEvent), tuple)


def write(
    session: Session,
    type_: str,
    actor: Actor,
    *,
    subject_id: UUID | None = None,
    organisation_id: UUID | None = None,
    change_id: UUID | None = None,
    envelope: Mapping[str, Any] | None = None,
) -> None:
    """Write one event in the session's transaction; raises ``KeyError`` for a type that is not documented."""
    TYPES[type_]
    _WRITE.run(
        session,
        id=uuid7(),
        at=clock.now(),
        type=type_,
        actor_id=actor.person_id,
        subject_id=subject_id,
        organisation_id=organisation_id,
        change_id=change_id,
        request_id=actor.request_id,
        envelope=_by(actor) | dict(envelope or {}),
    )


def write_each(
    session: Session, type_: str, actor: Actor, subject_ids: Iterable[UUID], *, change_id: UUID | None = None
) -> None:
    """Write the same event about each of many persons, by one statement; raises ``KeyError`` for a type that is not
    documented."""
    write_all(session, type_, actor, [Told(one) for one in subject_ids], change_id=change_id)


class Told(NamedTuple):
    """One of many events of a kind: whom it is about, where, and what it says."""

    subject_id: UUID | None
    organisation_id: UUID | None = None
    envelope: Mapping[str, Any] = {}


def write_all(
    session: Session, type_: str, actor: Actor, told: Iterable[Told], *, change_id: UUID | None = None
) -> None:
    """Write an event of the same kind about each of many, by one statement; raises ``KeyError`` for a type that is not
    documented."""
    TYPES[type_]
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(),
            "at": clock.now(),
            "type": type_,
            "actor_id": actor.person_id,
            "subject_id": one.subject_id,
            "organisation_id": one.organisation_id,
            "change_id": change_id,
            "request_id": actor.request_id,
            "envelope": dict(one.envelope) | _by(actor),
        }
        for one in told
    ]
    if rows:
        session.execute(insert(AuditEvent), rows)


def _by(actor: Actor) -> dict[str, Any]:
    """What tells of a client that acts for nobody."""
    return {} if actor.client_id is None else {"by_client": actor.client_id}


def search(
    session: Session,
    *,
    type_prefix: str = "",
    actor_id: UUID | None = None,
    subject_ids: Sequence[UUID] | None = None,
    since: datetime | None = None,
    before_id: UUID | None = None,
    limit: int = 50,
) -> list[AuditEvent]:
    """Return events newest first, paged by key: pass the last id seen as ``before_id``. ``limit`` is 1 to 1000."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(max(1, min(limit, 1000)))
    if type_prefix:
        query = query.where(AuditEvent.type.startswith(type_prefix, autoescape=True))
    if actor_id:
        query = query.where(AuditEvent.actor_id == actor_id)
    if subject_ids is not None:
        query = query.where(AuditEvent.subject_id.in_(subject_ids))
    if since:
        query = query.where(AuditEvent.at >= since)
    if before_id:
        query = query.where(AuditEvent.id < before_id)
    return list(session.scalars(query))
