"""Who answers for a person: somebody of the organisation, for as long as the affiliations by hand last."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, func, select
from sqlalchemy.orm import Session

from iam.change import Change
from iam.directory.affiliation import Affiliation, Relationship
from iam.lifecycle.versions import Stated, restate

KIND = "sponsor_of"
_TABLE: Table = Relationship.__table__  # type: ignore[assignment]
_ALIKE = ("person_id", "kind", "other_person_id")


def answer(
    session: Session, change: Change, sponsor_id: UUID, person_id: UUID, start: datetime, end: datetime
) -> set[UUID]:
    """Let ``sponsor_id`` answer for the person in that time too; return whose facts were touched."""
    current = [row for row in _standing(session, person_id) if row.person_id == sponsor_id]
    start = min([start, *(row.valid_from for row in current)])
    end = max([end, *(row.valid_to for row in current)])
    restate(session, change, _TABLE, current, [_stated(sponsor_id, person_id, start, end)], (_ALIKE,))
    return {sponsor_id}


def follow(session: Session, change: Change, person_id: UUID, before: datetime) -> set[UUID]:
    """Let those who answer for the person do so until the last affiliation by hand ends; ``before`` is when that was.

    Return whose facts were touched.
    """
    a = Affiliation
    mine = a.person_id == person_id, a.source_id.is_(None), a.closed_by.is_(None)
    last = session.scalar(select(func.max(a.valid_to)).where(*mine))
    moved = [
        row
        for row in _standing(session, person_id)
        if last is None or row.valid_to > last or (row.valid_to == before and row.valid_to != last)
    ]
    stated = [
        _stated(row.person_id, person_id, row.valid_from, last)
        for row in moved
        if last is not None and row.valid_from < last
    ]
    restate(session, change, _TABLE, moved, stated, (_ALIKE,))
    return {row.person_id for row in moved}


def last_end(session: Session, person_id: UUID) -> datetime | None:
    """Return when the last affiliation by hand of a person ends."""
    a = Affiliation
    query = select(func.max(a.valid_to)).where(a.person_id == person_id, a.source_id.is_(None), a.closed_by.is_(None))
    return session.scalar(query)


def _standing(session: Session, person_id: UUID) -> list[Row[Any]]:
    t = _TABLE.c
    query = select(_TABLE).where(
        t.closed_by.is_(None), t.source_id.is_(None), t.kind == KIND, t.other_person_id == person_id
    )
    return list(session.execute(query.order_by(t.valid_from)))


def _stated(sponsor_id: UUID, person_id: UUID, start: datetime, end: datetime) -> Stated:
    ends = {"person_id": sponsor_id, "kind": KIND, "other_person_id": person_id}
    return ends | {"valid_from": start, "valid_to": end}
