"""Which records tell facts that stand beyond where their source may state them: they are read again, though they say
the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.source import Record
from iam.lifecycle import reached
from iam.sources.reading.walls import Walls


class RecordPlace(NamedTuple):
    """Where a record's fact stands, and for which time."""

    kind: str
    key: str
    organisation_id: UUID
    valid_from: datetime
    valid_to: datetime


def beyond(session: Session, source_id: UUID, walls: Walls) -> set[tuple[str, str]]:
    """Return kind and key of the records whose facts stand, from now on, where or when the source may state none;
    ``st_reach`` is filled.

    Relationships are looked at as long as walls are only shown: afterwards one that was rightly stated may go on.
    """
    if not walls.partly:
        return set()
    found = set() if walls.enforced else _of_strangers(session, source_id, walls.now)
    for query, place in _facts(source_id, walls.now):
        here = session.scalars(query.with_only_columns(place).distinct()).all()
        for one in _at(session, query, place, [each for each in here if each in walls.partly]):
            if walls.judge(one.organisation_id, one.valid_from, one.valid_to)[0] != "whole":
                found.add((one.kind, one.key))
    return found


def _of_strangers(session: Session, source_id: UUID, now: datetime) -> set[tuple[str, str]]:
    """Return the records whose relationships stand with somebody who has no affiliation where the source may state
    facts."""
    r = Relationship
    query = (
        select(Record.kind, Record.key)
        .join(r, r.record_id == Record.id)
        .where(r.source_id == source_id, r.closed_by.is_(None), r.valid_to > now)
        .where(~reached.person_stands(r.other_person_id))
    )
    return {(kind, key) for kind, key in session.execute(query)}


def _facts(source_id: UUID, now: datetime) -> Iterator[tuple[Select[Any], Any]]:
    """Yield the source's coming and standing affiliations and memberships, and the column of their place."""
    a, m = Affiliation, Membership
    yield select(a).where(a.source_id == source_id, a.closed_by.is_(None), a.valid_to > now), a.organisation_id
    members = select(m).join(Group, Group.id == m.group_id)
    yield members.where(m.source_id == source_id, m.closed_by.is_(None), m.valid_to > now), Group.organisation_id


def _at(session: Session, query: Select[Any], place: Any, organisation_ids: Collection[UUID]) -> Iterator[RecordPlace]:
    model = query.column_descriptions[0]["entity"]
    told = query.join(Record, Record.id == model.record_id)
    columns = Record.kind, Record.key, place, model.valid_from, model.valid_to
    if organisation_ids:
        for row in session.execute(told.with_only_columns(*columns).where(place.in_(organisation_ids))):
            yield RecordPlace(*row)
