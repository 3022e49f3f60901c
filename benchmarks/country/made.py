"""The directory of a given size: made, or taken as it was kept."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.country import cloning, seed, town
from benchmarks.country.server import Kept
from benchmarks.meter import Meter
from iam import models
from iam.database.base import Base
from iam.database.engine import make_engine, make_sessions
from iam.database.migrate import upgrade
from iam.directory.source import Source
from iam.vault import Vault

assert models
FIRST = 0
"""The town that the others are made of."""


@dataclass(frozen=True, slots=True)
class Country:
    """A directory of ``towns`` on a server, and where its files are."""

    server: Kept
    folder: Path
    engine: Engine
    sessions: sessionmaker[Session]
    vault: Vault
    towns: int

    @property
    def feeds(self) -> Path:
        """The folder of the towns' files and of declarations."""
        return self.folder / "feeds"

    @property
    def meter(self) -> Meter:
        """A meter of this process and the server."""
        return Meter(self.server.pid)

    def settle(self) -> None:
        """Do what PostgreSQL would do by itself within the next minute."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))

    def counted(self, what: str, number: int) -> int:
        """Return how many times something was done to a town, over all the runs of the benchmark, and count once
        more."""
        path = self.folder / "done.json"
        done: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        key = f"{what} {number}"
        before = int(done.get(key, 0))
        path.write_text(json.dumps(done | {key: before + 1}))
        return before

    def present(self, what: str, number: int) -> int:
        """Return how many times something was done to a town."""
        path = self.folder / "done.json"
        return int(json.loads(path.read_text()).get(f"{what} {number}", 0)) if path.exists() else 0


def make(server: Kept, folder: Path, persons: int) -> Country:
    """Return the directory of about ``persons``, made where the folder has none."""
    towns = max(2, round(persons / town.PEOPLE))
    engine = make_engine(server.url())
    country = Country(server, folder, engine, make_sessions(engine), Vault.open(folder / "vault.key"), towns)
    done = folder / "made"
    if done.exists():
        if int(done.read_text()) != towns:
            raise SystemExit(f"{folder} keeps a directory of {done.read_text()} towns, not of {towns}.")
        upgrade(server.url())
        _here(country)
        return country
    began = time.monotonic()
    upgrade(server.url())
    country.feeds.mkdir(parents=True, exist_ok=True)
    seed.sow(country.sessions, country.vault, country.feeds, FIRST)
    cloning.clone(country.sessions, country.vault, country.feeds, FIRST, FIRST + towns - 1)
    country.settle()
    done.write_text(str(towns))
    print(f"made in {time.monotonic() - began:.0f} s", flush=True)
    return country


def _here(country: Country) -> None:
    """Let the sources read from the folder where it lies now."""
    with country.sessions.begin() as session:
        for source in session.scalars(select(Source)):
            path = country.feeds / Path(source.settings["path"]).name
            if source.settings["path"] != str(path):
                source.settings = source.settings | {"path": str(path)}


def sizes(country: Country) -> dict[str, int]:
    """Return how many rows each table has that has any."""
    with country.engine.connect() as connection:
        counts = {
            table.name: connection.execute(text(f'SELECT count(*) FROM "{table.name}"')).scalar_one()
            for table in Base.metadata.sorted_tables
        }
    return {name: count for name, count in sorted(counts.items()) if count}


def database_bytes(country: Country) -> int:
    """Return how many bytes the database takes."""
    with country.engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
