"""What is certain of rows whose person is in question: what stands by them stays as it is, and an earlier end in them
acts.

A relationship of a row that is read is of two people: where one of them is in question, what stands between the two
does not end because the row cannot tell it whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from iam.database.types import UtcDateTime, least
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.source import Source
from iam.lifecycle import staged
from iam.sources.identity.contradiction import Question

_MANY = 5_000


def keep(session: Session, source: Source, found: Mapping[str, Question]) -> None:
    """Stage once more, under no key, what stands by the staged rows of the keys that wait; the rows themselves are left
    out by the caller."""
    _affiliations(session, source)
    _memberships(session, source)
    _relationships(session, source, found)


def _affiliations(session: Session, source: Source) -> None:
    st, a = staged.affiliation, Affiliation
    stands = and_(
        a.closed_by.is_(None),
        a.source_id == source.id,
        a.record_id == st.c.record_id,
        a.organisation_id == st.c.organisation_id,
    )
    as_it_was = {name: getattr(a, name) for name in (*a.TOLD, "valid_from")}
    ends = least(a.valid_to, st.c.valid_to, type_=UtcDateTime())
    session.execute(
        update(st)
        .where(st.c.person_key.in_(staged.WAITING), stands, st.c.valid_to > a.valid_from)
        .values(person_key=None, valid_to=ends, **as_it_was)
    )


def _memberships(session: Session, source: Source) -> None:
    st, m = staged.membership, Membership
    stands = and_(m.closed_by.is_(None), m.source_id == source.id, m.record_id == st.c.record_id)
    group = and_(Group.id == m.group_id, Group.record_key.is_not(None))
    session.execute(
        update(st)
        .where(st.c.person_key.in_(staged.WAITING), stands, group, st.c.valid_to > m.valid_from)
        .values(
            person_key=None,
            person_id=m.person_id,
            group_kind=Group.kind,
            group_key=Group.record_key,
            valid_from=m.valid_from,
            valid_to=least(m.valid_to, st.c.valid_to, type_=UtcDateTime()),
        )
    )


def _relationships(session: Session, source: Source, found: Mapping[str, Question]) -> None:
    st = staged.relationship
    in_question = select(st).where(or_(st.c.person_key.in_(staged.WAITING), st.c.other_key.in_(staged.WAITING)))
    told: dict[UUID, list[Any]] = {}
    for row in session.execute(in_question):
        told.setdefault(row.record_id, []).append(row)
    if not told:
        return
    ends: dict[UUID, tuple[Any, datetime]] = {}
    for stands in _standing(session, source, list(told)):
        for row in told[stands.record_id]:
            if _may_be(row, stands, found) and row.valid_to > stands.valid_from:
                _, end = ends.get(stands.version_id, (None, stands.valid_to))
                ends[stands.version_id] = stands, min(end, row.valid_to)
    _stage(session, st, ends.values())


def _standing(session: Session, source: Source, records: list[UUID]) -> Iterator[Any]:
    r = Relationship
    for n in range(0, len(records), _MANY):
        part: Select[Any] = select(r.__table__).where(
            r.closed_by.is_(None), r.source_id == source.id, r.record_id.in_(records[n : n + _MANY])
        )
        yield from session.execute(part)


def _may_be(row: Any, stands: Any, found: Mapping[str, Question]) -> bool:
    """Whether a staged relationship may be the one that stands: of the same kind, and whoever is in question may be who
    it is of."""
    ends = (row.person_key, stands.person_id), (row.other_key, stands.other_person_id)
    asked = [(found[key], person_id) for key, person_id in ends if key in found]
    return row.kind == stands.kind and all(str(person_id) in one.candidates for one, person_id in asked)


def _stage(session: Session, st: Table, kept: Any) -> None:
    numbers = count((session.scalar(select(func.max(st.c.row_id))) or 0) + 1)
    rows = [
        {
            "row_id": next(numbers),
            "record_id": one.record_id,
            "person_key": None,
            "person_id": one.person_id,
            "kind": one.kind,
            "other_key": None,
            "other_person_id": one.other_person_id,
            "valid_from": one.valid_from,
            "valid_to": end,
            "optional": False,
        }
        for one, end in kept
    ]
    if rows:
        session.execute(insert(st), rows)
