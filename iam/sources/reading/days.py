"""Days as sources write them. A moment with an offset is the day that it is in the source's own zone; one without is
its wall clock."""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from iam import clock

_FINNISH = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,9})?)?"
    r" ?([Zz]|[-+][0-9]{2}(?::?[0-9]{2})?)?"
)


@lru_cache(maxsize=16384)
def day(text: str, zone: str) -> date:
    """Return the day in ``zone`` of ``d.m.yyyy``, ``yyyy-mm-dd`` or an ISO 8601 moment, from 1900 on.

    Fractions of a second are passed over. Raises ``ValueError``.
    """
    if found := _FINNISH.fullmatch(text):
        told = date(int(found[3]), int(found[2]), int(found[1]))
    elif _ISO.fullmatch(text):
        told = date.fromisoformat(text)
    elif found := _MOMENT.fullmatch(text):
        told = _day_of_moment(found, zone)
    else:
        raise ValueError("not a day")
    if told.year < clock.LONG_AGO.year:
        raise ValueError("a day before all that is known")
    return told


def _day_of_moment(found: re.Match[str], zone: str) -> date:
    offset = (found[4] or "").upper().replace("Z", "+00:00")
    moment = datetime.fromisoformat(f"{found[1]}T{found[2]}:{found[3] or '00'}{offset}")
    if moment.tzinfo is None:
        return moment.date()
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        # The last day of all that can be told, which means that there is no end.
        return moment.date()
