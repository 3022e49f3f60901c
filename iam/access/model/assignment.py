"""Assignments: one reason for a right each, citing the fact versions it rests on."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, closed_index, key, open_index, refers_to, valid

NIL = UUID(int=0)


_BY_HAND = text("closed_by IS NULL AND origin = 'hand'")
_BY_CLAUSE = text("clause_id IS NOT NULL")
"""What was granted by hand: few rows, which every derivation asks for."""


class Assignment(Base):
    """Person, capacity, role and scope for an interval, by a rule version or by hand.

    The interval is the facts' and the clause's own dates; the agreement's live time and holds are joined at every read.
    When holder and scope belong to different legal entities, a clause is named: the check says so. ``fact_1`` to
    ``fact_4`` and ``place_id`` are the fact versions it rests on, in the order the rule binds them; ``NIL`` where there
    is none. They are part of what makes a match one row, so they are columns and not a table beside. ``granter_id`` is
    the organisation that handed a role out by hand.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        valid(),
        CheckConstraint("holder_entity_id = scope_entity_id OR clause_id IS NOT NULL", name="clause_across_entities"),
        CheckConstraint("(origin = 'rule') = (rule_version_id IS NOT NULL)", name="rule_origin"),
        CheckConstraint("origin IN ('rule', 'hand')", name="origin"),
        open_index("person_id"),
        open_index("role_id", "scope_id"),
        open_index("rule_version_id"),
        Index(None, "opened_by"),
        closed_index("assignment", "closed_by"),
        closed_index("assignment", "role_id", "scope_id"),
        closed_index("assignment", "person_id"),
        Index("ix_assignment_by_clause", "clause_id", postgresql_where=_BY_CLAUSE, sqlite_where=_BY_CLAUSE),
        Index("ix_assignment_by_hand", "person_id", postgresql_where=_BY_HAND, sqlite_where=_BY_HAND),
    )

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = refers_to("person.id")
    capacity_id: Mapped[UUID]
    capacity_kind: Mapped[str]
    role_id: Mapped[UUID] = refers_to("role.id")
    role_version_id: Mapped[UUID] = refers_to("role_version.id")
    scope_id: Mapped[UUID] = refers_to("organisation.id")
    holder_entity_id: Mapped[UUID]
    scope_entity_id: Mapped[UUID]
    clause_id: Mapped[UUID | None] = mapped_column(ForeignKey("agreement_clause.id"))
    origin: Mapped[str]
    rule_version_id: Mapped[UUID | None] = refers_to("rule_version.id")
    reason: Mapped[str | None]
    granter_id: Mapped[UUID | None]
    needs_relationship: Mapped[bool] = mapped_column(default=False)
    fact_1: Mapped[UUID]
    fact_2: Mapped[UUID] = mapped_column(default=NIL)
    fact_3: Mapped[UUID] = mapped_column(default=NIL)
    fact_4: Mapped[UUID] = mapped_column(default=NIL)
    place_id: Mapped[UUID]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class AdminGrant(Base):
    """A permission over a part of the tree, for a time."""

    __tablename__ = "admin_grant"
    __table_args__ = (valid(), open_index("person_id"))

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    permission: Mapped[str]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class ClientGrant(Base):
    """A permission of a client over a part of the tree, for a time, with which it calls the API for nobody;
    ``owner_id`` is the organisation that answers for it."""

    __tablename__ = "client_grant"
    __table_args__ = (valid(), open_index("client_id"))

    id: Mapped[UUID] = key()
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"))
    permission: Mapped[str]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class Deputy(Base):
    """Who decides on plans while another is away, for a time: both hold ``permission`` over the same part."""

    __tablename__ = "deputy"
    __table_args__ = (valid(), open_index("for_person_id"), open_index("person_id"))

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    for_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    permission: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]
