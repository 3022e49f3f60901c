"""How often people were given a token for an application by a capacity: counted in the audit log, where each issue says
client and capacity.

A token that an application renews counts as one that it gets after a sign-in: what it may do with it is the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.audit.log import AuditEvent
from iam.database.types import UtcDateTime, day_of, in_hyphens, least_uuid7
from iam.oidc.issuing.redemption import ISSUED
from iam.oidc.model import Client

DAYS = 90
"""So far back uses are counted."""
_SLACK = timedelta(days=1)
"""An event's id and its time are taken one after the other."""


class Used(NamedTuple):
    """On how many days and how many times somebody was given a token, and when last (None: never)."""

    days: int
    times: int
    last: datetime | None


class MonthUsed(NamedTuple):
    """How many people were given a token in a month, and how many times; ``month`` is its first day."""

    month: date
    people: int
    times: int


def of_people(session: Session, under: Select[Any], person_ids: Collection[UUID]) -> dict[UUID, Used]:
    """Return how often each of these persons was given a token, for the rights that ``under`` selects (person_id,
    capacity_id, application_id, begins) and since each began; those who were given none are left out. One statement."""
    u, e, now = under.subquery(), AuditEvent, clock.now()
    columns = u.c.person_id, func.count(_day(now).distinct()), func.count(e.id), func.max(e.at, type_=UtcDateTime())
    query = _issued(select(*columns), u, now).where(u.c.person_id.in_(person_ids)).group_by(u.c.person_id)
    return {row[0]: Used(*row[1:]) for row in session.execute(query)}


def by_month(session: Session, under: Select[Any]) -> list[MonthUsed]:
    """Return the same of everybody together, by month, the newest first; months without any are told too. One
    statement."""
    u, e, now = under.subquery(), AuditEvent, clock.now()
    months = list(_months(now))
    month = case(*((e.at >= clock.day_start(one), n) for n, one in enumerate(months)), else_=len(months) - 1)
    query = select(month, func.count(u.c.person_id.distinct()), func.count(e.id))
    found = {row[0]: row[1:] for row in session.execute(_issued(query, u, now).group_by(month))}
    return [MonthUsed(one, *found.get(n, (0, 0))) for n, one in enumerate(months)]


def _issued(query: Select[Any], u: Subquery, now: datetime) -> Select[Any]:
    """Let a query be about the issues of tokens for these rights."""
    e, since = AuditEvent, now - timedelta(days=DAYS)
    theirs = (
        e.subject_id == u.c.person_id,
        e.type == ISSUED,
        e.id >= least_uuid7(since - _SLACK),
        e.at >= since,
        e.at >= u.c.begins,
        e.envelope["client"].as_string() == Client.client_id,
        e.envelope["capacity"].as_string() == in_hyphens(u.c.capacity_id),
    )
    query = query.select_from(u).join(Client, Client.application_id == u.c.application_id)
    return query.join(e, and_(*theirs))


def _months(now: datetime) -> Iterator[date]:
    """The first days of the months that are counted, the newest first."""
    zone = ZoneInfo(clock.HELSINKI)
    day = now.astimezone(zone).date().replace(day=1)
    first = (now - timedelta(days=DAYS)).astimezone(zone).date()
    yield day
    while day > first:
        day = (day - timedelta(days=1)).replace(day=1)
        yield day


def _day(now: datetime) -> ColumnElement[str]:
    """The day of an event in Finland: of the days that are counted, clocks are changed on one at most."""
    first = (now - timedelta(days=DAYS)).replace(minute=0, second=0, microsecond=0)
    then, since_changed = _offset(first), _offset(now)
    hours = range((DAYS + 1) * 24)
    changed = bisect_left(hours, True, key=lambda n: _offset(first + timedelta(hours=n)) != then)
    before = AuditEvent.at < first + timedelta(hours=changed)
    return case((before, day_of(AuditEvent.at, then)), else_=day_of(AuditEvent.at, since_changed))


def _offset(at: datetime) -> int:
    """By how many seconds clocks in Finland are before UTC."""
    told = at.astimezone(ZoneInfo(clock.HELSINKI)).utcoffset()
    assert told is not None
    return int(told.total_seconds())
