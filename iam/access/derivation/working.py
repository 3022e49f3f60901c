"""The working tables of a derivation: temporary, of the session's connection, made once and emptied each time."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Uuid
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from iam.access.rules.compile_sql import COLUMNS
from iam.database.types import UtcDateTime

_WORK = MetaData()
_LARGE = 256 * 1024
"""Bytes from which on emptying a table by its file is cheaper than by its rows."""
_FULL = "working tables were full"
"""What a connection remembers once many persons' rights were derived in it."""


def _work(name: str, *columns: Column[object] | Index) -> Table:
    return Table(name, _WORK, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS")


affected = _work("affected", Column("person_id", Uuid, primary_key=True))
"""The persons whose rights are derived; empty and unused when everybody's are."""

around = _work("around", Column("organisation_id", Uuid, primary_key=True))
"""Where the persons in ``affected`` have an affiliation or a group: few places of a large tree."""

_SHAPE = {
    "capacity_kind": String,
    "occupation": String,
    "needs_relationship": Boolean,
    "by_clause": Boolean,
    "valid_from": UtcDateTime,
    "valid_to": UtcDateTime,
}
match_ = _work(
    "match_", *(Column(name, _SHAPE.get(name, Uuid)()) for name in COLUMNS), Column("piece", Integer, nullable=False)
)
permit = _work(
    "permit",
    Column("clause_id", Uuid),
    Column("role_id", Uuid),
    Column("occupation", String),
    Column("grantor_id", Uuid),
    Column("grantee_id", Uuid),
    Column("scope_id", Uuid),
    Column("with_descendants", Boolean),
    Column("valid_from", UtcDateTime()),
    Column("valid_to", UtcDateTime()),
)
KEY = (
    "person_id",
    "capacity_id",
    "role_id",
    "role_version_id",
    "rule_version_id",
    "scope_id",
    "holder_entity_id",
    "scope_entity_id",
    "clause_id",
    "needs_relationship",
    "fact_1",
    "fact_2",
    "fact_3",
    "fact_4",
    "place_id",
    "valid_from",
    "valid_to",
)
wanted = _work(
    "wanted",
    *(Column(name, _SHAPE.get(name, Uuid)()) for name in (*KEY, "capacity_kind")),
    Index("ix_wanted", "person_id", "role_id", "capacity_id"),
)
"""The matches that the ceilings let through, each a row of ``assignment`` to be."""
PIECE = ("holder_entity_id", "scope_entity_id", "clause_id", "fact_1", "place_id", "valid_from", "valid_to")
piece = _work(
    "piece", *(Column(name, _SHAPE.get(name, Uuid)()) for name in ("of_id", *PIECE)), Index("ix_piece", "of_id")
)
"""What the ceilings leave of the rights granted by hand, each a row of ``assignment`` in place of the one it is a piece
of."""


def prepare(session: Session) -> None:
    """Make the working tables of this connection, empty."""
    connection = session.connection()
    for statement in _creation(connection.dialect, connection.info.get(_FULL, False)):
        connection.exec_driver_sql(statement)


def for_many(session: Session) -> None:
    """Drop the index of ``wanted`` for this derivation, and remember that the tables may be large: of many nothing is
    looked up in it, and writing it would cost as much as the rows."""
    connection = session.connection()
    connection.info[_FULL] = True
    name = "pg_temp.ix_wanted" if connection.dialect.name == "postgresql" else "temp.ix_wanted"
    connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")


@cache
def _creation(dialect: Dialect, were_full: bool) -> list[str]:
    """What leaves the working tables there and empty, in one message where the database takes it so. A table that is
    there already is only emptied: dropping and making it anew would cost one person's derivation more than all the
    rest, and so would asking how large it is, unless it may be."""
    statements: list[str] = []
    for table in _WORK.tables.values():
        statements.append(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
        statements += [str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)) for index in table.indexes]
    if dialect.name != "postgresql":
        return [*statements, *(f"DELETE FROM temp.{name}" for name in _WORK.tables)]  # noqa: S608 - our own names
    if were_full:
        return ["; ".join([*statements, f"DO $$BEGIN {' '.join(map(_emptied, _WORK.tables))} END$$"])]
    return ["; ".join([*statements, *(f"DELETE FROM pg_temp.{name}" for name in _WORK.tables)])]  # noqa: S608


def _emptied(name: str) -> str:
    """Rows of a derivation of everybody that was rolled back are dead, but every reading would still walk over them."""
    full = f"pg_relation_size('pg_temp.{name}') > {_LARGE}"
    return f"IF {full} THEN TRUNCATE pg_temp.{name}; ELSE DELETE FROM pg_temp.{name}; END IF;"  # noqa: S608
