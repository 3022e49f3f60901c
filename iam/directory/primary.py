"""Which of a person's affiliations is the primary one: the one first marked so. Another source's mark does not move it.

A source may move its own mark among its own affiliations: the other then has the place that the source's first mark
has, among what holds. Rules' condition ``primary`` asks the stored mark of the affiliation they bind and nothing of
this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, bindparam, select
from sqlalchemy.orm import Session, aliased

from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Affiliation
from iam.directory.entitled import PAST


class Marked(NamedTuple):
    """An affiliation as known now, with one earlier version of it that was marked (None: there is none). An affiliation
    with several such versions comes as several of these."""

    person_id: UUID
    fact_id: UUID
    source_id: UUID | None
    organisation_id: UUID
    valid_from: datetime
    valid_to: datetime
    is_primary: bool
    version_id: UUID
    former_id: UUID | None

    @property
    def mark(self) -> UUID | None:
        """The id of the version that marked it; ids of versions are in order of time."""
        return self.former_id or (self.version_id if self.is_primary else None)


def of(session: Session, person_ids: Collection[UUID], at: datetime) -> dict[UUID, Marked]:
    """Return the affiliation that counts as each person's primary one at ``at``; one query for all.

    Where none that holds is marked, it is the one that was told of first; where none holds, the first that is coming;
    where none is, the last that ended within ``PAST``. Persons without any are left out.
    """
    found: dict[UUID, list[Marked]] = {}
    for row in session.execute(_rows(Affiliation.person_id.in_(person_ids), at - PAST)):
        found.setdefault(row.person_id, []).append(Marked(*row))
    return {person_id: chosen for person_id, rows in found.items() if (chosen := choose(rows, at)) is not None}


def of_one(session: Session, person_id: UUID, at: datetime) -> UUID | None:
    """Return the fact of one person's primary affiliation, as ``of`` does."""
    chosen = choose(_OF_ONE.all(session, person_id=person_id, since=at - PAST), at)
    return chosen.fact_id if chosen else None


def choose(rows: Sequence[Marked], at: datetime) -> Marked | None:
    """Return which of one person's affiliations is the primary one; pure."""
    present = [row for row in rows if row.valid_from <= at < row.valid_to]
    if not present:
        return _beside(rows, at)
    first = _firsts((row.source_id, row.mark) for row in present)
    own = _firsts((row.fact_id, row.mark) for row in present if row.is_primary)
    if not own:
        return min(present, key=lambda row: row.fact_id)
    return min((row for row in present if row.is_primary), key=lambda row: (first[row.source_id], own[row.fact_id]))


def _beside(rows: Sequence[Marked], at: datetime) -> Marked | None:
    coming = [row for row in rows if row.valid_from > at]
    if coming:
        return min(coming, key=lambda row: (not row.is_primary, row.mark or row.fact_id))
    return max(rows, key=lambda row: (row.valid_to, row.is_primary, row.fact_id), default=None)


def _firsts(marks: Iterable[tuple[Any, UUID | None]]) -> dict[Any, UUID]:
    found: dict[Any, UUID] = {}
    for key, mark in marks:
        if mark is not None:
            found[key] = min(mark, found.get(key, mark))
    return found


def _rows(who: ColumnElement[bool], since: Any) -> Rows:
    a, former = Affiliation, aliased(Affiliation)
    marked = and_(former.fact_id == a.fact_id, former.closed_by.is_not(None), former.is_primary)
    columns = [getattr(a, name) for name in Marked._fields[:-1]]
    query: Rows = select(*columns, former.version_id).outerjoin(former, marked)
    return query.where(who, a.closed_by.is_(None), a.valid_to > since)


_OF_ONE = Statement(
    lambda: _rows(
        Affiliation.person_id == bindparam("person_id", type_=Uuid()), bindparam("since", type_=UtcDateTime())
    ),
    Marked,
)
