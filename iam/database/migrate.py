"""Migrations: numbered, applied under a lock, and compared with the models."""

from __future__ import annotations

from importlib import resources
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from iam.database.base import Base
from iam.database.engine import make_engine


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("iam") / "migrations"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, to: str = "head") -> None:
    """Bring the database at ``url`` to the newest schema, or to the one numbered ``to``; safe at any time, by several
    processes."""
    command.upgrade(_config(url), to)


def pending(engine: Engine) -> bool:
    """Whether the database lacks a migration that this version of the code has."""
    with engine.connect() as connection:
        at = MigrationContext.configure(connection).get_current_revision()
    return at != ScriptDirectory.from_config(_config("")).get_current_head()


def drift(url: str) -> list[Any]:
    """Return the differences between the models and the migrated schema; none means they agree. Models must be
    imported."""
    engine = make_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return list(found)
