"""A case: its name on the command line, and the lines of the table that it measures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.country.made import Country
from benchmarks.meter import Measure


@dataclass(frozen=True, slots=True)
class Found:
    """A line of the table: what was done, what is asked of it, and what it took; ``told`` is said beside it."""

    work: str
    asked: str
    measure: Measure | None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """``run`` measures, and returns the lines of the table."""

    name: str
    run: Callable[[Country], list[Found]]


def share(whole: Measure, times: int) -> Measure:
    """The mean of so many times."""
    return Measure(whole.wall / times, whole.own / times, whole.database / times)
