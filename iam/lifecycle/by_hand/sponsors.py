"""Who answers for a person: somebody of the organisation, for as long as the affiliations by hand last."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, select
from sqlalchemy.orm import Session

from iam.change import Change
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Affiliation, Relationship
from iam.lifecycle.versions import Stated, restate

KIND = "sponsor_of"
_TABLE: Table = Relationship.__table__  # type: ignore[assignment]
_ALIKE = ("person_id", "kind", "other_person_id")


def answer(
    session: Session, change: Change, sponsor_id: UUID, person_id: UUID, start: datetime, end: datetime
) -> set[UUID]:
    """Let ``sponsor_id`` answer for the person in that time too; return whose facts were touched."""
    answer_each(session, change, sponsor_id, [person_id], start, end)
    return {sponsor_id}


def answer_each(
    session: Session, change: Change, sponsor_id: UUID, person_ids: Sequence[UUID], start: datetime, end: datetime
) -> None:
    """Let ``sponsor_id`` answer for each of these persons in that time too; a few statements."""
    current = [row for row in _standing(session, person_ids) if row.person_id == sponsor_id]
    times = dict.fromkeys(person_ids, (start, end))
    for row in current:
        first, last = times[row.other_person_id]
        times[row.other_person_id] = min(first, row.valid_from), max(last, row.valid_to)
    stated = [_stated(sponsor_id, one, *time) for one, time in times.items()]
    restate(session, change, _TABLE, current, stated, (_ALIKE,))


def follow(session: Session, change: Change, before: Mapping[UUID, datetime]) -> set[UUID]:
    """Let those who answer for persons do so until the last affiliation by hand of each ends; ``before`` is when that
    was. A few statements.

    Return whose facts were touched.
    """
    lasts = last_ends(session, before)
    moved = [row for row in _standing(session, before) if _moves(row, lasts.get(row.other_person_id), before)]
    stated = [
        _stated(row.person_id, row.other_person_id, row.valid_from, last)
        for row in moved
        if (last := lasts.get(row.other_person_id)) is not None and row.valid_from < last
    ]
    restate(session, change, _TABLE, moved, stated, (_ALIKE,))
    return {row.person_id for row in moved}


def _moves(row: Row[Any], last: datetime | None, before: Mapping[UUID, datetime]) -> bool:
    if last is None or row.valid_to > last:
        return True
    return bool(row.valid_to == before[row.other_person_id] and row.valid_to != last)


def last_ends(session: Session, person_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """Return when the last affiliation by hand of each person ends; one statement."""
    a = Affiliation
    theirs = a.person_id.in_(person_ids), a.source_id.is_(None), a.closed_by.is_(None)
    query = select(a.person_id, func.max(a.valid_to, type_=UtcDateTime())).where(*theirs).group_by(a.person_id)
    return dict(session.execute(query).all())


def _standing(session: Session, person_ids: Collection[UUID]) -> list[Row[Any]]:
    t = _TABLE.c
    query = select(_TABLE).where(
        t.closed_by.is_(None), t.source_id.is_(None), t.kind == KIND, t.other_person_id.in_(person_ids)
    )
    return list(session.execute(query.order_by(t.valid_from)))


def _stated(sponsor_id: UUID, person_id: UUID, start: datetime, end: datetime) -> Stated:
    ends = {"person_id": sponsor_id, "kind": KIND, "other_person_id": person_id}
    return ends | {"valid_from": start, "valid_to": end}
