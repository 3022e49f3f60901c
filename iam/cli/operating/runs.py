"""Scheduled runs, each in a process of its own: with a deadline and a memory limit, at most as many at once as the
settings say, one a source. What hangs, or takes too much, stops only itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from iam import clock
from iam.database.bulk import is_postgresql
from iam.settings import Settings
from iam.sources import lease, schedule
from iam.sources.schedule import Due

_log = structlog.get_logger("avain.runs")
Command = Callable[[str], Sequence[str]]
"""The command that runs a source by its key."""
WAIT = 5.0
"""Seconds that ended processes are waited for at the end."""


@dataclass(slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    since: datetime
    until: float


class Runs:
    """A chore that starts what is due and looks after it; ``close`` ends what is under way."""

    def __init__(self, settings: Settings, command: Command | None = None) -> None:
        limits = settings.worker
        self._most = limits.runs or os.cpu_count() or 1
        self._command = command or _command(limits.run_memory)
        self._running: dict[str, _Running] = {}

    def __call__(self, session: Session) -> int:
        """Look after the processes, and start what is due; return how many were started."""
        self._look_after(session)
        # SQLite lets one write at a time: a second run would only find it locked.
        most = self._most if is_postgresql(session) else 1
        due = schedule.take_due(session, clock.now(), self._running.keys(), most - len(self._running))
        for one in due:
            self._start(one)
        return len(due)

    def finish(self, session: Session) -> None:
        """Wait until all that is under way has ended, or its time is over."""
        while self._running:
            time.sleep(0.05)
            self._look_after(session)

    def close(self) -> None:
        """End what is under way: its transaction is taken back, and the next due time reads anew."""
        for one in self._running.values():
            one.process.terminate()
        for one in self._running.values():
            try:
                one.process.wait(WAIT)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()
        self._running.clear()

    def _start(self, due: Due) -> None:
        process = subprocess.Popen(  # noqa: S603 - our own program, by a key of ours
            self._command(due.key), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=None
        )
        until = time.monotonic() + due.deadline.total_seconds()
        self._running[due.key] = _Running(process, clock.now(), until)
        _log.info("a scheduled run has begun", source=due.key, process=process.pid)

    def _look_after(self, session: Session) -> None:
        for key, one in list(self._running.items()):
            if one.process.poll() is None and time.monotonic() < one.until:
                continue
            problem = lease.TOO_LONG if one.process.poll() is None else lease.DIED
            one.process.kill()
            code = one.process.wait()
            del self._running[key]
            if lease.end_of_killed(session, key, one.since, problem):
                _log.warning("a scheduled run was ended", source=key, code=code, why=problem.message)


def _command(memory: int) -> Command:
    """Run a source by the program itself, with so many MiB of address space at most."""
    limit = ("--memory", str(memory)) if memory else ()
    return lambda key: (sys.executable, "-m", "iam.cli", "source", "run", key, *limit)
