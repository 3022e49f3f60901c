"""Affiliations, absences, relationships, groups and memberships: the facts that rules bind."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, FactVersion, closed_index, key, open_index, refers_to, valid
from iam.database.types import Protected

AFFILIATION_KINDS = ("employee", "substitute", "student", "elected-official", "contractor", "trainee", "visitor")
RELATIONSHIP_KINDS = ("guardian_of", "manager_of", "sponsor_of")


def _formerly(column: str, mark: str) -> Index:
    """An index over the closed versions that were marked: few, and written by no first load."""
    where = text(f"closed_by IS NOT NULL AND {mark}")
    return Index(f"ix_affiliation_formerly_{mark}", column, postgresql_where=where, sqlite_where=where)


class Affiliation(FactVersion, Base):
    """A person in an organisation as employee, student, substitute …; the employer or controller is the legal entity to
    which the organisation belongs that day.

    ``TOLD`` are the columns that a source states beside organisation and dates, ``BEARING`` those of them that rights
    rest on.
    """

    TOLD: ClassVar[tuple[str, ...]] = (
        "person_id",
        "kind",
        "occupation",
        "title",
        "is_primary",
        "substitute_for",
    )
    BEARING: ClassVar[frozenset[str]] = frozenset({"person_id", "kind", "occupation"})

    __tablename__ = "affiliation"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        open_index("person_id"),
        open_index("record_id", "organisation_id", "valid_from", unique=True, name="uq_affiliation_open"),
        open_index("organisation_id", "kind", "occupation"),
        open_index("source_id", "organisation_id"),
        open_index("valid_from"),
        open_index("valid_to", "valid_from"),
        closed_index("affiliation", "organisation_id", "valid_to"),
        closed_index("affiliation", "person_id"),
        _formerly("fact_id", "is_primary"),
    )

    person_id: Mapped[UUID] = refers_to("person.id")
    organisation_id: Mapped[UUID] = refers_to("organisation.id")
    kind: Mapped[str]
    occupation: Mapped[str | None]
    title: Mapped[str | None]
    is_primary: Mapped[bool] = mapped_column(default=False)
    substitute_for: Mapped[str | None]


class Absence(FactVersion, Base):
    """A time in which an affiliation gives no rights to rules that say so; its reason is never stored."""

    __tablename__ = "absence"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        open_index("affiliation_fact_id"),
        open_index("person_id"),
        closed_index("absence", "person_id"),
        open_index("source_id"),
    )

    affiliation_fact_id: Mapped[UUID]
    person_id: Mapped[UUID] = refers_to("person.id")


class Relationship(FactVersion, Base):
    """Person to person: guardian of, manager of, sponsor of."""

    __tablename__ = "relationship"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        CheckConstraint("person_id <> other_person_id", name="two_persons"),
        open_index("person_id", "kind"),
        open_index("other_person_id", "kind"),
        open_index("source_id"),
        closed_index("relationship", "source_id", "valid_to"),
        closed_index("relationship", "person_id"),
        closed_index("relationship", "other_person_id"),
        closed_index("relationship", "fact_id"),
    )

    person_id: Mapped[UUID] = refers_to("person.id")
    kind: Mapped[str]
    other_person_id: Mapped[UUID] = refers_to("person.id")


class GuardianConfirmation(Base):
    """An administrator of a protected child's school confirmed that this guardian may know where the child is."""

    __tablename__ = "guardian_confirmation"
    __table_args__ = (valid(), open_index("person_id", "other_person_id"))

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    other_person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


def _one_group(name: str, where: str, *columns: str) -> Index:
    return Index(name, *columns, unique=True, postgresql_where=text(where), sqlite_where=text(where))


class Group(Base):
    """A group as its source has it, or a local one; a class of a school tells where its members are.

    A local group's ``key`` is its own in the organisation. A source's group is known by its kind and ``record_key`` in
    that source: two sources may well use the same key in one school.
    """

    __tablename__ = "group_"
    __table_args__ = (
        _one_group("uq_group__local", "source_id IS NULL", "organisation_id", "key"),
        _one_group("uq_group__source", "source_id IS NOT NULL", "source_id", "kind", "record_key"),
        Index(None, "organisation_id", "key"),
    )

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
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        open_index("group_id"),
        open_index("person_id"),
        open_index("source_id"),
        closed_index("membership", "source_id", "valid_to"),
        closed_index("membership", "person_id"),
    )

    group_id: Mapped[UUID] = refers_to("group_.id")
    person_id: Mapped[UUID] = refers_to("person.id")
