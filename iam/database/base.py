"""The typed base of all models, and the columns every fact version has."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, MetaData, Uuid, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from iam.database.types import Protected, ProtectedText, UtcDateTime, uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every model. Plain SQLAlchemy, so that the domain imports and tests without Flask."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime(),
        UUID: Uuid(),
        Protected: ProtectedText(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[Any]: JSON(),
    }


def key() -> Mapped[UUID]:
    """A primary key column holding a time-ordered UUID."""
    return mapped_column(primary_key=True, default=uuid7)


def refers_to(column: str, *, primary_key: bool = False) -> MappedColumn[Any]:
    """A reference that a bulk load writes: named in the model, but not checked by the database row by row.

    Checking cost a load as much as the rows themselves. The statements that write it take it from a join with what it
    refers to, and persons, organisations, sources, runs and plans are never deleted.
    """
    return mapped_column(primary_key=primary_key, info={"refers_to": column})


class FactVersion:
    """One version of a fact on two time axes.

    ``[valid_from, valid_to)`` is when it holds in the world (``FOREVER``: no known end); ``opened_by`` and
    ``closed_by`` name the changes that wrote and superseded it. A version is never updated but for ``closed_by``; only
    erasure overwrites values. ``fact_id`` stays the same over corrections; it may be the id of the fact's first
    version. The four references below carry no foreign key, for the reason that ``refers_to`` tells.
    """

    version_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    fact_id: Mapped[UUID] = mapped_column(default=uuid7)
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]

    source_id: Mapped[UUID | None]
    record_id: Mapped[UUID | None]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


def open_index(*columns: str, unique: bool = False, name: str | None = None, having: str | None = None) -> Index:
    """An index over the open versions of a fact table only, and of these over those that have a value in ``having``."""
    where = text("closed_by IS NULL" if having is None else f"closed_by IS NULL AND {having} IS NOT NULL")
    return Index(name, *columns, unique=unique, postgresql_where=where, sqlite_where=where)


def closed_index(table: str, *columns: str) -> Index:
    """An index over the closed versions of a table only: a first load writes none."""
    where = text("closed_by IS NOT NULL")
    return Index(f"ix_{table}_closed_{'_'.join(columns)}", *columns, postgresql_where=where, sqlite_where=where)


def open_end(*columns: str) -> Index:
    """An index that lets one row of these columns be without an ``ended_at``."""
    where = text("ended_at IS NULL")
    return Index(f"uq_{'_'.join(columns)}_present", *columns, unique=True, postgresql_where=where, sqlite_where=where)


def valid() -> CheckConstraint:
    """The constraint that an interval is not empty."""
    return CheckConstraint("valid_to > valid_from", name="valid")
