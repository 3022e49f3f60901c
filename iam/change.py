"""A change: who wrote what, when and why. Everything written is opened and closed by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.database.base import Base, key


class Change(Base):
    """One change. ``actor_person_id`` is empty when the system itself acts; ``at`` is when it became known."""

    __tablename__ = "change"
    __table_args__ = (CheckConstraint("kind IN ('run', 'plan', 'command', 'undo')", name="kind"),)

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    actor_person_id: Mapped[UUID | None] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(default="")
    run_id: Mapped[UUID | None]
    plan_id: Mapped[UUID | None]
    undoes: Mapped[UUID | None] = mapped_column(ForeignKey("change.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    digest: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, a client for nobody (``client_id``), or the system itself; ``request_id`` ties the log to the
    audit event."""

    person_id: UUID | None = None
    request_id: str = ""
    address: str = ""
    client_id: str | None = None


SYSTEM = Actor()


def begin(
    session: Session,
    kind: str,
    actor: Actor,
    purpose: str = "",
    *,
    run_id: UUID | None = None,
    plan_id: UUID | None = None,
) -> Change:
    """Open a change in the session's transaction and return it; ``kind`` is run, plan, command or undo.

    Of what a client does for nobody, the purpose names it.
    """
    if actor.client_id is not None:
        purpose = f"{purpose} (by client {actor.client_id})".strip()
    change = Change(
        kind=kind, actor_person_id=actor.person_id, purpose=purpose, run_id=run_id, plan_id=plan_id, at=clock.now()
    )
    session.add(change)
    session.flush()
    return change
