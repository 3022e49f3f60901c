"""Towns made of the first one in SQL: the same rows under other ids, with identity codes and a source of their own.

A town's ids are the first town's with the town's number in the first part of their time, so that they lie beside each
other in the database and in order, as those of a town do that was loaded at one time.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, Uuid, select, text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.country import told, town
from benchmarks.country.indexes import without_indexes
from iam import models
from iam.database.base import Base
from iam.database.bulk import copy_rows
from iam.directory.source import Source
from iam.vault import Vault

assert models
FEW = ("organisation", "organisation_place", "organisation_closure", "source", "run", "plan", "change")
"""Tables of which a town has a handful of rows, in the order of their references."""
PERSONS = "SELECT person_id FROM record WHERE source_id = :source"
_TOLD_OF_PERSONS = (
    "person_key",
    "vault_item",
    "person_name_word",
    "person_profile",
    "identifier",
    "affiliation",
    "absence",
    "relationship",
    "record",
)
MANY = {
    "person": f"id IN ({PERSONS})",
    **dict.fromkeys(_TOLD_OF_PERSONS, f"person_id IN ({PERSONS})"),
    # What the agreement of the first town gives is its own.
    "assignment": f"person_id IN ({PERSONS}) AND clause_id IS NULL",
}
"""Tables of a town's persons, and which rows are the town's."""
_TOLD = {
    ("record", "digest"): "told.digest",
    ("identifier", "value_mac"): "CASE WHEN s.value_mac IS NULL THEN NULL ELSE told.mac END",
    ("person_key", "wrapped_key"): "told.wrapped",
    ("vault_item", "ciphertext"): "told.sealed",
}
_NAMED = {("record", "file"), ("identifier", "issuer")}


def clone(sessions: sessionmaker[Session], vault: Vault, folder: Path, first: int, last: int) -> None:
    """Make the towns after ``first`` up to ``last`` of it."""
    with sessions.begin() as session:
        source_id = _source(session, first)
        own = _few_ids(session, first, source_id)
        for number in range(first + 1, last + 1):
            _few(session, own, first, number)
    with sessions.begin() as session, without_indexes(session, MANY):
        statements = _prepare(session, source_id, own, first)
        for number in range(first + 1, last + 1):
            session.execute(text("TRUNCATE told"))
            copy_rows(session, _told_table(), told.COLUMNS, list(told.of_town(session, vault, folder, number)))
            session.execute(text("ANALYZE told"))
            for statement in statements:
                session.execute(statement, {"town": f"{number:04x}", "name": town.name(number)})
            if number % 20 == 0:
                print(f"    town {number} of {last}", flush=True)


def _source(session: Session, number: int) -> UUID:
    return session.scalars(select(Source.id).where(Source.key == town.source_of(number))).one()


def _few_ids(session: Session, first: int, source_id: UUID) -> dict[str, set[UUID]]:
    """The ids of the first town's own rows in the tables of few rows."""
    named = {"town": f"{town.name(first)}%", "source": source_id}
    organisations = "SELECT id FROM organisation WHERE key LIKE :town"
    run = "SELECT id FROM run WHERE source_id = :source AND state = 'done'"
    queries = {
        "organisation": organisations,
        "organisation_place": f"SELECT version_id FROM organisation_place WHERE organisation_id IN ({organisations})",
        "place": f"SELECT fact_id FROM organisation_place WHERE organisation_id IN ({organisations})",
        "source": "SELECT id FROM source WHERE id = :source",
        "run": run,
        "plan": f"SELECT plan_id FROM run WHERE id IN ({run})",
        "change": f"SELECT id FROM change WHERE run_id IN ({run})",
    }
    return {name: set(session.scalars(text(query), named)) for name, query in queries.items()}


def _few(session: Session, own: dict[str, set[UUID]], first: int, number: int) -> None:
    every = set().union(*own.values())
    for name in FEW:
        table = Base.metadata.tables[name]
        column = table.c.descendant_id if name == "organisation_closure" else next(iter(table.primary_key))
        mine = own["organisation" if name == "organisation_closure" else name]
        for row in session.execute(select(table).where(column.in_(mine))).mappings().all():
            session.execute(table.insert(), {key: _moved(one, every, first, number) for key, one in row.items()})


