"""How long sign-ins last: as the installation says, and no longer than an organisation says of its own people (security
SE-03)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, Uuid, bindparam, delete, exists, func, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam.access.model.assignment import AdminGrant
from iam.database.base import Base
from iam.database.statement import Rows, Statement, row
from iam.database.types import UtcDateTime
from iam.directory.queries import holds_at, organisations_over
from iam.settings import Tokens
from iam.tokens.session import Life

Limits = tuple[int | None, int | None]
"""Minutes of idleness and whole hours, each None where nothing is said of it."""


class SessionPolicy(Base):
    """An organisation says how long a sign-in of its people lasts: unused, and at most."""

    __tablename__ = "session_policy"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    idle_minutes: Mapped[int | None]
    hours: Mapped[int | None]


def _limits() -> Rows:
    at, person = bindparam("at", type_=UtcDateTime()), bindparam("of_person", type_=Uuid())
    administers = exists().where(
        AdminGrant.person_id == person, AdminGrant.closed_by.is_(None), holds_at(AdminGrant, at)
    )
    query: Rows = select(func.min(SessionPolicy.idle_minutes), func.min(SessionPolicy.hours), administers)
    return query.select_from(SessionPolicy).where(SessionPolicy.organisation_id.in_(organisations_over(person, at)))


_LIMITS: Statement[tuple[int | None, int | None, bool]] = Statement(_limits, row)


def life(session: Session, person_id: UUID, given: Tokens, at: datetime) -> Life:
    """Return how long a sign-in of a person lasts that begins at ``at``: the shortest of what the installation, the
    organisations of their affiliations and those above say, and for an administrator what the installation says of
    administrators."""
    minutes, hours, administers = _LIMITS.one(session, of_person=person_id, at=at) or (None, None, False)
    idle, whole = timedelta(seconds=given.session_idle_seconds), timedelta(seconds=given.session_seconds)
    if administers:
        idle = min(idle, timedelta(seconds=given.administrator_idle_seconds))
    if minutes is not None:
        idle = min(idle, timedelta(minutes=minutes))
    if hours is not None:
        whole = min(whole, timedelta(hours=hours))
    return Life(idle, whole)


def stated(session: Session) -> dict[UUID, Limits]:
    """Return what organisations say, by organisation."""
    rows = session.execute(select(SessionPolicy.organisation_id, SessionPolicy.idle_minutes, SessionPolicy.hours))
    return {one: (minutes, hours) for one, minutes, hours in rows}


def state(session: Session, limits: Mapping[UUID, Limits | None]) -> None:
    """Let organisations say how long sign-ins of their people last, or no more (None). Sign-ins that have begun keep
    their limits."""
    session.execute(delete(SessionPolicy).where(SessionPolicy.organisation_id.in_(limits)))
    rows = [
        {"organisation_id": one, "idle_minutes": given[0], "hours": given[1]}
        for one, given in limits.items()
        if given is not None
    ]
    if rows:
        session.execute(insert(SessionPolicy), rows)
