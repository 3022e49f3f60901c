"""What only PostgreSQL does: COPY, session settings, the uuid7 function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Engine, Table, event
from sqlalchemy.orm import Session

UUID7 = """
CREATE OR REPLACE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid
$$
"""
"""A time-ordered UUID, version 7, made by the database (PostgreSQL 15 has none of its own)."""


def prepare(engine: Engine) -> None:
    """Set every new connection: UTC, durable commits, bounded waits for locks."""

    @event.listens_for(engine, "connect")
    def _connect(connection: PsycopgConnection[Any], _record: Any) -> None:
        before = connection.autocommit
        connection.autocommit = True
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET lock_timeout = '10s'")
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET jit = off")
        connection.autocommit = before


def copy_rows(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy ``rows`` into ``table`` in the session's transaction; return how many. Values must fit the columns as they are."""
    connection: PsycopgConnection[Any] = session.connection().connection.dbapi_connection  # type: ignore[assignment]
    names = ", ".join(f'"{name}"' for name in columns)
    count = 0
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def expect_many(session: Session) -> None:
    """Keep the planner from nested loops for the rest of the transaction: after a load that was rolled back it believes that large
    tables are empty, and would walk them once per row."""
    session.connection().exec_driver_sql("SET LOCAL enable_nestloop = off")
    session.connection().exec_driver_sql("SET LOCAL work_mem = '128MB'")


def analyze(session: Session, *tables: Table) -> None:
    """Tell the planner how full freshly loaded tables are."""
    for table in tables:
        session.connection().exec_driver_sql(f'ANALYZE "{table.name}"')
