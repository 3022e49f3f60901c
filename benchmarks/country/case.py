"""A case: its name on the command line, the line of the table that it is, and what is asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.country.made import Country
from benchmarks.meter import Measure


@dataclass(frozen=True, slots=True)
class Found:
    """What a case measured: a measure for each line of the table, by its words; ``told`` is said beside it."""

    work: str
    measure: Measure | None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """``run`` measures; ``asked`` says what is wanted, in the words of the table."""

    name: str
    asked: str
    run: Callable[[Country], list[Found]]


def share(whole: Measure, times: int) -> Measure:
    """The mean of so many times."""
    return Measure(whole.wall / times, whole.own / times, whole.database / times)
