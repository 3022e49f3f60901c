"""Engines and sessions."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session, sessionmaker

from iam.database import postgresql, sqlite
from iam.database.postgresql import PLACES, WORK, Patience


def make_engine(url: str, *, pool_size: int = 10, patience: Patience = WORK) -> Engine:
    """Return an engine for ``url`` (sqlite or postgresql+psycopg), set up so that both behave alike.

    SQLite writes start ``BEGIN IMMEDIATE``, with foreign keys and WAL; on PostgreSQL nobody waits longer than
    ``patience`` says, nor for a server that hangs. Raises ``ValueError`` for any other database.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": 30})
        sqlite.prepare(engine)
        return engine
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        opened = postgresql.opener(parsed, patience)
        engine = create_engine(parsed, creator=opened, paramstyle=PLACES, pool_size=pool_size, pool_timeout=5)
        postgresql.prepare(engine, patience)
        return engine
    raise ValueError("the database must be sqlite or postgresql")


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for any other, and for one in memory."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions for command line, worker and tests; objects stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)
