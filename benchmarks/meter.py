"""Wall time, CPU of the application and of the PostgreSQL server, each with its children, and the application's
memory."""

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
    """Seconds of wall time, of the application's CPU, and of the database's CPU; ``memory`` is the most that the
    application had at once, in MiB."""

    wall: float = 0.0
    own: float = 0.0
    database: float = 0.0
    memory: float = 0.0

    @property
    def cpu(self) -> float:
        """CPU of application and database together, in seconds."""
        return self.own + self.database


class Meter:
    """Measures blocks; ``postmaster`` is the process id of the PostgreSQL server, ``application`` of the one that is
    measured (None: this process)."""

    def __init__(self, postmaster: int, application: int | None = None) -> None:
        self._postmaster, self._application = postmaster, application

    @contextmanager
    def measure(self) -> Iterator[Measure]:
        """Measure the block."""
        application = Path("/proc") / str(self._application or os.getpid())
        _forget_peak(application)
        found, wall, own, database = Measure(), time.perf_counter(), self._own(), _family(self._postmaster)
        yield found
        found.wall, found.own = time.perf_counter() - wall, self._own() - own
        found.database = _family(self._postmaster) - database
        found.memory = _peak(application)

    def _own(self) -> float:
        return time.process_time() if self._application is None else _family(self._application)


def _family(head: int) -> float:
    """CPU seconds of a process and its children, those of its children that have ended included."""
    return sum(_ticks(folder, head) for folder in Path("/proc").iterdir() if folder.name.isdigit()) / _TICKS


def _ticks(folder: Path, head: int) -> int:
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    if int(folder.name) == head:
        return sum(int(field) for field in fields[11:15])
    return int(fields[11]) + int(fields[12]) if int(fields[1]) == head else 0


def _forget_peak(process: Path) -> None:
    (process / "clear_refs").write_text("5")


def _peak(process: Path) -> float:
    """The most memory, in MiB, that a process had since its peak was forgotten."""
    lines = (line.split() for line in (process / "status").read_text().splitlines())
    return next(int(line[1]) for line in lines if line[0] == "VmHWM:") / 1024
