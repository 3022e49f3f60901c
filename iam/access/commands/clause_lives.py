"""Which clauses live longer or shorter by a change of their agreement: of its terms, its parties, its suspensions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, and_, or_, select, union
from sqlalchemy.orm import Session

from iam.access.administration import Part
from iam.access.living import Interval, Seen, lives, without
from iam.access.model.agreement import AgreementClause, AgreementParty, AgreementSuspension, AgreementTerm
from iam.access.model.assignment import Assignment

Moved = tuple[UUID, UUID, UUID]
"""Person, role and scope."""


def altered(session: Session, change_id: UUID, now: datetime, *, gains: bool) -> Mapping[Interval, list[UUID]]:
    """Return the clauses that live at a time, not yet over, at which they did not before the change (or no longer do),
    by that time, from now at the earliest; three statements."""
    # Named one by one: so few rights of so many are looked up, and not all compared.
    theirs = AgreementClause.agreement_id.in_(_altered_agreements(change_id))
    clauses = session.scalars(select(AgreementClause.id).where(AgreementClause.closed_by.is_(None), theirs)).all()
    before, after = (_lives(session, clauses, seen) for seen in (_until(change_id), _standing))
    found: dict[Interval, list[UUID]] = {}
    for clause_id in clauses:
        was, becomes = before.get(clause_id, []), after.get(clause_id, [])
        moved = without(becomes, was) if gains else without(was, becomes)
        coming = [(max(start, now), end) for start, end in moved if end > now]
        if coming:
            found.setdefault((coming[0][0], coming[-1][1]), []).append(clause_id)
    return found


def tellable(session: Session, change_id: UUID, part: Part) -> frozenset[Moved]:
    """Return the rights by the clauses of agreements that a change wrote of, of which an asker with ``part`` may be
    told."""
    a, theirs = Assignment, AgreementClause.agreement_id.in_(_altered_agreements(change_id))
    clauses = session.scalars(select(AgreementClause.id).where(theirs)).all()
    query = select(a.person_id, a.role_id, a.scope_id).where(a.clause_id.in_(clauses), a.closed_by.is_(None))
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
