"""Which clauses live longer or shorter by a change of their agreement: of its terms, its parties, its suspensions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, and_, or_, select, union
from sqlalchemy.orm import Session

from iam.access.administration import Part
from iam.access.living import Interval, Seen, lives, without
from iam.access.model.agreement import AgreementClause, AgreementParty, AgreementSuspension, AgreementTerm
from iam.access.model.assignment import Assignment

Moved = tuple[UUID, UUID, UUID]
"""Person, role and scope."""


class Written(NamedTuple):
    """The clauses of which a change wrote: whose agreement's time it altered, that it opened, and that it closed."""

    standing: list[UUID]
    opened: list[UUID]
    closed: list[UUID]


def written(session: Session, change_id: UUID) -> Written:
    """Return the clauses of which a change wrote, named one by one: so few rights of so many are looked up, and not all
    compared; one statement."""
    c = AgreementClause
    open_, theirs = c.closed_by.is_(None), c.agreement_id.in_(_altered_agreements(change_id))
    mine = c.opened_by == change_id, c.closed_by == change_id
    query = select(c.id, and_(open_, theirs), *mine).where(or_(and_(open_, theirs), *mine))
    rows = session.execute(query).all()
    return Written(*([row[0] for row in rows if row[place]] for place in (1, 2, 3)))


def altered(
    session: Session, change_id: UUID, clauses: Collection[UUID], now: datetime, *, gains: bool
) -> Mapping[Interval, list[UUID]]:
    """Return which of these clauses live at a time, not yet over, at which they did not before the change (or no longer
    do), by that time, from now at the earliest; two statements."""
    before, after = (_lives(session, clauses, seen) for seen in (_until(change_id), _standing))
    found: dict[Interval, list[UUID]] = {}
    for clause_id in clauses:
        was, becomes = before.get(clause_id, []), after.get(clause_id, [])
        moved = without(becomes, was) if gains else without(was, becomes)
        coming = [(max(start, now), end) for start, end in moved if end > now]
        if coming:
            found.setdefault((coming[0][0], coming[-1][1]), []).append(clause_id)
    return found


def lives_of(session: Session, change_id: UUID, clauses: Written, *, gains: bool) -> dict[UUID, list[Interval]]:
    """Return the clauses that a change opened, and when each lives; or which it closed, and when each lived before it;
    one statement at most."""
    mine = clauses.opened if gains else clauses.closed
    times = _lives(session, mine, _standing if gains else _until(change_id))
    return {one: times.get(one, []) for one in mine}


def tellable(session: Session, change_id: UUID, part: Part) -> frozenset[Moved] | None:
    """Return the rights that a change of an agreement moved, of which an asker with ``part`` may be told (None: all):
    those by the clauses whose time it altered, and those derived anew."""
    if part.tells_all:
        return None
    a, theirs = Assignment, AgreementClause.agreement_id.in_(_altered_agreements(change_id))
    clauses = session.scalars(select(AgreementClause.id).where(theirs)).all()
    anew = a.opened_by == change_id, a.closed_by == change_id
    touched = or_(and_(a.clause_id.in_(clauses), a.closed_by.is_(None)), *anew)
    query = select(a.person_id, a.role_id, a.scope_id).where(touched)
    rows = session.execute(query.where(part.tells_right(a)).distinct())
    return frozenset((row[0], row[1], row[2]) for row in rows)


def _altered_agreements(change_id: UUID) -> CompoundSelect[Any]:
    tables: tuple[Any, ...] = (AgreementTerm, AgreementParty, AgreementSuspension)
    return union(
        *(select(one.agreement_id).where(or_(one.opened_by == change_id, one.closed_by == change_id)) for one in tables)
    )


def _lives(session: Session, clauses: Collection[UUID], seen: Seen) -> dict[UUID, list[Interval]]:
    found: dict[UUID, list[Interval]] = {}
    for clause_id, life, _ in lives(session, clauses, seen=seen):
        found.setdefault(clause_id, []).append((life.start, life.end))
    return found


def _until(change_id: UUID) -> Seen:
    """What stood before the change."""
    return lambda model: and_(
        model.opened_by != change_id, or_(model.closed_by.is_(None), model.closed_by == change_id)
    )


def _standing(model: Any) -> ColumnElement[bool]:
    return model.closed_by.is_(None)  # type: ignore[no-any-return]
