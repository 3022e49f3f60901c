"""A person's state, computed from facts and never stored: draft, active, suspended, archived."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.person import Hold
from iam.directory.queries import holds_at

Interval = tuple[datetime, datetime]


class State(StrEnum):
    """Draft: nothing has begun. Active: an affiliation or guardianship holds, or ended less than the archive time ago.
    Suspended: a hold lasts. Archived: the last end is longer ago than the archive time."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ARCHIVED = "archived"


def state(capacities: Iterable[Interval], held: bool, at: datetime, archive_after: timedelta) -> State:
    """Return the state of a person with these intervals of affiliations and guardianships; pure.

    A hold wins over everything. Ended persons stay active (without rights) until ``archive_after`` has passed, so that they can
    still see their own data and a late contract finds them.
    """
    if held:
        return State.SUSPENDED
    begun = [end for start, end in capacities if start <= at]
    if not begun:
        return State.DRAFT
    return State.ACTIVE if max(begun) + archive_after > at else State.ARCHIVED


def states(session: Session, person_ids: Collection[UUID], at: datetime, archive_after: timedelta) -> dict[UUID, State]:
    """Return the state of each person: two queries for all."""
    rows = union_all(
        select(Affiliation.person_id, Affiliation.valid_from, Affiliation.valid_to).where(
            Affiliation.person_id.in_(person_ids), Affiliation.closed_by.is_(None)
        ),
        select(Relationship.person_id, Relationship.valid_from, Relationship.valid_to).where(
            Relationship.person_id.in_(person_ids), Relationship.kind == "guardian_of", Relationship.closed_by.is_(None)
        ),
    )
    intervals: dict[UUID, list[Interval]] = {person_id: [] for person_id in person_ids}
    for person_id, start, end in session.execute(rows):
        intervals[person_id].append((start, end))
    on_hold = set(
        session.scalars(
            select(Hold.person_id).where(Hold.person_id.in_(person_ids), Hold.closed_by.is_(None), holds_at(Hold, at))
        )
    )
    return {
        person_id: state([(s, min(e, _FAR)) for s, e in found], person_id in on_hold, at, archive_after)
        for person_id, found in intervals.items()
    }


_FAR = datetime.fromisoformat("9000-01-01T00:00:00+00:00")
"""An open end, brought near enough that the archive time can be added to it."""


def state_of(session: Session, person_id: UUID, at: datetime, archive_after: timedelta) -> State:
    """Return the state of one person."""
    return states(session, [person_id], at, archive_after)[person_id]
