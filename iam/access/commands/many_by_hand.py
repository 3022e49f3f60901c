"""Rights by hand for many people at once, as sets: the checks and the gate are those of one person (``by_hand``).

``capacities`` finds in which position each would use a right, ``Ceilings`` which clause it then needs, ``give`` writes
rows and lets the gate part them by date, ``standing`` reads what was given by hand and ``end`` ends it. The caller has
the persons in ``affected`` and their turn (``have_turn``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.administration import Part
from iam.access.derivation import hands, turns
from iam.access.derivation.ceiling import fill_permits
from iam.access.derivation.working import affected, permit, prepare
from iam.access.model.assignment import NIL, Assignment
from iam.audit import log
from iam.audit.log import Told
from iam.change import Actor, Change
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationClosure, OrganisationPlace
from iam.directory.queries import holds_at


class HeldCapacity(NamedTuple):
    """A present position of a person, with the legal entity in which it is."""

    person_id: UUID
    fact_id: UUID
    version_id: UUID
    kind: str
    occupation: str
    organisation_id: UUID
    is_primary: bool
    valid_to: datetime
    entity_id: UUID


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Where a role is to hold, and until when which clause lets people of other legal entities have it there: by
    occupation and entity."""

    scope_id: UUID
    entity_id: UUID
    place_id: UUID
    clauses: Mapping[tuple[str, UUID], tuple[UUID, datetime]] = field(default_factory=dict)

    def over(self, one: HeldCapacity, until: datetime) -> tuple[UUID | None, datetime] | None:
        """Return the clause that a capacity needs, if any, and the end at the latest; None where no agreement allows
        it."""
        ends = min(until, one.valid_to)
        if one.entity_id == self.entity_id:
            return None, ends
        found = self.clauses.get((one.occupation, one.entity_id))
        return None if found is None else (found[0], min(ends, found[1]))


class GivenRight(NamedTuple):
    """A right to be given: to which capacity, where, from when to when, under which clause."""

    capacity: HeldCapacity
    ceiling: Ceilings
    starts: datetime
    ends: datetime
    clause_id: UUID | None


class What(NamedTuple):
    """What is given to all of them: a version of a role, why, and the organisation that hands it out."""

    role_id: UUID
    version_id: UUID
    reason: str
    granter_id: UUID


def have_turn(session: Session, change: Change | None, person_ids: Collection[UUID]) -> None:
    """Note whose rights are looked at and have their turn, for a trial (``change`` None) without waiting for it; raises
    ``Conflict`` when it does not come."""
    prepare(session)
    if person_ids:
        session.execute(insert(affected), [{"person_id": one} for one in set(person_ids)])
    if change is not None:
        turns.of_persons(session, change, len(set(person_ids)))


def capacities(session: Session, part: Part, person_ids: Collection[UUID], scope_id: UUID) -> dict[UUID, HeldCapacity]:
    """Return in which position of a part each person would use a right in an organisation: one there, else one under
    it, else another; of several the primary one, then the one that lasts longest. One statement."""
    a, home, c, now = Affiliation, OrganisationPlace, OrganisationClosure, clock.now()
    below = select(c.descendant_id).where(c.ancestor_id == scope_id, holds_at(c, now))
    columns = a.person_id, a.fact_id, a.version_id, a.kind, a.occupation, a.organisation_id, a.is_primary, a.valid_to
    query = (
        select(*columns, home.legal_entity_id, a.organisation_id.in_(below))
        .join(home, home.organisation_id == a.organisation_id)
        .where(home.closed_by.is_(None), holds_at(home, now), a.closed_by.is_(None), holds_at(a, now))
        .where(a.person_id.in_(person_ids), part.covers(a.organisation_id), part.tells(a.person_id, a.organisation_id))
    )
    found: dict[UUID, tuple[Any, HeldCapacity]] = {}
    for *row, under in session.execute(query):
        one = _capacity(row)
        order = one.organisation_id != scope_id, not under, not one.is_primary, clock.FOREVER - one.valid_to
        rank = *order, one.fact_id.hex
        if one.person_id not in found or rank < found[one.person_id][0]:
            found[one.person_id] = rank, one
    return {person_id: one for person_id, (_, one) in found.items()}


def ceilings(session: Session, role_id: UUID, scope_id: UUID) -> Ceilings | None:
    """Return what lets a role be given in an organisation now; None where that does not exist now. Fills ``permit``."""
    p, now = OrganisationPlace, clock.now()
    here = select(p).where(p.organisation_id == scope_id, p.closed_by.is_(None), holds_at(p, now))
    place = session.scalars(here).first()
    if place is None:
        return None
    fill_permits(session)
    t, c = permit.c, OrganisationClosure
    above = (c.descendant_id == scope_id, c.ancestor_id == t.scope_id, holds_at(c, now))
    query = select(t.occupation, t.grantee_id, t.clause_id, t.valid_to).join(c, c.ancestor_id == t.scope_id)
    query = query.where(*above, t.role_id == role_id, t.grantor_id == place.legal_entity_id)
    query = query.where(t.valid_from <= now, t.valid_to > now, (t.scope_id == scope_id) | t.with_descendants)
    rows = session.execute(query.order_by(t.valid_to))
    clauses = {(occupation, entity_id): (clause_id, until) for occupation, entity_id, clause_id, until in rows}
    return Ceilings(scope_id, place.legal_entity_id, place.version_id, clauses)


