"""What a run staged: temporary tables between reading a source and writing facts, gone when the connection is.

Every staged person gets an id at once, as if new; correlation replaces it where somebody is found (``first_id`` is what
it was), and only those rows are touched again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from iam.database.types import BYTE_ORDER, UtcDateTime
from iam.directory.affiliation import Affiliation

_WORK = MetaData()


def _work(name: str, *columns: Column[Any] | Index) -> Table:
    return Table(name, _WORK, *columns, prefixes=["TEMPORARY"])


record = _work(
    "st_record",
    Column("record_id", Uuid, primary_key=True),
    Column("kind", String),
    Column("key", BYTE_ORDER),
    Column("digest", LargeBinary),
    Column("file", String),
    Column("line", Integer),
    Column("person_key", BYTE_ORDER),
    Column("person_id", Uuid),
    Column("fresh", Boolean),
    Column("held", Boolean),
    Index("ix_st_record_person", "person_key"),
)
person = _work(
    "st_person",
    Column("person_key", BYTE_ORDER, primary_key=True),
    Column("as_kind", String),
    Column("given_names", String),
    Column("call_name", String),
    Column("family_name", String),
    Column("email", String),
    Column("phone", String),
    Column("birth_date", Date),
    Column("login", String),
    Column("sort_name", String),
    Column("words", String),
    Column("has_profile", Boolean),
    Column("suspended", Boolean),
    Column("code_mac", LargeBinary),
    Column("wrapped_key", LargeBinary),
    Column("sealed_code", LargeBinary),
    Column("first_id", Uuid),
    Column("person_id", Uuid),
    Column("fresh", Boolean),
    Index("ix_st_person_person_id", "person_id"),
)
joined = _work("st_joined", Column("person_key", BYTE_ORDER, primary_key=True), Column("person_id", Uuid))
"""Whose the keys are that share identifiers with others."""
aside = _work("st_aside", Column("person_key", BYTE_ORDER, primary_key=True), Column("contradicts", Boolean))
"""The keys that wait for a human, and whether their evidence contradicts itself."""
WAITING = select(aside.c.person_key)
together = _work(
    "st_together",
    Column("person_key", BYTE_ORDER),
    Column("earlier_key", BYTE_ORDER),
    Index("ix_st_together", "person_key"),
)
"""Of staged persons who are one and the same, each with every one before: in most runs none."""
identifier = _work(
    "st_identifier",
    Column("person_key", BYTE_ORDER),
    Column("kind", BYTE_ORDER),
    Column("issuer", BYTE_ORDER),
    Column("value", BYTE_ORDER),
    Column("value_mac", LargeBinary),
    Column("person_id", Uuid),
    Index("ix_st_identifier", "kind", "issuer", "value"),
)
shared = _work(
    "st_shared",
    Column("kind", BYTE_ORDER),
    Column("issuer", BYTE_ORDER),
    Column("value", BYTE_ORDER),
    Column("value_mac", LargeBinary),
    Index("ix_st_shared", "kind", "issuer", "value"),
)
"""The identifiers that are told of several keys."""
affiliation = _work(
    "st_affiliation",
    Column("row_id", Integer, primary_key=True),
    Column("record_id", Uuid),
    Column("person_key", BYTE_ORDER),
    Column("organisation_id", Uuid),
    *(Column(name, Affiliation.__table__.c[name].type) for name in Affiliation.TOLD),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
    Index("ix_st_affiliation", "record_id", "organisation_id"),
)
absence = _work(
    "st_absence",
    Column("record_id", Uuid),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
)
absence_of = _work(
    "st_absence_of",
    Column("row_id", Integer, primary_key=True),
    Column("record_id", Uuid),
    Column("affiliation_fact_id", Uuid),
    Column("person_id", Uuid),
    Column("organisation_id", Uuid),
    Column("kind", String),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
    Index("ix_st_absence_of", "affiliation_fact_id"),
)
"""The absence of a record as an absence of each of its affiliations."""
relationship = _work(
    "st_relationship",
    Column("row_id", Integer, primary_key=True),
    Column("record_id", Uuid),
    Column("person_key", BYTE_ORDER),
    Column("person_id", Uuid),
    Column("kind", String),
    Column("other_key", BYTE_ORDER),
    Column("other_person_id", Uuid),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
    Column("optional", Boolean),
    Index("ix_st_relationship", "record_id"),
)
group = _work(
    "st_group",
    Column("record_id", Uuid),
    Column("record_key", String),
    Column("organisation_id", Uuid),
    Column("kind", String),
    Column("key", String),
    Column("name", String),
    Column("group_id", Uuid),
)
membership = _work(
    "st_membership",
    Column("row_id", Integer, primary_key=True),
    Column("record_id", Uuid),
    Column("person_key", BYTE_ORDER),
    Column("person_id", Uuid),
    Column("group_kind", String),
    Column("group_key", String),
    Column("group_id", Uuid),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
    Index("ix_st_membership", "record_id"),
)
gone = _work("st_gone", Column("record_id", Uuid, primary_key=True))
"""Records whose facts end with this run: deleted by the source, or missing a second time after the grace."""
effect = _work(
    "st_effect",
    Column("fact", String),
    Column("kind", String),
    Column("loss", String),
    Column("record_id", Uuid),
    Column("row_id", Integer),
    Column("old_version", Uuid),
    Column("fact_id", Uuid),
    Column("goes_on", Boolean),
    Column("person_id", Uuid),
    Column("organisation_id", Uuid),
    Column("label", String),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
    Column("held", Boolean),
    Index("ix_st_effect", "record_id"),
    Index("ix_st_effect_row", "fact", "row_id"),
)
"""What the run would do to facts: which version it closes (``old_version``), and what takes its place (``row_id`` of
the staged table; without one, what is left of the old version when it ``goes_on`` until ``valid_to``). ``loss`` says
what is taken away from now on. ``label`` and ``organisation_id`` are the cell in which the guard counts it."""
reach = _work(
    "st_reach",
    Column("organisation_id", Uuid),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
)
"""Where the source may state facts, and when; a row without an organisation: everywhere."""
touched = _work("st_touched", Column("person_id", Uuid, primary_key=True))
"""The persons whose facts changed, whose rights are derived anew."""

PERSONAL = (affiliation, relationship, membership)


def known_as(person_id: Any) -> dict[str, Any]:
    """Return what is set of a staged person who is found: every other row of theirs has the id that they had before."""
    return {"first_id": person.c.person_id, "person_id": person_id, "fresh": False}


def prepare(session: Session) -> None:
    """Make the working tables of this connection, empty, but for ``reach`` and those that few runs need."""
    make(session, *(table for table in _WORK.tables.values() if table not in (reach, joined, aside)))


def make(session: Session, *tables: Table) -> None:
    """Make some working tables of this connection, empty: those that ``prepare`` leaves out, or for what changes facts
    and reads no source."""
    connection = session.connection()
    for statement in _made_by(tables, connection.dialect):
        connection.exec_driver_sql(statement)


@lru_cache(maxsize=64)
def _made_by(tables: tuple[Table, ...], dialect: Dialect) -> tuple[str, ...]:
    """The statements that make working tables anew; every run needs all of them."""
    if dialect.name != "postgresql":
        return tuple(one for table in tables for one in _made(table, dialect, "temp", table.indexes))
    return ("; ".join(one for table in tables for one in _made(_bare(table), dialect, "pg_temp", ())),)


def _bare(table: Table) -> Table:
    """A working table without keys and indexes: PostgreSQL joins these sets by hashing and would only keep up what it
    never reads; SQLite walks them."""
    columns = (Column(column.name, column.type) for column in table.columns)
    return Table(table.name, MetaData(), *columns, prefixes=["TEMPORARY"])


def _made(table: Table, dialect: Dialect, schema: str, indexes: Iterable[Index]) -> Iterator[str]:
    yield f"DROP TABLE IF EXISTS {schema}.{table.name}"
    yield str(CreateTable(table).compile(dialect=dialect))
    yield from (str(CreateIndex(one).compile(dialect=dialect)) for one in indexes)
