"""The days of a school year around *today*; every date in the feeds is one of these or counted from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

SOON = timedelta(days=30)
"""What must hold *today* also holds this much longer."""


@dataclass(frozen=True, slots=True)
class Days:
    """Days relative to ``today``; the clock on the wall is never asked."""

    today: date

    @property
    def school_start(self) -> date:
        """Return the latest 1 August up to today."""
        return date(self.today.year - (self.today.month < 8), 8, 1)

    @property
    def school_end(self) -> date:
        """Return the 31 May that ends the school year, or the one after it when less than 30 days are left."""
        end = date(self.school_start.year + 1, 5, 31)
        return end if end >= self.today + SOON else date(end.year + 1, 5, 31)

    @property
    def autumn_end(self) -> date:
        """Return 18 December when that is at least 30 days ahead, else the end of the school year."""
        end = date(self.today.year, 12, 18)
        return end if end >= self.today + SOON else self.school_end

    @property
    def month_start(self) -> date:
        """Return the first day of this month."""
        return self.today.replace(day=1)

    def ahead(self, days: int) -> date:
        """Return the day ``days`` after today; before it when negative."""
        return self.today + timedelta(days=days)

    def august(self, years_ago: int) -> date:
        """Return the 1 August that began the school year ``years_ago`` before this one."""
        return date(self.school_start.year - years_ago, 8, 1)


def finnish(day: date | None) -> str:
    """Write a day as ``d.m.yyyy``; an open end as nothing."""
    return f"{day.day}.{day.month}.{day.year}" if day else ""


def iso(day: date | None) -> str:
    """Write a day as ``yyyy-mm-dd``; an open end as nothing."""
    return day.isoformat() if day else ""
