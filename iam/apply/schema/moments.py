"""Days and instants as YAML states them: ``from`` is a first day, ``to`` a last day, or either an instant with a
zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from iam import clock

Stated = date | datetime
NOT_A_DAY = PydanticCustomError("not_a_day", "not a day")


def _read(value: Any) -> Stated | None:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            raise NOT_A_DAY from None
    if isinstance(value, datetime) and value.tzinfo is None:
        raise NOT_A_DAY
    if value is None or isinstance(value, date):
        return value
    raise NOT_A_DAY


def _read_day(value: Any) -> date | None:
    found = _read(value)
    if isinstance(found, datetime):
        raise NOT_A_DAY
    return found


Moment = Annotated[Stated | None, BeforeValidator(_read)]
"""A day (YYYY-MM-DD) or an instant with a zone; nothing means no known bound."""
Day = Annotated[date | None, BeforeValidator(_read_day)]
"""A day (YYYY-MM-DD)."""


def start_of(value: Stated | None) -> datetime:
    """Return the instant from which ``from: value`` holds."""
    if value is None:
        return clock.LONG_AGO
    return value.astimezone(UTC) if isinstance(value, datetime) else clock.day_start(value)


def end_of(value: Stated | None) -> datetime:
    """Return the half-open instant at which ``to: value`` ends."""
    if value is None:
        return clock.FOREVER
    return value.astimezone(UTC) if isinstance(value, datetime) else clock.day_end(value)


def from_start(instant: datetime) -> Stated | None:
    """Return what to state as ``from`` so that it holds from ``instant``."""
    return None if instant == clock.LONG_AGO else _day(instant) or instant


def from_end(instant: datetime) -> Stated | None:
    """Return what to state as ``to`` so that it ends at ``instant``."""
    if instant == clock.FOREVER:
        return None
    day = _day(instant)
    return instant if day is None else day - timedelta(days=1)


def _day(instant: datetime) -> date | None:
    local = instant.astimezone(ZoneInfo(clock.HELSINKI))
    return local.date() if local.time() == time.min else None
