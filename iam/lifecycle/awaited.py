"""Relationships with somebody whom the source has not brought yet, as with a manager who is not in the feed: they wait
for the person.

The row that told them is not read again while it stays the same, so what it told is kept, and becomes a fact in the run
that brings the person.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, delete, exists, func, insert, literal, or_, select, union
from sqlalchemy.orm import Session

from iam.directory.person import Identifier
from iam.directory.source import AwaitedRelationship, Source
from iam.lifecycle import reached, staged


def keep(session: Session, source_id: UUID) -> None:
    """Keep the optional relationships that the staged records tell of persons nobody knows, in place of those that they
    told before.

    A relationship that ``fulfil`` has staged waits no longer.
    """
    w, rel, r, p = AwaitedRelationship, staged.relationship, staged.record, staged.person
    told = union(select(r.c.record_id).where(~r.c.held), select(staged.gone.c.record_id)).subquery()
    came = exists().where(
        rel.c.record_id == w.record_id,
        rel.c.kind == w.kind,
        rel.c.person_key == w.person_key,
        rel.c.other_key == w.other_key,
        rel.c.person_id.is_not(None),
        rel.c.other_person_id.is_not(None),
    )
    session.execute(
        delete(w)
        .where(w.source_id == source_id, or_(w.record_id.in_(select(told.c.record_id)), came))
        .execution_options(synchronize_session=False)
    )
    rows = (
        select(
            rel.c.record_id,
            rel.c.kind,
            rel.c.person_key,
            rel.c.other_key,
            p.c.as_kind,
            literal(source_id, w.source_id.type),
            func.min(rel.c.valid_from),
            func.max(rel.c.valid_to),
        )
        .join(r, and_(r.c.record_id == rel.c.record_id, ~r.c.held))
        .join(p, p.c.person_key == r.c.person_key)
        .where(rel.c.optional, or_(rel.c.person_id.is_(None), rel.c.other_person_id.is_(None)))
        .group_by(rel.c.record_id, rel.c.kind, rel.c.person_key, rel.c.other_key, p.c.as_kind)
    )
    names = ["record_id", "kind", "person_key", "other_key", "key_kind", "source_id", "valid_from", "valid_to"]
    session.execute(insert(w).from_select(names, rows))


def fulfil(session: Session, source_id: UUID) -> None:
    """Stage what waited for somebody who is known now, or comes with this run; a record staged by this run tells it
    itself.

    It goes on waiting as long as the source may not state it.
    """
    w, rel, one, other = AwaitedRelationship, staged.relationship, _own_keys(source_id), _own_keys(source_id)
    waits = exists().where(w.source_id == source_id)
    if not session.scalar(select(waits)):
        return
    rows = (
        select(
            -func.row_number().over(),
            w.record_id,
            w.person_key,
            one.c.person_id,
            w.kind,
            w.other_key,
            other.c.person_id,
            w.valid_from,
            w.valid_to,
            literal(True),
        )
        .join(one, _names(one, w.person_key))
        .join(other, _names(other, w.other_key))
        .where(
            w.source_id == source_id,
            one.c.person_id != other.c.person_id,
            w.record_id.not_in(select(staged.record.c.record_id)),
            reached.person_is_reached(other.c.person_id),
        )
    )
    columns = [
        "row_id",
        "record_id",
        "person_key",
        "person_id",
        "kind",
        "other_key",
        "other_person_id",
        "valid_from",
        "valid_to",
        "optional",
    ]
    session.execute(insert(rel).from_select(columns, rows))


def _own_keys(source_id: UUID) -> Subquery:
    """Who the source's own keys name: those known, and those that this run brings."""
    i, si, own = Identifier, staged.identifier.c, select(Source.key).where(Source.id == source_id).scalar_subquery()
    known = select(i.kind, i.value, i.person_id).where(i.closed_by.is_(None), i.issuer == own)
    coming = select(si.kind, si.value, si.person_id).where(si.issuer == own, si.person_id.is_not(None))
    return union(known, coming).subquery()


def _names(keys: Subquery, key: Any) -> ColumnElement[bool]:
    return and_(keys.c.kind == AwaitedRelationship.key_kind, keys.c.value == key)
