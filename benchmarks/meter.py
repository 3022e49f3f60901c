"""Wall time, and CPU of this process and of the PostgreSQL server with its backends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measure:
    """Seconds of wall time, of this process' CPU, and of the database's CPU."""

    wall: float = 0.0
    own: float = 0.0
    database: float = 0.0

    @property
    def cpu(self) -> float:
        """CPU of application and database together, in seconds."""
        return self.own + self.database


class Meter:
    """Measures blocks; ``postmaster`` is the process id of the PostgreSQL server."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster

    @contextmanager
    def measure(self) -> Iterator[Measure]:
        """Measure the block."""
        found, wall, own, database = Measure(), time.perf_counter(), time.process_time(), self._database()
        yield found
        found.wall, found.own = time.perf_counter() - wall, time.process_time() - own
        found.database = self._database() - database

    def _database(self) -> float:
        """CPU seconds of the server and its children, those that have ended included."""
        total = 0
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                total += self._ticks(folder)
        return total / _TICKS

    def _ticks(self, folder: Path) -> int:
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0
        if int(folder.name) == self._postmaster:
            return sum(int(field) for field in fields[11:15])
        return int(fields[11]) + int(fields[12]) if int(fields[1]) == self._postmaster else 0
