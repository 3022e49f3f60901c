"""Databases that tests use in turn: emptying one costs a tenth of making and dropping it."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from iam.database.migrate import upgrade
from tests.servers.ports import HOST
from tests.servers.postgresql import PostgreSQL

KEPT = "alembic_version"
"""The one table that a migrated database is not empty in."""
LARGEST = 24 * 1024 * 1024
"""Bytes past which a database is thrown away: a test that loaded much has left its space behind."""

_SHAPE = """
SELECT string_agg(format('%s %s %s', relname, attname, atttypid), ',' ORDER BY relname, attname)
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = pg_class.oid
WHERE nspname = 'public'
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


class Databases:
    """Lends migrated, empty databases of one server."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._free: list[str] = []
        self.template = server.fresh_database()
        upgrade(server.url(self.template))
        with self._connect(self.template) as connection:
            self._shape = _one(connection, _SHAPE)
            self._tables = [name for name in _all(connection, _TABLES) if name != KEPT]

    def lend(self) -> str:
        """Return the name of a database that nobody else uses."""
        return self._free.pop() if self._free else self._server.fresh_database(self.template)

    def take_back(self, name: str) -> None:
        """Empty a database for the next test, or throw it away when its schema was changed or it has grown large."""
        with self._connect(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            worn = _one(connection, "SELECT pg_database_size(current_database())") > LARGEST
            if not worn and _one(connection, _SHAPE) == self._shape:
                self._empty(connection)
                self._free.append(name)
                return
        self._server.drop_database(name)

    def _empty(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        asked = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(table), sql.Identifier(table))
            for table in self._tables
        )
        filled = _all(connection, asked)
        # Without triggers, foreign keys are not asked: everything goes.
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for table in filled:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))

    def _connect(self, name: str) -> psycopg.Connection[tuple[object, ...]]:
        where = f"host={HOST} port={self._server.port} user=postgres dbname={name} connect_timeout=30"
        return psycopg.connect(where, autocommit=True)


def _all(connection: psycopg.Connection[tuple[object, ...]], statement: str | sql.Composed) -> Sequence[str]:
    with connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(statement).fetchall()  # type: ignore[arg-type]


def _one(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> int:
    with connection.cursor(row_factory=scalar_row) as cursor:
        found: int = cursor.execute(statement).fetchone()  # type: ignore[call-overload]
        return found
