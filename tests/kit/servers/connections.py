"""Connections of engines that are disposed of, kept for the next engine on the same database: a fresh one costs the
server a process, and that process the learning of the whole catalogue."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.pq import ExecStatus, TransactionStatus

from iam.database import postgresql
from iam.database.pulse import Connection, Pulse

FORGET = b"RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; SELECT pg_advisory_unlock_all()"


class Kept:
    """What connections to lent databases are given back to when they are closed, as psycopg gives them to its own
    pools."""

    close_returns = True

    def __init__(self) -> None:
        self._spare: dict[tuple[int, str], list[Connection]] = {}

    def keep(self, port: int, name: str) -> None:
        """Keep connections to this database from now on."""
        self._spare[port, name] = []

    def forget(self, port: int, name: str) -> None:
        """Close the connections to a database, and keep no more."""
        for spare in self._spare.pop((port, name)):
            _end(spare)

    def processes(self, port: int, name: str) -> list[int]:
        """Ids of the server's processes behind the connections that are kept and not in use."""
        return [spare.info.backend_pid for spare in self._spare[port, name]]

    def putconn(self, connection: Connection) -> None:
        """See psycopg: keep a connection that is whole, close another."""
        spare = self._spare.get((connection.info.port, connection.info.dbname)) if _is_free(connection) else None
        if spare is not None and _as_new(connection):
            spare.append(connection)
        else:
            _end(connection)

    def take(self, port: int, name: str) -> Connection | None:
        """Return a kept connection that is as new; None when there is none."""
        spare = self._spare.get((port, name))
        return spare.pop() if spare else None


def keep_connections(patch: pytest.MonkeyPatch) -> Kept:
    """Let the engines of this process give back and take connections until ``patch`` is undone."""
    kept = Kept()

    class Opened(Connection):
        """A connection that ``close`` gives back."""

        @classmethod
        def opened(cls, pulse: Pulse, longest: float, *args: Any, **options: Any) -> Any:
            """See ``Connection``."""
            known = kept.take(int(options.get("port") or 0), str(options.get("dbname")))
            if known is None:
                known = super().opened(pulse, longest, *args, **options)
                known._pool = kept  # type: ignore[attr-defined]
            known.pulse, known.longest = pulse, longest
            return known

    patch.setattr(postgresql, "Connection", Opened)
    return kept


def _is_free(connection: Connection) -> bool:
    return not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE


def _as_new(connection: Connection) -> bool:
    """Make the server forget what was said on a connection; whether it could."""
    connection.autocommit = False
    return connection.pgconn.exec_(FORGET).status == ExecStatus.TUPLES_OK


def _end(connection: Connection) -> None:
    connection._pool = None  # type: ignore[attr-defined]
    connection.close()
