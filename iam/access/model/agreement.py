"""Agreements between legal entities and their clauses: the ceilings of rights that cross from one entity to another."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, FactVersion, key, open_index, valid


class Agreement(Base):
    """An agreement; whether it is live is computed from its terms and signatures, never stored."""

    __tablename__ = "agreement"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    case_number: Mapped[str]
    decision: Mapped[dict[str, Any]]
    purpose: Mapped[str]
    legal_basis: Mapped[dict[str, Any]]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))


class AgreementTerm(FactVersion, Base):
    """When an agreement is in force; joined at every read, so that ending it is one row and is felt at once."""

    __tablename__ = "agreement_term"
    __table_args__ = (valid(), open_index("fact_id", unique=True), open_index("agreement_id"))

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))


class AgreementParty(Base):
    """A party, its role (controller, processor …) and when it signed; unsigned parties keep the agreement from being
    live."""

    __tablename__ = "agreement_party"

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    legal_entity_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    role: Mapped[str]
    signed_on: Mapped[date | None]


class AgreementClause(Base):
    """What the grantor allows people of the grantee in a scope; immutable: a change closes it and opens another.

    ``relationship_kind`` is what must exist live between holder and person at use; ``weaker_accepted_by`` who accepted,
    on which day, that roles under the clause are enforced otherwise.
    """

    __tablename__ = "agreement_clause"
    __table_args__ = (
        UniqueConstraint("agreement_id", "n"),
        Index(None, "grantee_id", "grantor_id"),
    )

    id: Mapped[UUID] = key()
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    n: Mapped[int]
    grantor_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    grantee_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    with_descendants: Mapped[bool]
    relationship_kind: Mapped[str | None]
    weaker_accepted_by: Mapped[str | None]
    weaker_accepted_on: Mapped[date | None]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class ClauseContent(Base):
    """An occupation, a data group and an operation that a clause allows."""

    __tablename__ = "clause_content"

    clause_id: Mapped[UUID] = mapped_column(ForeignKey("agreement_clause.id"), primary_key=True)
    occupation: Mapped[str] = mapped_column(primary_key=True)
    data_group: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
