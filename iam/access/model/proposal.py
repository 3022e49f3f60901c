"""Definitions that wait for a second person, and those that were taken out of use in an emergency, as stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from iam import clock
from iam.access.model.rule import Rule
from iam.database.base import Base, key

OF_RULES = ("rule", "withdrawal")


class Proposal(Base):
    """A change of definitions that somebody wants and another must accept; ``digest`` is that of its effects.

    ``kind`` is ``apply`` (a declaration, whose texts wait in ``sealed`` until it is decided), ``rule`` (a draft,
    ``key`` its rule), ``withdrawal`` (of the rule ``key``) or ``agreement`` (``stated`` is the act on the agreement
    ``key``). ``counts`` say how many gain and lose; ``reasons`` why it waits, each a message of a problem with its
    values. ``shown`` are the marks of the effects it was proposed with (``Effects.marks``), until it is decided.
    """

    __tablename__ = "proposal"
    __table_args__ = (CheckConstraint("accepted_by IS NULL OR accepted_by <> proposed_by", name="second_person"),)

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    key: Mapped[str]
    digest: Mapped[str]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    counts: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]
    stated: Mapped[dict[str, Any] | None]
    sealed: Mapped[bytes | None]
    shown: Mapped[bytes | None]
    proposed_by: Mapped[UUID | None]
    proposed_at: Mapped[datetime]
    accepted_by: Mapped[UUID | None]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class TakenOut(Base):
    """A whole definition that somebody took out of use at once, with a reason; a second person looks at it afterwards.

    ``kind`` is rule, role, client or connection.
    """

    __tablename__ = "taken_out"

    id: Mapped[UUID] = key()
    kind: Mapped[str]
    key: Mapped[str]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    reason: Mapped[str]
    taken_by: Mapped[UUID | None]
    taken_at: Mapped[datetime]
    seen_by: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]


def waiting() -> ColumnElement[bool]:
    """The condition that a proposal waits for its second person."""
    return Proposal.accepted_at.is_(None) & Proposal.withdrawn_at.is_(None)


def drop_of_rules(session: Session, rules: Collection[UUID]) -> None:
    """Take back what waits about these rules, for something newer stands in its place."""
    keys = list(session.scalars(select(Rule.key).where(Rule.id.in_(rules))))
    query = update(Proposal).where(Proposal.kind.in_(OF_RULES), Proposal.key.in_(keys), waiting())
    session.execute(query.values(withdrawn_at=clock.now()))