def _moved(value: Any, own: set[UUID], first: int, number: int) -> Any:
    """A value of the first town as another town has it."""
    if isinstance(value, UUID):
        return moved_id(value, number) if value in own else value
    if isinstance(value, str):
        return value.replace(town.name(first), town.name(number)).replace(
            town.name(first).title(), town.name(number).title()
        )
    if isinstance(value, dict | list):
        written = json.dumps(value, ensure_ascii=False).replace(town.name(first), town.name(number))
        for one in own:
            written = written.replace(one.hex, moved_id(one, number).hex).replace(str(one), str(moved_id(one, number)))
        return json.loads(written)
    return value


def moved_id(one: UUID, number: int) -> UUID:
    """The id that a row of the first town has in another."""
    return UUID(f"{one.hex[:2]}{number:04x}{one.hex[6:]}")


def _told_table() -> Table:
    binary = [Column(name, LargeBinary) for name in told.COLUMNS[1:]]
    return Table("told", MetaData(), Column("key", String), *binary, prefixes=["TEMPORARY"])


def _prepare(session: Session, source_id: UUID, own: dict[str, set[UUID]], first: int) -> list[Any]:
    """Copy the first town's rows aside, and return the statements that write them under ``:town`` and ``:name``."""
    connection = session.connection()
    _told_table().create(connection)
    run = {"source": source_id}
    for name, mine in MANY.items():
        connection.execute(text(f"CREATE TEMP TABLE seed_{name} AS SELECT * FROM {name} WHERE {mine}"), run)
    connection.execute(text("CREATE TEMP TABLE who AS SELECT DISTINCT person_id, person_key FROM seed_record"))
    _own_ids(connection, own)
    return [_statement(connection, Base.metadata.tables[name], first) for name in MANY]


def _own_ids(connection: Connection, own: dict[str, set[UUID]]) -> None:
    """Fill ``own`` with every id that is the first town's."""
    connection.execute(text("CREATE TEMP TABLE own (id uuid PRIMARY KEY)"))
    rows = [{"id": one} for one in set().union(*own.values())]
    connection.execute(text("INSERT INTO own VALUES (:id)"), rows)
    for name in MANY:
        for column in ("id", "version_id", "fact_id"):
            if column in Base.metadata.tables[name].c:
                connection.execute(text(f"INSERT INTO own SELECT {column} FROM seed_{name} ON CONFLICT DO NOTHING"))
    connection.execute(text("ANALYZE own"))


def _statement(connection: Connection, table: Table, first: int) -> Any:
    columns = [_column(connection, table, column.name, isinstance(column.type, Uuid)) for column in table.columns]
    columns = [one.replace(":first", f"'{town.name(first)}'") for one in columns]
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    with_told = any(name == table.name for name, _ in _TOLD)
    person = "JOIN who ON who.person_id = s.person_id JOIN told ON told.key = who.person_key" if with_told else ""
    rows = f"SELECT {', '.join(columns)} FROM seed_{table.name} s {person}"
    return text(f"INSERT INTO {table.name} ({names}) {rows}")


def _column(connection: Connection, table: Table, name: str, is_id: bool) -> str:
    """What stands in a column of another town: an id is the town's where the first town's is."""
    if (table.name, name) in _TOLD:
        return _TOLD[table.name, name]
    if (table.name, name) in _NAMED:
        return f"replace(s.{name}, :first, :name)"
    if not is_id:
        return f's."{name}"'
    counted = f"SELECT count(s.{name}), count(own.id) FROM seed_{table.name} s LEFT JOIN own ON own.id = s.{name}"
    there, own = connection.execute(text(counted)).one()
    moved = f"overlay(s.{name}::text PLACING :town FROM 3 FOR 4)::uuid"
    if own == there:
        return moved if own else f"s.{name}"
    return f"CASE WHEN s.{name} IN (SELECT id FROM own) THEN {moved} ELSE s.{name} END" if own else f"s.{name}"
