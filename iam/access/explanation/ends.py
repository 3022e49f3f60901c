"""When a right ends: the pieces in which it is written, those that follow each other without a gap taken together.

Absences, moves of organisations and clauses part a right into assignments; what a person is told is the end of the
whole.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, union_all
from sqlalchemy.orm import Session

from iam.access.living import Cause, lives
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role, RoleClosure
from iam.access.right import held
from iam.access.rules.facts import Span
from iam.directory.affiliation import Absence
from iam.directory.queries import known


class Agreed(NamedTuple):
    """A clause and the agreement that it stands in; ``over`` tells what ends the time in which it lives."""

    clause: AgreementClause
    agreement: Agreement
    over: Cause


@dataclass(frozen=True, slots=True)
class Piece:
    """An assignment and the role it comes to (its own, or one that it includes), in a time in which its clause lives.

    ``in_force`` is that time, and ``clause`` what it says; None where no clause is needed.
    """

    row: Assignment
    role_id: UUID
    span: Span
    in_force: Span | None
    clause: Agreed | None = None

    @property
    def reason(self) -> Hashable:
        """What pieces of the same reason have in common."""
        return self.row.role_id, self.row.origin, self.row.rule_version_id, self.row.reason


def pieces(
    session: Session,
    person_id: UUID,
    at: datetime,
    known_at: datetime | None = None,
    among: ColumnElement[bool] | None = None,
) -> list[Piece]:
    """Return the pieces of what a person holds at ``at``, and of all that follows; two statements."""
    shown = Assignment, RoleClosure.included_id
    now = _included(held(at, known_at).with_only_columns(*shown), person_id, among)
    later = select(*shown).where(known(Assignment, known_at), Assignment.valid_from > at)
    both = select(*shown).from_statement(union_all(now, _included(later, person_id, among)))
    rows = [(row, role_id) for row, role_id in session.execute(both)]
    if not any(row.valid_from <= at for row, _ in rows):
        return []
    agreed = _agreed(session, {row.clause_id for row, _ in rows if row.clause_id}, known_at)
    found = []
    for row, role_id in rows:
        time = Span(row.valid_from, row.valid_to)
        for clause, in_force in ((None, None),) if row.clause_id is None else agreed.get(row.clause_id, ()):
            span = time if in_force is None else time.meet(in_force)
            if not span.empty:
                found.append(Piece(row, role_id, span, in_force, clause))
    return found


def _included(query: Any, person_id: UUID, among: ColumnElement[bool] | None) -> Any:
    query = (
        query.join(RoleClosure, RoleClosure.role_id == Assignment.role_id)
        .join(Role, and_(Role.id == RoleClosure.included_id, ~Role.retired))
        .where(Assignment.person_id == person_id)
    )
    return query if among is None else query.where(among)


def last(pieces: Iterable[Piece], at: datetime) -> Piece | None:
    """Return the piece that ends last of those that hold at ``at`` or carry it on without a gap; None when none holds.
    Pure."""
    known_pieces, found, reached = list(pieces), None, at
    while True:
        onward = [one for one in known_pieces if one.span.start <= reached < one.span.end]
        if not onward:
            return found
        found = max(onward, key=lambda one: one.span.end)
        reached = found.span.end


def terms(session: Session, clauses: Collection[UUID], known_at: datetime | None = None) -> Mapping[UUID, list[Span]]:
    """Return the times in which each clause lives."""
    found: dict[UUID, list[Span]] = {}
    for id_, time, _ in lives(session, clauses, known_at):
        found.setdefault(id_, []).append(Span(time.start, time.end))
    return found


def _agreed(
    session: Session, clauses: Collection[UUID], known_at: datetime | None
) -> Mapping[UUID, list[tuple[Agreed, Span]]]:
    """As ``terms``, each time with the clause and its agreement."""
    found: dict[UUID, list[tuple[Agreed, Span]]] = {}
    for id_, time, said in lives(session, clauses, known_at, AgreementClause, Agreement):
        found.setdefault(id_, []).append((Agreed(said[0], said[1], time.over), Span(time.start, time.end)))
    return found


def absences(session: Session, person_id: UUID, known_at: datetime | None = None) -> frozenset[datetime]:
    """Return when the absences of a person begin."""
    query = select(Absence.valid_from).where(Absence.person_id == person_id, known(Absence, known_at))
    return frozenset(session.scalars(query))
