"""A person's state, computed from facts and never stored: draft, active, ended, suspended, archived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select, true, union_all
from sqlalchemy.orm import Session

from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime
from iam.directory import holds
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.person import Person

Interval = tuple[datetime, datetime]


class State(StrEnum):
    """Draft: nothing has begun. Active: an affiliation or guardianship holds, or another is coming after the last one.
    Ended: the last one has ended, less than the archive time ago. Suspended: a hold on the whole person lasts (one over
    a part suspends nobody). Archived: the last end is longer ago than the archive time."""

    DRAFT = "draft"
    ACTIVE = "active"
    ENDED = "ended"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"


def state(capacities: Iterable[Interval], held: bool, at: datetime, archive_after: timedelta) -> State:
    """Return the state of a person with these intervals of affiliations and guardianships; pure.

    A hold wins over everything. Ended persons may sign in (without rights) until ``archive_after`` has passed, so that
    they can still see their own data and a late contract finds them.
    """
    if held:
        return State.SUSPENDED
    known = [(start, min(end, _FAR)) for start, end in capacities]
    begun = [end for start, end in known if start <= at]
    if not begun:
        return State.DRAFT
    if max(begun) + archive_after <= at:
        return State.ARCHIVED
    return State.ACTIVE if any(end > at for _, end in known) else State.ENDED


_FAR = datetime.fromisoformat("9000-01-01T00:00:00+00:00")
"""An open end, brought near enough that the archive time can be added to it."""


def _of_one() -> Rows:
    person, now = bindparam("person_id", type_=Uuid()), bindparam("at", type_=UtcDateTime())
    a, r = Affiliation, Relationship
    lives = union_all(
        select(a.valid_from, a.valid_to).where(a.person_id == person, a.closed_by.is_(None)),
        select(r.valid_from, r.valid_to).where(r.person_id == person, r.kind == "guardian_of", r.closed_by.is_(None)),
    ).subquery()
    held = holds.whole(person, now)
    query: Rows = select(lives.c.valid_from, lives.c.valid_to, held).select_from(Person)
    return query.outerjoin(lives, true()).where(Person.id == person)


_OF_ONE = Statement(_of_one, lambda start, end, held: (start, end, bool(held)))


def state_of(session: Session, person_id: UUID, at: datetime, archive_after: timedelta) -> State:
    """Return the state of one person."""
    rows = _OF_ONE.all(session, person_id=person_id, at=at)
    held = any(on_hold for _, _, on_hold in rows)
    return state([(start, end) for start, end, _ in rows if start], held, at, archive_after)
