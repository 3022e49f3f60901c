"""What only SQLite needs: pragmas, immediate transactions, the uuid7 function, batched inserts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Table, event, insert
from sqlalchemy.orm import Session

from iam.database.types import uuid7

BATCH, SAMPLE = 5000, 1000


def prepare(engine: Engine) -> None:
    """Make SQLite behave like the production database: foreign keys, WAL, and writers that wait instead of failing
    late."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -65536")
        connection.create_function("uuid7", 0, lambda: uuid7().hex)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def copy_rows(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert ``rows`` into ``table`` in batches of ``BATCH`` in the session's transaction; return how many."""
    count = 0
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        session.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in batch])
        count += len(batch)
    return count


def learn(session: Session) -> None:
    """Gather statistics of every table from ``SAMPLE`` rows of each index, in the session's transaction."""
    session.connection().exec_driver_sql(f"PRAGMA analysis_limit = {SAMPLE}")
    session.connection().exec_driver_sql("ANALYZE main")
