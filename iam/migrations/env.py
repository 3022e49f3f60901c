"""Alembic's entry: runs migrations on the engine Avain itself uses."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from iam import models  # noqa: F401 - fills the metadata
from iam.database.base import Base
from iam.database.engine import make_engine

LOCK = 2026_09_15


def run() -> None:
    """Run the migrations in one transaction, one process at a time."""
    engine = make_engine(context.config.attributes["url"])
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
        context.run_migrations()
    engine.dispose()


run()
