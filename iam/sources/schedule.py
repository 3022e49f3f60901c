"""When sources are read by themselves: five fields of time, as cron has them, in the source's own zone.

What falls into an hour that clocks skip is due right after it; what comes twice, once; what was missed while nobody
looked, once. ``take_due`` marks a source in the statement that finds it, so that of many workers one starts it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam.directory.source import Source

LOOKS_BACK = timedelta(days=31)
"""What was missed longer ago is not caught up on."""


@dataclass(frozen=True, slots=True)
class Due:
    """A source that is to be read now, and in how long a time."""

    key: str
    deadline: timedelta


def is_schedule(text: str) -> bool:
    """Whether a text says when something is due, at least once."""
    try:
        next(CronSim(text, datetime(2026, 1, 1)))
    except (CronSimError, StopIteration):
        return False
    return True


def following(schedule: str, zone: str, after: datetime) -> datetime:
    """Return when something is due next after an instant; pure."""
    return next(CronSim(schedule, after.astimezone(ZoneInfo(zone)))).astimezone(after.tzinfo)


def last_due(schedule: str, zone: str, since: datetime, now: datetime) -> datetime | None:
    """Return when something was last due after ``since`` and not after ``now``; None when it was not; pure."""
    found = None
    for at in CronSim(schedule, max(since, now - LOOKS_BACK).astimezone(ZoneInfo(zone))):
        if at > now:
            break
        found = at.astimezone(now.tzinfo)
    return found


def take_due(session: Session, now: datetime, busy: Collection[str], most: int) -> list[Due]:
    """Return at most so many sources that are due and not ``busy``, each marked as started.

    A source whose schedule is looked at for the first time is due from then on.
    """
    s, found = Source, list[Due]()
    query = select(s.id, s.key, s.schedule, s.zone, s.scheduled_at, s.deadline)
    rows = session.execute(query.where(s.schedule.is_not(None), ~s.disabled).order_by(s.scheduled_at, s.key)).all()
    for row in rows:
        since = row.scheduled_at
        at = now if since is None else last_due(row.schedule or "", row.zone, since, now)
        if at is None or (since is not None and (row.key in busy or len(found) >= most)):
            continue
        stands = s.scheduled_at.is_(None) if since is None else s.scheduled_at == since
        taken = session.execute(update(s).where(s.id == row.id, stands).values(scheduled_at=at).returning(s.id)).first()
        if taken is not None and since is not None:
            found.append(Due(row.key, timedelta(minutes=row.deadline)))
    return found
