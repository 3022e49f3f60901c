"""Whose record it is: one person, none yet, or ambiguous. Set-based, by identifiers in the source's declared order.

The source's own key comes first; then each declared kind finds those still unknown. Identifiers that name different persons are
ambiguous, and a human decides; nothing is ever matched by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, String, Subquery, Uuid, and_, cast, delete, func, select, update
from sqlalchemy.orm import Session

from iam.directory.person import Identifier
from iam.directory.source import Ambiguity, Source
from iam.lifecycle import staged


def correlate(session: Session, source: Source, run_id: UUID, order: Sequence[str]) -> int:
    """Give every staged person and reference a person; return how many persons were ambiguous and left out."""
    _decided(session, source)
    _found(session)
    ambiguous = _set_aside(session, source, run_id)
    _new(session, order)
    _spread(session, source)
    return ambiguous


def _candidates() -> Subquery:
    """Who the staged identifiers name: by value, and by keyed hash."""
    si = staged.identifier
    named = and_(Identifier.closed_by.is_(None), Identifier.kind == si.c.kind, Identifier.issuer == si.c.issuer)
    columns = select(si.c.person_key, Identifier.person_id)
    by_value = columns.join(Identifier, and_(named, Identifier.value == si.c.value))
    by_mac = columns.join(Identifier, and_(named, Identifier.value_mac == si.c.value_mac))
    return by_value.union(by_mac).subquery()


def _decided(session: Session, source: Source) -> None:
    p = staged.person
    session.execute(
        update(p)
        .where(p.c.person_key == Ambiguity.person_key, Ambiguity.source_id == source.id, Ambiguity.decided_person_id.is_not(None))
        .values(person_id=Ambiguity.decided_person_id, fresh=False)
    )


def _found(session: Session) -> None:
    p, c = staged.person, _candidates()
    one = (
        select(c.c.person_key, _only(c.c.person_id).label("person_id"))
        .group_by(c.c.person_key)
        .having(func.count(c.c.person_id.distinct()) == 1)
        .subquery()
    )
    session.execute(update(p).where(p.c.person_key == one.c.person_key, p.c.fresh).values(person_id=one.c.person_id, fresh=False))


def _only(column: ColumnElement[UUID]) -> ColumnElement[UUID]:
    """The single value of a group: PostgreSQL has no min() over uuid, so it goes by way of text."""
    return cast(func.min(cast(column, String)), Uuid)


def _set_aside(session: Session, source: Source, run_id: UUID) -> int:
    p, c = staged.person, _candidates()
    many = (
        select(c.c.person_key).join(p, p.c.person_key == c.c.person_key).where(p.c.fresh)
        .group_by(c.c.person_key).having(func.count(c.c.person_id.distinct()) > 1)
    )  # fmt: skip
    keys = list(session.scalars(many))
    if not keys:
        return 0
    pairs = session.execute(select(c.c.person_key, c.c.person_id).where(c.c.person_key.in_(keys)))
    found: dict[str, list[str]] = {}
    for key, person_id in pairs:
        found.setdefault(key, []).append(str(person_id))
    known = set(session.scalars(select(Ambiguity.person_key).where(Ambiguity.source_id == source.id)))
    session.add_all(
        Ambiguity(source_id=source.id, person_key=key, run_id=run_id, candidates=sorted(ids)) for key, ids in found.items() if key not in known
    )
    session.flush()
    for table in (staged.affiliation, staged.relationship, staged.membership, staged.identifier, staged.record, staged.person):
        session.execute(delete(table).where(table.c.person_key.in_(keys)))
    session.execute(delete(staged.relationship).where(staged.relationship.c.other_key.in_(keys)))
    return len(keys)


def _new(session: Session, order: Sequence[str]) -> None:
    """Make a person for each that nobody is yet; two keys that share an identifier of the declared kinds become one."""
    p, si = staged.person, staged.identifier
    for kind in order:
        first, x, y = p.alias(), si.alias(), si.alias()
        value = "value_mac" if kind == "identity-code" else "value"
        shared = (
            select(x.c.person_key, func.min(y.c.person_key).label("first"))
            .join(y, and_(y.c.kind == x.c.kind, y.c.issuer == x.c.issuer, y.c[value] == x.c[value]))
            .where(x.c.kind == kind)
            .group_by(x.c.person_key)
            .having(func.min(y.c.person_key) < x.c.person_key)
            .subquery()
        )
        one = select(shared.c.person_key, first.c.person_id).join(first, first.c.person_key == shared.c.first).subquery()
        session.execute(
            update(p).where(p.c.person_key == one.c.person_key, p.c.fresh).values(person_id=one.c.person_id, fresh=False)
        )


def _spread(session: Session, source: Source) -> None:
    """Give the person found to every staged row that speaks of one; drop those whose person nobody knows."""
    p = staged.person
    for table, column in (
        (staged.record, "person_id"), (staged.identifier, "person_id"), (staged.affiliation, "person_id"), (staged.membership, "person_id"),
        (staged.relationship, "person_id"), (staged.relationship, "other_id"),
    ):  # fmt: skip
        other = and_(table.c[column] == p.c.first_id, p.c.person_id != p.c.first_id)
        session.execute(update(table).where(other).values({column: p.c.person_id}))
    as_kinds = list(session.scalars(select(p.c.as_kind).distinct()))
    own = [Identifier.closed_by.is_(None), Identifier.issuer == source.key]
    if as_kinds:
        own.append(Identifier.kind.in_(as_kinds))
    r = staged.relationship
    for key, column in (("person_key", "person_id"), ("other_key", "other_id")):
        session.execute(
            update(r).where(r.c[column].is_(None), r.c[key] == Identifier.value, *own).values({column: Identifier.person_id})
        )

