"""Set-based work that both databases can do: copying rows in, and refreshing what the planner knows."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    String,
    Table,
    TableValuedAlias,
    Uuid,
    any_,
    bindparam,
    case,
    column,
    func,
    literal,
)
from sqlalchemy.dialects import postgresql as postgresql_dialect, sqlite as sqlite_dialect
from sqlalchemy.orm import Session

from iam.database import postgresql, sqlite
from iam.database.base import Base


def is_postgresql(session: Session) -> bool:
    """Whether the session talks to PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


def among(session: Session, column: Any, values: Collection[UUID]) -> ColumnElement[bool]:
    """The condition that a column is one of these ids, of which there may be thousands: on PostgreSQL one array, for a
    statement with so many parameters takes longer to write and to read than to answer. SQLite takes some 30,000."""
    asked = any_(bindparam(None, list(values), type_=ARRAY(Uuid())))
    found: ColumnElement[bool] = column == asked if is_postgresql(session) else column.in_(values)
    return found


def upsert(session: Session, model: type[Base], keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write ``values`` into the row with these keys, adding it when there is none; one statement."""
    insert = postgresql_dialect.insert if is_postgresql(session) else sqlite_dialect.insert
    statement = insert(model).values(**keys, **values)
    session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=dict(values)))


def add_new(session: Session, model: type[Base], values: Mapping[str, Any]) -> bool:
    """Add a row unless there is one with its key, and return whether it was added; who adds the same at once waits for
    the other's end. One statement."""
    insert = postgresql_dialect.insert if is_postgresql(session) else sqlite_dialect.insert
    key: Any = model.__table__.primary_key
    return session.execute(insert(model).values(**values).on_conflict_do_nothing().returning(*key)).first() is not None


def copy_rows(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Load ``rows`` into ``table``: COPY on PostgreSQL, batched inserts on SQLite; return how many."""
    load = postgresql.copy_rows if is_postgresql(session) else sqlite.copy_rows
    with plain_rows():
        return load(session, table, columns, rows)


def each_word(session: Session, words: ColumnElement[str]) -> TableValuedAlias:
    """Return a row, of the column ``value``, for each of the words that spaces part; they hold letters and digits
    alone."""
    value = column("value", String)
    if is_postgresql(session):
        parts = func.unnest(func.string_to_array(words, " "))
        return parts.table_valued(value, joins_implicitly=True).render_derived()
    listed = literal('["').concat(func.replace(words, " ", '","')).concat('"]')
    parts = func.json_each(case((words == "", "[]"), else_=listed))
    return parts.table_valued(value, joins_implicitly=True)


def digest_of_lines(session: Session, lines: Select[Any]) -> str:
    """Return the SHA-256, in hexadecimal, of the selected lines sorted by their code points, each ended by a
    newline."""
    if is_postgresql(session):
        return postgresql.digest_of_lines(session, lines)
    return hashlib.sha256("".join(f"{line}\n" for line in sorted(session.scalars(lines))).encode()).hexdigest()


@contextmanager
def plain_rows() -> Iterator[None]:
    """Keep the cycle collector from walking many rows again and again while they are made: they hold no cycles."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def expect_many(session: Session, rows: int, *tables: Any) -> None:
    """Say that this transaction touches so many rows beside those of ``tables``: where statistics know of few in one of
    them, it handles large sets whatever they claim (they are stale in the load that fills a table)."""
    if is_postgresql(session):
        postgresql.expect_many(session, rows, *tables)


def analyze(session: Session, *tables: Table, well: bool = False) -> None:
    """Refresh statistics after a large load, where the database needs it: roughly for working tables, ``well`` for
    lasting ones."""
    if is_postgresql(session):
        postgresql.analyze(session, *tables, well=well)


def learn(session: Session) -> None:
    """Let the planner know the lasting tables after a large load. PostgreSQL sees to it by itself within a minute;
    SQLite never does."""
    if not is_postgresql(session):
        sqlite.learn(session)
