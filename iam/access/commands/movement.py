"""What a change moved: assignments that it opened or closed and nothing else carries, and those whose clause lives at
other times than before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from iam.access.commands.clause_lives import Written, altered, lives_of
from iam.access.living import live_until
from iam.access.model.assignment import Assignment
from iam.database.types import UtcDateTime, greatest, least


class Movement(NamedTuple):
    """A select from ``Assignment`` whose caller names the columns, and from when to when what it selects is gained or
    lost."""

    query: Select[Any]
    begins: Any
    ends: Any = Assignment.valid_to


def moved(change_id: UUID, now: datetime, *, gains: bool) -> Movement:
    """Select from ``Assignment`` what ``change_id`` opened (or closed), not yet over, and no other assignment carries.

    A right is a person's role in a scope. What one assignment loses and another carries on is neither gained nor lost:
    one that holds when it would, or begins with it, today at the earliest. It is lost from where nothing carries it:
    what ends earlier is, and what returns after a gap.
    """
    a, b = Assignment, aliased(Assignment)
    touched = (a.opened_by if gains else a.closed_by) == change_id
    starts = greatest(a.valid_from, literal(now, UtcDateTime()), type_=UtcDateTime())

    def same(other: type[Assignment]) -> ColumnElement[bool]:
        right = (other.person_id == a.person_id, other.role_id == a.role_id, other.scope_id == a.scope_id)
        return and_(*right, other.valid_from <= starts, other.valid_to > starts)

    # Outer joins rather than NOT EXISTS: SQLite makes itself an index for a join, but scans the table for each row of a
    # NOT EXISTS. Two of them, for what stands and what this change closed have indexes of their own.
    query = select(a.id).where(touched, a.valid_to > now)
    if gains:
        was = aliased(Assignment)
        query = query.outerjoin(b, and_(same(b), b.closed_by.is_(None), b.opened_by != change_id))
        query = query.outerjoin(was, and_(same(was), was.closed_by == change_id, was.opened_by != change_id))
        return Movement(query.where(b.id.is_(None), was.id.is_(None)), a.valid_from)
    query = query.outerjoin(b, and_(same(b), b.closed_by.is_(None)))
    gap = _first_gap(a, starts)
    # Most of what is closed is carried on by what lasts as long: only of the rest is it asked where the gap is.
    lost = or_(b.id.is_(None), and_(b.valid_to < a.valid_to, gap.is_not(None)))
    return Movement(query.where(lost), case((b.id.is_(None), starts), else_=gap))


def _first_gap(lost: type[Assignment], starts: ColumnElement[Any]) -> ColumnElement[Any]:
    """When, within the time of the one that is lost, what carries the right on first ends and nothing takes over; NULL:
    never."""
    carrying, next_ = aliased(Assignment), aliased(Assignment)

    def same(one: type[Assignment], other: type[Assignment]) -> ColumnElement[bool]:
        return and_(
            one.person_id == other.person_id,
            one.role_id == other.role_id,
            one.scope_id == other.scope_id,
            one.closed_by.is_(None),
        )

    goes_on = (
        exists()
        .where(same(next_, carrying), next_.valid_from <= carrying.valid_to, next_.valid_to > carrying.valid_to)
        .correlate_except(next_)
    )
    ends = select(func.min(carrying.valid_to, type_=UtcDateTime())).where(
        same(carrying, lost), carrying.valid_to > starts, carrying.valid_to < lost.valid_to, ~goes_on
    )
    return ends.correlate_except(carrying).scalar_subquery()


def within_lives(
    session: Session, change_id: UUID, clauses: Written, movement: Movement, *, gains: bool
) -> Iterator[Movement]:
    """Yield what was moved, and of clauses that the change itself opened or closed only the time in which they live:
    what has not been signed gives nobody anything, and takes nothing either."""
    a, own = Assignment, lives_of(session, change_id, clauses, gains=gains)
    if not own:
        yield movement
        return
    yield movement._replace(query=movement.query.where(or_(a.clause_id.is_(None), a.clause_id.not_in(own))))
    for clause_id, times in own.items():
        for start, end in times:
            begins = greatest(movement.begins, literal(start, UtcDateTime()), type_=UtcDateTime())
            ends = least(movement.ends, literal(end, UtcDateTime()), type_=UtcDateTime())
            yield Movement(movement.query.where(a.clause_id == clause_id, begins < ends), begins, ends)


def by_agreement(
    session: Session, change_id: UUID, clauses: Written, now: datetime, *, gains: bool
) -> Iterator[Movement]:
    """Yield what clauses give or take that live at other times than before: derived rows stand, for that time is joined
    at every read."""
    a = Assignment
    by_time = altered(session, change_id, clauses.standing, now, gains=gains)
    together = [one for some in by_time.values() for one in some]
    for (begins, end), living in by_time.items():
        stood = a.opened_by != change_id if gains else a.id.is_not(None)
        starts = greatest(a.valid_from, literal(begins, UtcDateTime()), type_=UtcDateTime())
        query = select(a.id).where(
            a.closed_by.is_(None),
            a.valid_to > begins,
            a.clause_id.in_(living),
            stood,
            ~_held_besides(together, starts),
        )
        ends = least(a.valid_to, literal(end, UtcDateTime()), type_=UtcDateTime())
        yield Movement(query, starts, ends)


def _held_besides(clauses: Sequence[UUID], at: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that an assignment which rests on none of these clauses gives the same right at ``at``."""
    a, b = Assignment, aliased(Assignment)
    lives = live_until(b.clause_id, at).correlate(a, b).scalar_subquery().is_not(None)
    usable = or_(b.clause_id.is_(None), and_(b.clause_id.not_in(clauses), lives))
    same = (b.person_id == a.person_id, b.role_id == a.role_id, b.scope_id == a.scope_id, b.closed_by.is_(None))
    return exists().where(*same, b.valid_from <= at, b.valid_to > at, usable).correlate_except(b)
