"""A real PostgreSQL server with a data folder of its own; what it keeps is not meant to survive."""

from __future__ import annotations

import itertools
import shutil
import signal
from pathlib import Path

import psycopg
from psycopg import sql

from tests.kit.servers.ports import HOST, free_port
from tests.kit.servers.process import Server, ServerFailed

_SPEED_FOR_SAFETY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB"]


class PostgreSQL(Server):
    """postgres on a free loopback port and on a Unix socket in its folder, run as ``postgres`` when the tests are root.

    Everyone on the loopback may sign in as the superuser ``postgres``: it holds generated data for seconds.
    """

    name = "postgresql"
    user = "postgres"
    stop_signal = signal.SIGINT  # a fast shutdown: sessions that a failed test left open do not hold it up

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self._numbers = itertools.count(1)

    def prepare(self) -> None:
        """Make the database cluster (about a second)."""
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        self.run_first([_program("initdb"), "--no-sync", "--no-instructions", *options, "-D", str(self._data)])

    def command(self) -> list[str]:
        """See ``Server``."""
        where = [f"listen_addresses={HOST}", f"port={self.port}", f"unix_socket_directories={self.folder}"]
        settings = [part for setting in where + _SPEED_FOR_SAFETY for part in ("-c", setting)]
        return [_program("postgres"), "-D", str(self._data), *settings]

    def ready(self) -> bool:
        """See ``Server``."""
        try:
            self._administer(sql.SQL("SELECT 1"))
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str = "postgres") -> str:
        """The SQLAlchemy address of a database, over TCP."""
        return f"postgresql+psycopg://postgres@{HOST}:{self.port}/{database}"

    def fresh_database(self, template: str = "template0") -> str:
        """Make a database as a copy of another, which nobody may be connected to; returns its name."""
        name = f"test_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._administer(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, ending whatever is still connected to it."""
        self._administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _administer(self, statement: sql.SQL | sql.Composed) -> None:
        where = f"host={HOST} port={self.port} user=postgres dbname=postgres connect_timeout=30"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement)


def _program(name: str) -> str:
    """Path of a PostgreSQL program: Debian keeps the server's own beside each version, off the PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if found is None:
        raise ServerFailed(f"{name} is not installed: install the package postgresql")
    return found
