"""What a test's database is filled with, filled once a worker: the rows are kept, and put into the database of each
further test.

Every test still has a database and an application of its own; only how the rows come there is shorter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text

KEPT_OUT = "alembic_version"
"""The one table that a migrated database has rows in."""

Rows = sqlite3.Connection | dict[str, bytes]
"""All rows of a database: a copy of it in memory for SQLite, for PostgreSQL the content of each table in its binary
form."""


def take(engine: Engine) -> Rows:
    """Return the rows of a database."""
    if engine.dialect.name == "sqlite":
        copy = sqlite3.connect(":memory:")
        with _driver(engine) as connection:
            connection.backup(copy)
        return copy
    with engine.connect() as connection:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> :out"
        tables = connection.execute(text(names), {"out": KEPT_OUT}).scalars().all()
    with _driver(engine) as connection:
        content = {table: _out(connection, f'COPY "{table}" TO STDOUT (FORMAT binary)') for table in tables}
        empty = _out(connection, "COPY (SELECT WHERE false) TO STDOUT (FORMAT binary)")
    return {table: rows for table, rows in content.items() if rows != empty}


def put(engine: Engine, rows: Rows, *, instead_of: Rows | None = None) -> None:
    """Put the rows into a migrated database, in one transaction: an empty one, or one with no other rows than
    ``instead_of``."""
    with _driver(engine) as connection:
        if isinstance(rows, sqlite3.Connection):
            rows.backup(connection)
            return
        assert not isinstance(instead_of, sqlite3.Connection)
        with connection.transaction(), connection.cursor() as cursor:
            # Without triggers, foreign keys are not asked: the tables come in any order.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in instead_of or ():
                cursor.execute(f'DELETE FROM "{table}"')
            for table, content in rows.items():
                with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                    copy.write(content)


@contextmanager
def _driver(engine: Engine) -> Iterator[Any]:
    """A connection of the database's own driver; the engine keeps it for the next who asks."""
    with engine.connect() as connection:
        yield connection.connection.driver_connection


def _out(connection: Any, statement: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        return b"".join(bytes(part) for part in copy)
