"""Affiliations, absences, relationships, groups and memberships: the facts that rules bind."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, FactVersion, key, open_index, valid
from iam.database.types import Protected

AFFILIATION_KINDS = ("employee", "substitute", "student", "elected-official", "contractor", "trainee")
RELATIONSHIP_KINDS = ("guardian_of", "manager_of", "sponsor_of")


class Affiliation(FactVersion, Base):
    """A person in an organisation as employee, student, substitute … ``legal_entity_id`` is the employer or controller."""

    __tablename__ = "affiliation"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        open_index("person_id"),
        open_index("source_id", "record_id", "organisation_id", "valid_from", unique=True, name="uq_affiliation_open"),
        open_index("organisation_id", "kind", "occupation"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    legal_entity_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str]
    occupation: Mapped[str | None]
    title: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(default=False)
    substitute_for: Mapped[str | None]


class Absence(FactVersion, Base):
    """A time in which an affiliation gives no rights to rules that say so; its reason is never stored."""

    __tablename__ = "absence"
    __table_args__ = (valid(), open_index("fact_id", unique=True), open_index("affiliation_fact_id"))

    affiliation_fact_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))


class Relationship(FactVersion, Base):
    """Person to person: guardian of, manager of, sponsor of."""

    __tablename__ = "relationship"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        CheckConstraint("person_id <> other_person_id", name="two_persons"),
        open_index("person_id", "kind"),
        open_index("other_person_id", "kind"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    other_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))


class Group(Base):
    """A group as its source has it, or a local one; a class of a school tells where its members are."""

    __tablename__ = "group_"
    __table_args__ = (UniqueConstraint("organisation_id", "key"),)

    id: Mapped[UUID] = key()
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    source_id: Mapped[UUID | None] = mapped_column(ForeignKey("source.id"))
    record_key: Mapped[str | None]
    key: Mapped[str]
    kind: Mapped[str] = mapped_column(default="group")
    name: Mapped[Protected]


class Membership(FactVersion, Base):
    """A person in a group."""

    __tablename__ = "membership"
    __table_args__ = (valid(), open_index("fact_id", unique=True), open_index("group_id"), open_index("person_id"))

    group_id: Mapped[UUID] = mapped_column(ForeignKey("group_.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