def give(session: Session, change: Change, what: What, given: Sequence[GivenRight], actor: Actor) -> None:
    """Write these rights, each with its event, and let the gate part them where the legal entity of either end changes
    by date: a few statements in all. The caller has checked what ``by_hand.grant`` checks."""
    if not given:
        return
    session.execute(insert(Assignment), [_row(change, what, one) for one in given])
    hands.follow(session, change, limited=True)
    a = Assignment
    mine = a.opened_by == change.id, a.closed_by.is_(None), a.role_id == what.role_id
    first: dict[UUID, Told] = {}
    for person_id, scope_id, id_ in session.execute(
        select(a.person_id, a.scope_id, a.id).where(*mine).order_by(a.valid_from)
    ):
        envelope = {"assignment": str(id_), "role": str(what.role_id)}
        first.setdefault(person_id, Told(person_id, scope_id, envelope))
    log.write_all(session, "right:hand:granted", actor, first.values(), change_id=change.id)


def _row(change: Change, what: What, one: GivenRight) -> dict[str, Any]:
    capacity, ceiling = one.capacity, one.ceiling
    return {
        "id": uuid7(),
        "person_id": capacity.person_id,
        "capacity_id": capacity.fact_id,
        "capacity_kind": capacity.kind,
        "role_id": what.role_id,
        "role_version_id": what.version_id,
        "scope_id": ceiling.scope_id,
        "holder_entity_id": capacity.entity_id,
        "scope_entity_id": ceiling.entity_id,
        "clause_id": one.clause_id,
        "origin": "hand",
        "reason": what.reason,
        "granter_id": what.granter_id,
        "needs_relationship": False,
        "fact_1": capacity.version_id,
        **dict.fromkeys(("fact_2", "fact_3", "fact_4"), NIL),
        "place_id": ceiling.place_id,
        "valid_from": one.starts,
        "valid_to": one.ends,
        "opened_by": change.id,
    }


class HeldByHand(NamedTuple):
    """A right by hand that stands, or a piece of one."""

    id: UUID
    person_id: UUID
    capacity_id: UUID
    scope_id: UUID
    valid_to: datetime


def standing(session: Session, person_ids: Collection[UUID], role_id: UUID, scope_id: UUID) -> list[HeldByHand]:
    """Return what people hold of a role in a scope by hand, now or from a known day on; one statement."""
    a = Assignment
    query = select(a.id, a.person_id, a.capacity_id, a.scope_id, a.valid_to).where(*_by_hand(role_id, scope_id))
    return [HeldByHand(*row) for row in session.execute(query.where(a.person_id.in_(person_ids)).order_by(a.valid_to))]


def end(
    session: Session, change: Change, role_id: UUID, scope_id: UUID, person_ids: Collection[UUID], actor: Actor
) -> None:
    """End what people hold of a role in a scope by hand, each with its event; three statements."""
    rows = standing(session, person_ids, role_id, scope_id)
    a = Assignment
    query = update(a).where(*_by_hand(role_id, scope_id), a.person_id.in_(person_ids)).values(closed_by=change.id)
    session.execute(query, execution_options={"synchronize_session": False})
    told = [Told(one.person_id, one.scope_id, {"assignment": str(one.id)}) for one in rows]
    log.write_all(session, "right:hand:ended", actor, told, change_id=change.id)


def capacity_of(session: Session, rows: Collection[HeldByHand]) -> dict[UUID, HeldCapacity]:
    """Return the positions in which rights by hand are used, as they are now, by their id; one statement."""
    a, home, now = Affiliation, aliased(OrganisationPlace), clock.now()
    columns = a.person_id, a.fact_id, a.version_id, a.kind, a.occupation, a.organisation_id, a.is_primary, a.valid_to
    query = (
        select(*columns, home.legal_entity_id)
        .join(home, home.organisation_id == a.organisation_id)
        .where(home.closed_by.is_(None), holds_at(home, now), a.closed_by.is_(None), holds_at(a, now))
        .where(a.fact_id.in_({one.capacity_id for one in rows}))
    )
    found = (_capacity(row) for row in session.execute(query))
    return {one.fact_id: one for one in found}


def _capacity(row: Sequence[Any]) -> HeldCapacity:
    return HeldCapacity(*row)._replace(occupation=row[4] or "")


def _by_hand(role_id: UUID, scope_id: UUID) -> tuple[ColumnElement[bool], ...]:
    a = Assignment
    return (
        a.origin == "hand",
        a.closed_by.is_(None),
        a.valid_to > clock.now(),
        a.role_id == role_id,
        a.scope_id == scope_id,
    )
