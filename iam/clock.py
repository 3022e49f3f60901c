"""The one clock. Instants are aware UTC datetimes; a day is turned into an instant in a named zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of an interval whose end is not known."""
LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)
"""The start of an interval whose start is not known."""
HELSINKI = "Europe/Helsinki"

_fixed: ContextVar[datetime | None] = ContextVar("fixed", default=None)


def now() -> datetime:
    """Return the present instant in UTC, or the one set by ``fixed``."""
    return _fixed.get() or datetime.now(UTC)


@contextmanager
def fixed(instant: datetime) -> Iterator[datetime]:
    """Hold the clock at ``instant`` (aware) inside the block; for tests and for reproducible demonstrations."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    token = _fixed.set(instant.astimezone(UTC))
    try:
        yield instant
    finally:
        _fixed.reset(token)


@lru_cache(maxsize=8192)
def day_start(day: date, zone: str = HELSINKI) -> datetime:
    """Return the instant at which ``day`` starts in ``zone``, in UTC."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


@lru_cache(maxsize=8192)
def day_end(day: date, zone: str = HELSINKI) -> datetime:
    """Return the half-open end of ``day``: the start of the day after it in ``zone``, in UTC."""
    return FOREVER if day.year >= 9999 else day_start(day + timedelta(days=1), zone)


def last_day(end: datetime, zone: str = HELSINKI) -> date:
    """Return the last day of what ends, half-open, at ``end``."""
    return (end - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date()


def today(zone: str = HELSINKI) -> date:
    """Return the present day in ``zone``."""
    return now().astimezone(ZoneInfo(zone)).date()
