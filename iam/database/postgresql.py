"""What only PostgreSQL does: COPY, session settings, the uuid7 function."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection as PsycopgConnection
from psycopg import Error as PsycopgError
from sqlalchemy import Engine, Table, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from iam.database import copy_text

RESTED = 1.0
"""Seconds after which a pooled connection is asked whether it still lives."""

UUID7 = """
CREATE OR REPLACE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(
    int8send(floor(date_part('epoch', clock_timestamp()) * 1000)::bigint * 65536 + 28672 + floor(random() * 4096)::bigint)
      || int8send(floor(random() * 4611686018427387904)::bigint + (-9223372036854775807 - 1)), 'hex')::uuid
$$
"""
"""A time-ordered UUID, version 7, made by the database (PostgreSQL 15 has none of its own).

Its 65 random bits come from ``random()``, seeded strongly in every session: five times as fast as ``gen_random_uuid()``, and a bulk load
makes half a million. They are unique, not secret: nothing is kept from anybody by not knowing an id.
"""


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

    @event.listens_for(engine, "checkin")
    def _checkin(_connection: PsycopgConnection[Any] | None, record: ConnectionPoolEntry) -> None:
        record.info["returned"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _checkout(connection: PsycopgConnection[Any], record: ConnectionPoolEntry, _proxy: object) -> None:
        # A server that was restarted closes its connections: one that has rested is asked before it is used.
        if time.monotonic() - record.info.get("returned", time.monotonic()) > RESTED:
            _ping(connection)


def _ping(connection: PsycopgConnection[Any]) -> None:
    before = connection.autocommit
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = before
    except PsycopgError as error:
        raise DisconnectionError from error


def copy_rows(session: Session, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Copy ``rows`` into ``table`` in the session's transaction; return how many. Values must fit the columns as they are."""
    connection: PsycopgConnection[Any] = session.connection().connection.dbapi_connection  # type: ignore[assignment]
    names = ", ".join(f'"{name}"' for name in columns)
    count = 0
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for text, n in copy_text.blocks(rows):
            copy.write(text)
            count += n
    return count


def expect_many(session: Session) -> None:
    """Keep the planner from nested loops for the rest of the transaction: after a load that was rolled back it believes that large
    tables are empty, and would walk them once per row."""
    session.connection().exec_driver_sql("SET LOCAL enable_nestloop = off")
    session.connection().exec_driver_sql("SET LOCAL work_mem = '128MB'")


def analyze(session: Session, *tables: Table, well: bool = False) -> None:
    """Tell the planner how full freshly loaded tables are; unless ``well``, from a small sample, which is enough for working tables."""
    told = [f'ANALYZE "{table.name}"' for table in tables]
    if not well:
        target = "SET LOCAL default_statistics_target"
        told = [f"{target} = 10", *told, f"{target} TO DEFAULT"]
    session.connection().exec_driver_sql("; ".join(told))
