"""Commands on organisations: what they are, where they stand by date, how they relate. All take sets.

Flow: ``places`` (the tree as known now) -> the caller lays what it states over it -> ``tree.settle`` (pure) ->
``write_places`` closes and opens versions and derives the closure again in one statement. The caller owns the
transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Table, delete, func, insert, or_, select, true, union, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.change import Change
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace, OrganisationRelation
from iam.errors import Invalid
from iam.lifecycle.organisations.tree import Fault, Place, TreePlace, joined, settle, stated_from
from iam.lifecycle.versions import Written, restate
from iam.texts import N_

Attributes = Mapping[str, Any]
"""An organisation's row: ``id``, ``key``, ``kind``, ``oph_oid``, ``school_code``, ``business_id``, ``name_fi``,
``name_sv``, ``name_en``."""
Relation = tuple[UUID, str, UUID]
"""Organisation, kind (covers, owns, continues) and the other organisation."""
Interval = tuple[datetime, datetime]

_PLACES: Table = OrganisationPlace.__table__  # type: ignore[assignment]
_RELATIONS: Table = OrganisationRelation.__table__  # type: ignore[assignment]
_FEW = 1000
"""Paths of so many organisations are derived anew for themselves; of more, all are."""

_FAULTS = {
    "cycle": (N_("%(key)s would lie under itself from %(day)s."), N_("Give it another parent.")),
    "gap": (
        N_("%(key)s would lie under nothing from %(day)s."),
        N_("Let its parent, and all above, last at least as long."),
    ),
    "overlap": (
        N_("%(key)s would stand in two places from %(day)s."),
        N_("End the earlier place before the later one starts."),
    ),
}


def fault_problem(fault: Fault, key: str) -> Problem:
    """Return what is wrong with the place of the organisation ``key`` and what to do about it."""
    message, remedy = _FAULTS[fault.kind]
    return Problem(
        message, remedy, params={"key": key, "day": fault.at.astimezone(ZoneInfo(clock.HELSINKI)).date().isoformat()}
    )


def add(session: Session, rows: Sequence[Attributes]) -> None:
    """Add organisations (they have no place yet), in one statement."""
    if rows:
        session.execute(insert(Organisation), [dict(row) for row in rows])


def amend(session: Session, rows: Sequence[Attributes]) -> None:
    """Write other attributes of organisations that exist, found by ``id``, in one statement."""
    if rows:
        session.execute(update(Organisation), [dict(row) for row in rows])


def places(session: Session) -> dict[UUID, list[Place]]:
    """Return the whole tree as stated, by organisation: one query."""
    rows = session.execute(
        select(
            _PLACES.c.organisation_id,
            _PLACES.c.parent_id,
            _PLACES.c.legal_entity_id,
            _PLACES.c.valid_from,
            _PLACES.c.valid_to,
        ).where(_PLACES.c.closed_by.is_(None))
    )
    return stated_from(TreePlace(*row) for row in rows)


def write_places(session: Session, change: Change, stated: Mapping[UUID, Sequence[Place]]) -> Written:
    """Make ``stated`` all places of the organisations it names, everything else staying where it is.

    The legal entity of every place below follows. Raises ``Invalid`` when the tree would not hold together; then
    nothing is written.
    """
    before = places(session)
    tree = before | {organisation_id: joined(items) for organisation_id, items in stated.items()}
    if tree == before:
        return Written()
    standing, faults = settle(tree)
    if faults:
        keys = {row.id: row.key for row in session.execute(select(Organisation.id, Organisation.key))}
        raise Invalid(*(fault_problem(fault, keys[fault.organisation_id]) for fault in faults))
    current = session.execute(select(_PLACES).where(_PLACES.c.closed_by.is_(None))).all()
    rows = [
        {
            "organisation_id": item.organisation_id,
            "parent_id": item.parent_id,
            "legal_entity_id": item.legal_entity_id,
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
        }
        for item in standing
    ]
    written = restate(
        session, change, _PLACES, current, rows, (("organisation_id", "valid_from"), ("organisation_id", "valid_to"))
    )
    if written:
        rebuild_closure(session, _moved(session, change))
    return written


def _moved(session: Session, change: Change) -> set[UUID]:
    """The organisations whose places a change wrote, with all that were ever under them."""
    p, c = _PLACES.c, OrganisationClosure
    written = select(p.organisation_id).where(or_(p.opened_by == change.id, p.closed_by == change.id))
    below = select(c.descendant_id).where(c.ancestor_id.in_(written))
    return set(session.scalars(union(written, below)))


def rebuild_closure(session: Session, under: Collection[UUID] | None = None) -> None:
    """Derive who is under whom and when from the open places, as one set: every path up, its time the intersection on
    the way. ``under`` are the organisations whose paths may be others than before; None, or very many: all."""
    some = under is not None and len(under) <= _FEW
    place = select(_PLACES).where(_PLACES.c.closed_by.is_(None)).cte("place")
    path = (
        select(
            place.c.organisation_id.label("ancestor_id"),
            place.c.organisation_id.label("descendant_id"),
            place.c.valid_from.label("valid_from"),
            place.c.valid_to.label("valid_to"),
        )
        .where(place.c.organisation_id.in_(under) if under is not None and some else true())
        .cte("path", recursive=True)
    )
    starts = greatest(path.c.valid_from, place.c.valid_from, type_=UtcDateTime())
    ends = least(path.c.valid_to, place.c.valid_to, type_=UtcDateTime())
    path = path.union_all(
        select(place.c.parent_id, path.c.descendant_id, starts, ends)
        .join(place, place.c.organisation_id == path.c.ancestor_id)
        .where(
            place.c.parent_id.is_not(None), place.c.valid_from < path.c.valid_to, place.c.valid_to > path.c.valid_from
        )
    )
    gone = delete(OrganisationClosure)
    if under is not None and some:
        gone = gone.where(OrganisationClosure.descendant_id.in_(under))
    session.execute(gone.execution_options(synchronize_session=False))
    names = ["ancestor_id", "descendant_id", "valid_from", "valid_to"]
    session.execute(insert(OrganisationClosure).from_select(names, _islands(path)))


def _islands(path: Any) -> Any:
    """Join the intervals of one pair that touch, so that a move elsewhere in the tree leaves no seam."""
    pair = [path.c.ancestor_id, path.c.descendant_id]
    before = func.lag(path.c.valid_to).over(partition_by=pair, order_by=path.c.valid_from)
    marked = select(*pair, path.c.valid_from, path.c.valid_to, before.label("before")).subquery()
    fresh = func.sum(func.coalesce((marked.c.before != marked.c.valid_from).cast(Integer), 1)).over(
        partition_by=[marked.c.ancestor_id, marked.c.descendant_id], order_by=marked.c.valid_from
    )
    numbered = select(marked, fresh.label("island")).subquery()
    n = numbered.c
    return select(n.ancestor_id, n.descendant_id, func.min(n.valid_from), func.max(n.valid_to)).group_by(
        n.ancestor_id, n.descendant_id, n.island
    )


def relations(session: Session, pairs: Sequence[Relation] | None = None) -> dict[Relation, list[Interval]]:
    """Return the intervals of relations by organisation, kind and other one: of ``pairs``, or all of them."""
    found: dict[Relation, list[Interval]] = {}
    for row in _relation_rows(session, pairs):
        found.setdefault((row.organisation_id, row.kind, row.other_id), []).append((row.valid_from, row.valid_to))
    return found


def write_relations(session: Session, change: Change, stated: Mapping[Relation, Sequence[Interval]]) -> Written:
    """Make ``stated`` all the intervals of the relations it names; others stay."""
    rows = [
        {"organisation_id": one, "kind": kind, "other_id": other, "valid_from": start, "valid_to": end}
        for (one, kind, other), intervals in stated.items()
        for start, end in intervals
    ]
    alike = ("organisation_id", "kind", "other_id")
    return restate(
        session, change, _RELATIONS, _relation_rows(session, list(stated)), rows, ((*alike, "valid_from"), alike)
    )


def _relation_rows(session: Session, pairs: Sequence[Relation] | None) -> list[Any]:
    query = select(_RELATIONS).where(_RELATIONS.c.closed_by.is_(None)).order_by(_RELATIONS.c.valid_from)
    rows = session.execute(query).all()
    wanted = None if pairs is None else set(pairs)
    return [row for row in rows if wanted is None or (row.organisation_id, row.kind, row.other_id) in wanted]
