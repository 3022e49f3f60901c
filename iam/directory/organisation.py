"""Organisations, their dated place in the tree, and the relations between them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, FactVersion, key, open_index, valid

KINDS = (
    "consortium",
    "municipality",
    "joint-authority",
    "wellbeing-county",
    "employment-area",
    "municipal-enterprise",
    "company",
    "private-provider",
    "school",
    "unit",
)


class Organisation(Base):
    """A municipality, county, school, unit … ``key`` is short, stable and appears in tokens."""

    __tablename__ = "organisation"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    oph_oid: Mapped[str | None] = mapped_column(unique=True)
    school_code: Mapped[str | None]
    business_id: Mapped[str | None]
    name_fi: Mapped[str]
    name_sv: Mapped[str]
    name_en: Mapped[str]

    def name(self, language: str) -> str:
        """The name in ``language`` (fi, sv or en)."""
        return {"fi": self.name_fi, "sv": self.name_sv}.get(language, self.name_en)

    @property
    def names(self) -> dict[str, str]:
        """The names by language."""
        return {"fi": self.name_fi, "sv": self.name_sv, "en": self.name_en}


class OrganisationPlace(FactVersion, Base):
    """Where an organisation stands in the tree and to which legal entity (controller) it belongs, by date."""

    __tablename__ = "organisation_place"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        open_index("organisation_id"),
        open_index("parent_id"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    legal_entity_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))


class OrganisationClosure(Base):
    """Who is under whom and when, as known now: derived from places, itself included at no distance."""

    __tablename__ = "organisation_closure"
    __table_args__ = (valid(), Index(None, "descendant_id"))

    ancestor_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    descendant_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(primary_key=True)
    valid_to: Mapped[datetime]


class OrganisationRelation(FactVersion, Base):
    """A dated relation besides the tree: covers (an area), owns, continues (a merger)."""

    __tablename__ = "organisation_relation"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        CheckConstraint("kind IN ('covers', 'owns', 'continues')", name="kind"),
        open_index("organisation_id", "kind"),
        open_index("other_id", "kind"),
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str]
    other_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
