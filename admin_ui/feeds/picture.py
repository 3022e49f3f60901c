"""How a source stood over the last days, as a picture: rows, changes, rows left out, and whether it was read. Pure but
for ``of_source`` and ``at_a_glance``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from iam import clock
from iam.directory.source import Source
from iam.sources import listing
from iam.texts import N_
from iam.web import context

DAYS, GLANCE = 90, 14
"""Days of the picture, and of the strip on the overview."""
WIDE, ROWS, CHANGES, LEFT_OUT = 10, 56, 36, 24
"""Width of a day, and heights of the lanes, in units of the picture."""
TALL = {"none": 2, "good": 6, "waits": 9, "bad": 12}
"""How tall the mark of a day is: what is amiss is told by more than its colour."""
CHANGED = ("new", "changed", "deleted")
_STATES = {"done": "good", "partial": "good", "undone": "good", "held": "waits", "refused": "waits"}
"""How a day stood, by its last run; any other failed."""


class DayMark(NamedTuple):
    """A day: rows of its last good run (None: there was none), changes and rows left out of all its runs, and how it
    stood (``good``, ``waits``, ``bad``, ``none``)."""

    day: date
    rows: int | None
    changes: int
    left_out: int
    stood: str


class Bar(NamedTuple):
    """A bar of the picture, in its units."""

    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The lanes of the picture and what they say in words."""

    rows: Sequence[Bar]
    changes: Sequence[Bar]
    left_out: Sequence[Bar]
    stood: Sequence[tuple[int, str]]
    first: date
    words: Sequence[str]


Ran = tuple[datetime, str, dict[str, Any]]
"""When a run began, its state and its counts."""


def days(runs: Iterable[Ran], today: date, zone: str, count: int = DAYS) -> list[DayMark]:
    """Return the last ``count`` days, the oldest first; ``runs`` begin with the oldest."""
    marks = {
        day: DayMark(day, None, 0, 0, "none") for day in (today - timedelta(days=n) for n in range(count - 1, -1, -1))
    }
    for at, state, counts in runs:
        day = at.astimezone(ZoneInfo(zone)).date()
        if day in marks:
            marks[day] = _and(marks[day], _STATES.get(state, "bad"), counts)
    return list(marks.values())


def _and(mark: DayMark, stood: str, counts: dict[str, Any]) -> DayMark:
    rows = counts.get("rows") if stood != "bad" else mark.rows
    more = sum(counts.get(name) or 0 for name in CHANGED)
    return DayMark(mark.day, rows, mark.changes + more, mark.left_out + (counts.get("rejected") or 0), stood)


def drawn(marks: Sequence[DayMark]) -> Picture:
    """Return the picture of these days."""
    first, second = ROWS + 8, ROWS + CHANGES + 16
    return Picture(
        _bars([one.rows or 0 for one in marks], 0, ROWS),
        _bars([one.changes for one in marks], first, CHANGES),
        _bars([one.left_out for one in marks], second, LEFT_OUT),
        [(n * WIDE, one.stood) for n, one in enumerate(marks)],
        marks[0].day,
        _words(marks),
    )


def _bars(values: Sequence[int], top: int, height: int) -> list[Bar]:
    # By the root: beside a first load the changes of a usual day would not be seen.
    most = max(values, default=0) or 1
    tall = [(n, max(1.5, height * sqrt(value / most))) for n, value in enumerate(values) if value]
    return [Bar(n * WIDE, round(top + height - one, 1), round(one, 1)) for n, one in tall]


def _words(marks: Sequence[DayMark]) -> list[str]:
    texts = context.texts()
    rows = [one.rows for one in marks if one.rows is not None]
    said = [said_of(marks)]
    if rows:
        words = N_("Rows: between %(least)s and %(most)s. Changes: %(changes)s. Rows left out: %(left_out)s.")
        if min(rows) == max(rows):
            words = N_("Rows: %(most)s. Changes: %(changes)s. Rows left out: %(left_out)s.")
        numbers = {"changes": sum(one.changes for one in marks), "left_out": sum(one.left_out for one in marks)}
        said.append(texts.gettext(words) % {"least": min(rows), "most": max(rows), **numbers})
    return said


def said_of(marks: Sequence[DayMark]) -> str:
    """Return on how many days it was read, and how, in words."""
    words = N_("Read on %(n)s of %(all)s days: in order %(good)s, waiting %(waits)s, failed %(bad)s.")
    read = sum(one.stood != "none" for one in marks)
    numbers = {one: _many(marks, one) for one in ("good", "waits", "bad")}
    return context.texts().gettext(words) % {"n": read, "all": len(marks), **numbers}


def _many(marks: Collection[DayMark], stood: str) -> int:
    return sum(one.stood == stood for one in marks)


def of_source(source: Source) -> Picture | None:
    """Return the picture of a source; None while it was not read in these days; one statement."""
    runs = listing.ran_since(context.db(), [source.id], _since(DAYS, source.zone))
    marks = days([one[1:] for one in runs], clock.today(source.zone), source.zone)
    return drawn(marks) if any(one.stood != "none" for one in marks) else None


def at_a_glance(sources: Sequence[Any], zone: str) -> dict[Any, list[DayMark]]:
    """Return the last days of each source, by its id; one statement."""
    found: dict[Any, list[Ran]] = {one: [] for one in sources}
    for source_id, at, state, counts in listing.ran_since(context.db(), sources, _since(GLANCE, zone)):
        found[source_id].append((at, state, counts))
    return {one: days(runs, clock.today(zone), zone, GLANCE) for one, runs in found.items()}


def _since(count: int, zone: str) -> datetime:
    return clock.day_start(clock.today(zone) - timedelta(days=count - 1), zone)
