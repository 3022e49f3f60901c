"""What only PostgreSQL does: COPY, session settings, the uuid7 function, locks by number."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from psycopg import Connection as PsycopgConnection, Error as PsycopgError
from psycopg.errors import LockNotAvailable
from sqlalchemy import URL, Engine, Select, Table, event, func, literal, literal_column, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from iam.database import copy_text
from iam.database.pulse import CONNECT_SECONDS, Connection, Pulse

RESTED = 1.0
"""Seconds after which a pooled connection is asked whether it still lives."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a statement may take, and a transaction in which nothing happens may last; 0: no end."""

    statement: int
    idle: int


PLACES: Final = "numeric_dollar"
"""How values are marked in a statement: as the server reads them (``Connection``)."""
WORK, PAGES = Patience(3600, 600), Patience(60, 60)
"""Of commands and the worker, which load and derive for all; and of pages, for which somebody waits."""

UUID7 = """
CREATE OR REPLACE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT (overlay(
    lpad(to_hex(floor(date_part('epoch', clock_timestamp()) * 4096000)::bigint), 15, '0') PLACING '7' FROM 13 FOR 0)
      || to_hex(floor(random() * 4611686018427387904)::bigint + (-9223372036854775807 - 1)))::uuid
$$
"""
"""A time-ordered UUID, version 7, made by the database (PostgreSQL 15 has none of its own); ordered within a
millisecond too (RFC 9562 section 6.2, method 3), so that a bulk load fills its indexes from one end. The clock is read
once: of two readings, the second may stand in the next millisecond.

Its 53 random bits come from ``random()``, seeded strongly in every session: five times as fast as
``gen_random_uuid()``, and a bulk load makes half a million. They are unique, not secret: nothing is kept from anybody
by not knowing an id.
"""


def opener(url: URL, patience: Patience) -> Callable[[], Connection]:
    """Return what opens the connections of an engine; nobody waits on them for a server that hangs."""
    own, given = url.get_dialect()().create_connect_args(url)
    options: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **given}
    pulse = Pulse(lambda: PsycopgConnection.connect(*own, **options).close())
    return lambda: Connection.opened(pulse, patience.statement, *own, **options)


def prepare(engine: Engine, patience: Patience) -> None:
    """Set every new connection: UTC, durable commits, bounded waits for statements, for locks and for us."""

    @event.listens_for(engine, "connect")
    def _connect(connection: PsycopgConnection[Any], _record: Any) -> None:
        before = connection.autocommit
        connection.autocommit = True
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute("SET lock_timeout = '10s'")
        connection.execute(f"SET statement_timeout = '{patience.statement}s'")
        connection.execute(f"SET idle_in_transaction_session_timeout = '{patience.idle}s'")
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET jit = off")
        # Disks have no arms any more: the usual 4 makes the planner read a whole country for the few it could look up.
        connection.execute("SET random_page_cost = 1.1")
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
    """Copy ``rows`` into ``table`` in the session's transaction; return how many. Values must fit the columns as they
    are."""
    connection: PsycopgConnection[Any] = session.connection().connection.dbapi_connection  # type: ignore[assignment]
    names = ", ".join(f'"{name}"' for name in columns)
    count = 0
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for text, n in copy_text.blocks(rows):
            copy.write(text)
            count += n
    return count


def digest_of_lines(session: Session, lines: Select[Any]) -> str:
    """See ``bulk``: read in the database, where a first load's lines are; a text of theirs may be a gigabyte long."""
    line = lines.subquery().c[0]
    ended = func.string_agg(line.concat("\n"), aggregate_order_by(literal(""), line.collate("C")))
    digest = func.encode(func.sha256(func.convert_to(func.coalesce(ended, ""), "UTF8")), "hex")
    return str(session.scalar(select(digest)))


_BESIDE = 5
"""A table that is known to have so many times the rows of a load is large, and the load is looked up in it."""


def expect_many(session: Session, rows: int, *tables: Table) -> None:
    """Keep the planner from nested loops for the rest of the transaction, unless it knows each of ``tables`` to be
    large: after a load that was rolled back it believes that they are empty, and would walk them once per row."""
    query = text("SELECT min(reltuples) FROM pg_class WHERE oid = ANY(CAST(:names AS regclass[]))")
    if float(session.scalar(query, {"names": [table.name for table in tables]}) or 0) > _BESIDE * rows:
        return
    session.connection().exec_driver_sql("SET LOCAL enable_nestloop = off")
    session.connection().exec_driver_sql("SET LOCAL work_mem = '128MB'")


def analyze(session: Session, *tables: Table, well: bool = False) -> None:
    """Tell the planner how full freshly loaded tables are; unless ``well``, from a small sample, which is enough for
    working tables."""
    told = [f'ANALYZE "{table.name}"' for table in tables]
    if not well:
        target = "SET LOCAL default_statistics_target"
        told = [f"{target} = 10", *told, f"{target} TO DEFAULT"]
    session.connection().exec_driver_sql("; ".join(told))


_USUAL_WAIT = "set_config('lock_timeout', '10s', true)"
_EACH = 1096176969
"""The class of the locks for texts."""


def take(
    session: Session, locks: Sequence[tuple[int, bool]], name: str, wait: timedelta, texts: Select[Any] | None
) -> bool:
    """Take advisory locks (number, shared) until the transaction ends, then an exclusive one for each text, in the
    order of their hashes; whether they were had, each within ``wait``."""
    asked = [f"pg_advisory_xact_lock{'_shared' * shared}({number})" for number, shared in locks]
    # What stands first is done first; the usual wait is back once everything was had.
    told = ["set_config('lock_timeout', :wait, true)", "set_config('application_name', :name, true)", *asked]
    query = text(f"SELECT {', '.join([*told, _USUAL_WAIT] if texts is None else told)}")
    try:
        with session.begin_nested():
            # Only asked for inside does the connection have the savepoint.
            connection = session.connection()
            connection.execute(query, {"wait": str(int(wait.total_seconds() * 1000)), "name": name})
            if texts is not None:
                connection.execute(_taking_each(texts))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return False
        raise
    return True


def _taking_each(texts: Select[Any]) -> Select[Any]:
    text_ = texts.subquery().c[0]
    number = func.hashtext(text_).label("number")
    ordered = select(number).distinct().order_by(number).subquery()
    taken: Select[Any] = select(func.count(func.pg_advisory_xact_lock(_EACH, ordered.c.number)))
    return taken.add_columns(literal_column(_USUAL_WAIT))


def try_take(session: Session, locks: Sequence[tuple[int, bool]], name: str | None) -> bool:
    """Take the locks that nobody has or waits for, and that of a text; whether all were had. What was had stays."""
    asked = [f"pg_try_advisory_xact_lock{'_shared' * shared}({number})" for number, shared in locks]
    if name is not None:
        asked.append(f"pg_try_advisory_xact_lock({_EACH}, hashtext(:name))")
    return bool(session.scalar(text(f"SELECT {' AND '.join(asked)}"), {} if name is None else {"name": name}))


def holders(session: Session, lock: int) -> list[str]:
    """Return the names of other transactions that hold an advisory lock."""
    query = text(
        "SELECT DISTINCT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE "
        "l.locktype = 'advisory'"
        " AND l.objsubid = 1 AND l.classid = 0 AND l.objid = :lock AND l.granted AND l.pid <> pg_backend_pid()"
    )
    return list(session.scalars(query, {"lock": lock}))
