"""What a run did: told to whoever asked for it, and kept in the run's record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.directory.source import Run, RunReject
from iam.texts import N_

EXIT = {"done": 0, "partial": 0, "held": 3, "stopped": 3, "moved": 4, "failed": 1, "refused": 3}
PHASES = {
    "read": N_("Reading and checking"),
    "correlate": N_("Finding the persons"),
    "compare": N_("Comparing with what is known"),
    "write": N_("Writing facts and rights"),
}
"""What a run does, in its order, in words."""
Progress = Callable[[str, int], None]
"""Told the phase and how many rows have been seen."""


@dataclass
class Report:
    """What a run did, for the page, the command line and the run record."""

    run_id: UUID
    source: str
    state: str = "running"
    counts: dict[str, int] = field(default_factory=dict)
    phases: dict[str, float] = field(default_factory=dict)
    completeness: str | None = None
    reasons: list[Problem] = field(default_factory=list)
    rejects: list[tuple[str, Problem]] = field(default_factory=list)
    warnings: list[tuple[str, Problem]] = field(default_factory=list)
    plan_id: UUID | None = None
    digest: str | None = None
    header: str | None = None
    rows: int = 0
    """Rows seen so far."""
    _begun: tuple[str, float] | None = None

    @property
    def standing(self) -> tuple[str | None, int]:
        """The phase that is under way, and the rows seen."""
        return self._begun and self._begun[0], self.rows

    def so_far(self) -> dict[str, float]:
        """Return the seconds of each phase, also of the one that is under way."""
        begun = self._begun
        return self.phases | ({begun[0]: round(time.monotonic() - begun[1], 3)} if begun else {})

    @property
    def exit_code(self) -> int:
        """0 done, 1 failed, 3 held, stopped by the guard or refused, 4 inputs moved."""
        return EXIT[self.state]

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure a phase, in seconds."""
        self._begun = name, time.monotonic()
        yield
        self.phases, self._begun = self.so_far(), None


def fill(row: Run, report: Report) -> None:
    """Write what is known of a run into its record."""
    row.state, row.ended_at, row.plan_id = report.state, clock.now(), report.plan_id
    row.phases, row.counts, row.completeness = dict(report.phases), dict(report.counts), report.completeness
    row.reasons = [stored(problem) for problem in report.reasons]
    row.digest, row.header = report.digest, report.header


def keep_rejects(session: Session, report: Report) -> None:
    """Keep the rejected rows of a run, and after them those that were not taken whole, in one statement."""
    rows = [
        {
            "run_id": report.run_id,
            "n": n,
            "kind": kind,
            "file": p.file,
            "line": p.line,
            "field": p.field,
            "message": p.message,
            "remedy": p.remedy,
            "params": dict(p.params),
        }
        for n, (kind, p) in enumerate([*report.rejects, *report.warnings], 1)
    ]
    if rows:
        session.execute(insert(RunReject), rows)


def stored(problem: Problem) -> dict[str, Any]:
    """Return a problem as a run or a plan keeps it."""
    return {
        "message": problem.message,
        "remedy": problem.remedy,
        "params": dict(problem.params),
        "file": problem.file,
        "line": problem.line,
        "field": problem.field,
    }
