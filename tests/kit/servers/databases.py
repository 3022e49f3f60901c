"""Databases that tests use in turn: emptying one costs a tenth of making and dropping it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import scalar_row

from iam.database.migrate import upgrade
from tests.kit.servers.connections import Kept
from tests.kit.servers.ports import HOST
from tests.kit.servers.postgresql import PostgreSQL

KEPT = "alembic_version"
"""The one table that a migrated database is not empty in."""
LARGEST = 24 * 1024 * 1024
"""Bytes past which a database is thrown away: a test that loaded much has left its space behind."""

_SHAPE = b"""
SELECT format('%s %s %s', (SELECT max(xmin::text::bigint) FROM pg_class), max(xmin::text::bigint), count(*)) FROM pg_attribute
"""
"""Who wrote the catalogue last: a copy of a database has this from it, and every change of a table's columns or indexes
changes it."""
_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
    "pg_backend_pid() AND pid <> ALL(%s)"
)
_TABLES = b"SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


Connection = psycopg.Connection[tuple[object, ...]]


class Databases:
    """Lends migrated, empty databases of one server; a connection to each is kept, for a fresh one would learn the
    catalogue anew."""

    def __init__(self, server: PostgreSQL, kept: Kept) -> None:
        self._server, self._kept = server, kept
        self._free: list[str] = []
        self._lent: dict[str, Connection] = {}
        self.template = server.fresh_database()
        upgrade(server.url(self.template))
        with self._connect(self.template) as connection:
            self._shape = _one(connection, _SHAPE)
            tables = [name for name in _all(connection, _TABLES) if name != KEPT]
        asked = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in tables)
        self._filled = " UNION ALL ".join(asked).encode()

    def lend(self) -> str:
        """Return the name of a database that nobody else uses."""
        if self._free:
            return self._free.pop()
        name = self._server.fresh_database(self.template)
        self._lent[name] = self._connect(name)
        self._kept.keep(self._server.port, name)
        return name

    def take_back(self, name: str) -> None:
        """Empty a database for the next test, or throw it away when its schema was changed or it has grown large."""
        connection = self._lent[name]
        connection.execute(_OTHERS, [self._kept.processes(self._server.port, name)])
        worn = _one(connection, b"SELECT pg_database_size(current_database())") > LARGEST
        if not worn and _one(connection, _SHAPE) == self._shape:
            self._empty(connection)
            self._free.append(name)
            return
        self._lent.pop(name).close()
        self._kept.forget(self._server.port, name)
        self._server.drop_database(name)

    def close(self) -> None:
        """Give the connections back."""
        for name, connection in self._lent.items():
            connection.close()
            self._kept.forget(self._server.port, name)

    def _empty(self, connection: Connection) -> None:
        filled = _all(connection, self._filled)
        # Statements sent together are one transaction.
        connection.execute("; ".join(f'DELETE FROM "{table}"' for table in filled).encode())

    def _connect(self, name: str) -> Connection:
        where = f"host={HOST} port={self._server.port} user=postgres dbname={name} connect_timeout=30"
        # Without triggers, foreign keys are not asked: everything goes. Said once, for to change it costs every plan.
        return psycopg.connect(where, autocommit=True, options="-c session_replication_role=replica")


def _all(connection: Connection, statement: bytes) -> Sequence[str]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(statement, prepare=True).fetchall()


def _one(connection: Connection, statement: bytes) -> Any:
    with connection.cursor(row_factory=scalar_row) as cursor:
        found: Any = cursor.execute(statement, prepare=True).fetchone()
        return found
