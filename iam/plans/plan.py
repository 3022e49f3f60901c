"""Plans and their effects as stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key, refers_to
from iam.database.types import uuid7


class Plan(Base):
    """A computed change: what it rests on (``basis``), its effects' digest, and what became of it.

    ``counts`` hold starts, ends, moves, gains and losses; ``reasons`` say in words why a part was held;
    ``refusal`` why somebody refused what was held; ``undone_by`` is the change that undid it.
    """

    __tablename__ = "plan"
    __table_args__ = (
        CheckConstraint("approved_by IS NULL OR approved_by <> author_id", name="second_person"),
        CheckConstraint("state IN ('computed', 'held', 'applied', 'partly', 'refused')", name="state"),
        Index(None, "source_id", "at"),
    )

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    author_id: Mapped[UUID | None]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("source.id"))
    state: Mapped[str]
    basis: Mapped[dict[str, Any]]
    digest: Mapped[str]
    counts: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]
    at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    change_id: Mapped[UUID | None]
    undone_by: Mapped[UUID | None]
    refused_by: Mapped[UUID | None]
    refusal: Mapped[str | None]


class PlanEffect(Base):
    """One effect: an affiliation that starts, ends or moves, a membership or relationship that ends, or a right gained
    or lost.

    ``affiliation_kind`` is the kind of affiliation or of relationship, or ``membership``; None for a right. The
    interval is the one after it.
    """

    __tablename__ = "plan_effect"
    __table_args__ = (CheckConstraint("kind IN ('start', 'end', 'move', 'change', 'gain', 'lose')", name="kind"),)

    plan_id: Mapped[UUID] = refers_to("plan.id", primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    held: Mapped[bool]
    person_id: Mapped[UUID | None]
    organisation_id: Mapped[UUID]
    affiliation_kind: Mapped[str | None]
    role_id: Mapped[UUID | None]
    loss: Mapped[str | None]
    valid_from: Mapped[datetime | None]
    valid_to: Mapped[datetime | None]
