"""Which of two files is newer: by the day, and the time, in their names; without a day there, by when each was last
changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

FINLAND = ZoneInfo("Europe/Helsinki")
"""Days in names are those of the sender's calendar."""

_YEAR_FIRST = re.compile(r"(?<!\d)(?P<y>20\d\d)([-_.]?)(?P<m>\d\d)\2(?P<d>\d\d)(?:[-_T.]?(?P<t>\d{6}|\d{4}))?(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(?P<d>\d{1,2})([-_.])(?P<m>\d{1,2})\2(?P<y>20\d\d)(?:[-_T.](?P<t>\d{6}|\d{4}))?(?!\d)")
_DAY_FIRST_TIGHT = re.compile(r"(?<!\d)(?P<d>\d\d)(?P<m>\d\d)(?P<y>20\d\d)(?:[-_T.](?P<t>\d{6}|\d{4}))?(?!\d)")


@dataclass(frozen=True, slots=True, order=True)
class Order:
    """How new a file is: the moment that its name tells, or that it was changed; then when it was changed, in
    nanoseconds."""

    moment: datetime
    changed: int
    name: str

    @property
    def day(self) -> date:
        """The day that the file is of."""
        return self.moment.date()

    def packed(self) -> str:
        """Return it as a checkpoint."""
        return json.dumps([self.moment.isoformat(), self.changed, self.name])


def unpacked(checkpoint: str) -> Order | None:
    """Return what ``Order.packed`` gave; None for anything else."""
    try:
        moment, changed, name = json.loads(checkpoint)
        found = Order(datetime.fromisoformat(moment), int(changed), str(name))
    except (ValueError, TypeError):
        return None
    return found if found.moment.tzinfo is None else None


def order_of(name: str, changed: int) -> Order:
    """Return how new a file of this ``name`` is that was ``changed`` then, in nanoseconds since 1970."""
    return Order(_told(name) or _moment(changed), changed, name)


def _moment(changed: int) -> datetime:
    try:
        return datetime.fromtimestamp(changed / 1e9, FINLAND).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return datetime.min


def _told(name: str) -> datetime | None:
    """Return the moment that a name tells; the first that is one."""
    for form in (_YEAR_FIRST, _DAY_FIRST, _DAY_FIRST_TIGHT):
        for found in form.finditer(name):
            digits = (found["t"] or "").ljust(6, "0")
            try:
                day = date(int(found["y"]), int(found["m"]), int(found["d"]))
                return datetime.combine(day, time(int(digits[:2]), int(digits[2:4]), int(digits[4:])))
            except ValueError:
                continue
    return None
