"""Alembic's entry: runs migrations on the engine Avain itself uses."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from iam import models  # noqa: F401 - fills the metadata
from iam.database.base import Base
from iam.database.engine import make_engine

LOCK = 2026_09_15


def run() -> None:
    """Run the migrations in one transaction, one process at a time."""
    engine = make_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            _let_tables_be_rebuilt(connection)
        with connection.begin():
            _migrate(connection)
            if on_sqlite:
                _check_references(connection)
    engine.dispose()


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    context.run_migrations()


def _let_tables_be_rebuilt(connection: Connection) -> None:
    # A table that others refer to can be dropped and made anew only so, and the pragma means nothing inside a
    # transaction.
    connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise RuntimeError(f"a migration left rows of {broken[0]} that refer to nothing")


run()
