"""Persons: one human in the whole consortium. A person row knows nothing of any employer."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, FactVersion, closed_index, key, open_index, refers_to, valid
from iam.database.types import BYTE_ORDER, Protected


class Person(Base):
    """One human. ``sort_name`` orders lists by the name that is shown (``name_words.sort_key``)."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_sort_name_id", "sort_name", "id"),)

    id: Mapped[UUID] = key()
    merged_into: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    sort_name: Mapped[str] = mapped_column(BYTE_ORDER, default="")


class PersonNameWord(Base):
    """A word of a name of a person, folded to base letters, by which search finds them; ``shown`` when a name shown now
    has it."""

    __tablename__ = "person_name_word"
    __table_args__ = (Index("ix_person_name_word_word", "word"),)

    person_id: Mapped[UUID] = refers_to("person.id", primary_key=True)
    word: Mapped[str] = mapped_column(BYTE_ORDER, primary_key=True)
    shown: Mapped[bool]


_PROTECTED = text("closed_by IS NULL AND protected")


class PersonProfile(FactVersion, Base):
    """What one source says of a person; the value shown follows the sources' priority, attribute by attribute."""

    __tablename__ = "person_profile"
    __table_args__ = (
        valid(),
        open_index("person_id", "source_id", unique=True),
        closed_index("person_profile", "person_id"),
        Index("ix_person_profile_protected", "person_id", postgresql_where=_PROTECTED, sqlite_where=_PROTECTED),
    )

    person_id: Mapped[UUID] = refers_to("person.id")
    given_names: Mapped[str | None]
    call_name: Mapped[str | None]
    family_name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[Protected | None]
    birth_date: Mapped[date | None]
    protected: Mapped[bool] = mapped_column(default=False)


class Identifier(FactVersion, Base):
    """A value that names a person somewhere. A personal identity code has only a keyed hash here."""

    __tablename__ = "identifier"
    __table_args__ = (
        valid(),
        CheckConstraint("(value IS NULL) <> (value_mac IS NULL)", name="one_value"),
        open_index("value", "kind", "issuer", unique=True, name="uq_identifier_open_value", having="value"),
        open_index("value_mac", "kind", "issuer", unique=True, name="uq_identifier_open_mac", having="value_mac"),
        open_index("person_id", name="ix_identifier_person_id"),
        closed_index("identifier", "person_id"),
    )

    person_id: Mapped[UUID] = refers_to("person.id")
    kind: Mapped[str] = mapped_column(BYTE_ORDER)
    issuer: Mapped[str] = mapped_column(BYTE_ORDER, default="")
    value: Mapped[str | None] = mapped_column(BYTE_ORDER)
    value_mac: Mapped[bytes | None]


class Hold(FactVersion, Base):
    """A hold ends every right of a person while it lasts (End now, suspicion, death); rights return when it ends.

    One that is not ``whole`` ends only the capacities in the organisations of its ``HoldPart`` rows, and under them.
    """

    __tablename__ = "hold"
    __table_args__ = (valid(), open_index("fact_id", unique=True), open_index("person_id"))

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    whole: Mapped[bool] = mapped_column(default=True)


class HoldPart(Base):
    """An organisation over which whoever set a hold could set it; ``hold_id`` is the hold's ``fact_id``."""

    __tablename__ = "hold_part"

    hold_id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)


class VaultItem(Base):
    """A sealed personal value (the identity code); readable only with the person's key and a purpose."""

    __tablename__ = "vault_item"

    person_id: Mapped[UUID] = refers_to("person.id", primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes]


class PersonKey(Base):
    """The person's own key, wrapped by the vault's; destroying it makes everything sealed with it unreadable."""

    __tablename__ = "person_key"

    person_id: Mapped[UUID] = refers_to("person.id", primary_key=True)
    wrapped_key: Mapped[bytes | None]
