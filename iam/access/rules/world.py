"""Loads what ``match`` looks at: one person's facts, and the organisations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from iam.access.administration import WHOLE, Part
from iam.access.rules.facts import AffiliationFact, Facts, MembershipFact, RelationshipFact, Span, World
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern
from iam.clock import FOREVER, LONG_AGO
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace, OrganisationRelation
from iam.directory.queries import known
from iam.directory.reach import reach


def facts(session: Session, person_id: UUID, known_at: datetime | None = None, *, part: Part = WHOLE) -> Facts:
    """Return a person's facts as known at ``known_at`` (None: now), affiliations and groups of a part only: four
    queries."""
    relationships = [
        RelationshipFact(
            row.version_id,
            row.fact_id,
            row.kind,
            row.other_person_id,
            Span(row.valid_from, row.valid_to),
            row.source_id,
        )
        for row in session.scalars(
            select(Relationship).where(Relationship.person_id == person_id, known(Relationship, known_at))
        )
    ]
    return Facts(
        person_id,
        _affiliations(session, [person_id], known_at, part),
        [
            MembershipFact(m.version_id, g.id, g.kind, g.organisation_id, Span(m.valid_from, m.valid_to), m.source_id)
            for m, g in session.execute(
                select(Membership, Group)
                .join(Group, Group.id == Membership.group_id)
                .where(
                    Membership.person_id == person_id, known(Membership, known_at), part.covers(Group.organisation_id)
                )
            )
        ],
        relationships,
        _affiliations(session, [item.other_id for item in relationships], known_at, part),
    )


def _affiliations(
    session: Session, person_ids: list[UUID], known_at: datetime | None, part: Part
) -> list[AffiliationFact]:
    here = part.covers(Affiliation.organisation_id)
    query = select(Affiliation).where(Affiliation.person_id.in_(person_ids), known(Affiliation, known_at), here)
    return [
        AffiliationFact(
            a.version_id,
            a.fact_id,
            a.person_id,
            a.organisation_id,
            a.kind,
            a.occupation,
            a.is_primary,
            a.substitute_for,
            Span(a.valid_from, a.valid_to),
            a.source_id,
        )
        for a in session.scalars(query)
    ]


def near(facts: Facts, asked: Iterable[tuple[UUID, Pattern]], names: Names) -> set[UUID]:
    """Return the organisations that matter where these facts meet these rules, each given with its owner: where the
    facts are, the owners, and what the rules name; pure."""
    found = {one.organisation_id for some in (facts.affiliations, facts.others, facts.memberships) for one in some}
    for owner_id, pattern in asked:
        found.add(owner_id)
        found.update(names.organisations[key] for _, key in pattern.organisations if key in names.organisations)
    return found


def world(session: Session, known_at: datetime | None = None, near: Collection[UUID] | None = None) -> World:
    """Return the organisations as known at ``known_at`` (None: now), and where sources state facts: five queries.

    Of what is ``near`` (None: everywhere), and of what areas among it cover.
    """
    covers: dict[UUID, list[Any]] = {}
    continued: dict[UUID, list[tuple[UUID, Span]]] = {}
    here = None if near is None else set(near)
    for row in session.scalars(select(OrganisationRelation).where(*_related(known_at, here))):
        span = Span(row.valid_from, row.valid_to)
        if row.kind == "covers":
            covers.setdefault(row.organisation_id, []).append((row.version_id, row.other_id, span))
        else:
            continued.setdefault(row.organisation_id, []).append((row.other_id, span))
    if here is not None:
        here |= {other_id for some in covers.values() for _, other_id, _ in some}
    p, c, o = OrganisationPlace, OrganisationClosure, Organisation
    # What was above what is climbed from the places of then: the table of it is that of now.
    wide = here if known_at is None else None
    standing = session.scalars(select(p).where(known(p, known_at), *_among(p.organisation_id, wide))).all()
    places: dict[UUID, list[Any]] = {}
    for place in standing:
        places.setdefault(place.organisation_id, []).append(
            (place.version_id, place.legal_entity_id, Span(place.valid_from, place.valid_to))
        )
    closure: dict[tuple[UUID, UUID], list[Span]] = {}
    under = select(c.ancestor_id, c.descendant_id, c.valid_from, c.valid_to).where(*_among(c.descendant_id, here))
    climbed = _climbed(standing) if known_at is not None else ()
    for above, below, span in climbed or ((row[0], row[1], Span(row[2], row[3])) for row in session.execute(under)):
        closure.setdefault((above, below), []).append(span)
    kinds = dict(session.execute(select(o.id, o.kind).where(*_among(o.id, here))).all())
    return World(kinds, closure, places, covers, _reaches(session, here), continued)


def _related(known_at: datetime | None, here: set[UUID] | None) -> list[ColumnElement[bool]]:
    r = OrganisationRelation
    areas = and_(r.kind == "covers", *_among(r.organisation_id, here))
    return [or_(areas, r.kind == "continues"), known(r, known_at)]


def _among(column: Any, ids: set[UUID] | None) -> list[ColumnElement[bool]]:
    return [] if ids is None else [column.in_(ids)]


def _reaches(session: Session, here: set[UUID] | None) -> dict[tuple[UUID, UUID], list[Span]]:
    told = reach(by_hand=False)
    found: dict[tuple[UUID, UUID], list[Span]] = {}
    for source_id, organisation_id, start, end in session.execute(
        select(told).where(*_among(told.c.organisation_id, here))
    ):
        found.setdefault((source_id, organisation_id), []).append(Span(start, end))
    return found


_Under = tuple[UUID, UUID, Span]


def _climbed(standing: Sequence[OrganisationPlace]) -> Iterator[_Under]:
    """The closure of places of another time of knowledge: the table is that of now."""
    by_id: dict[UUID, list[OrganisationPlace]] = {}
    for place in standing:
        by_id.setdefault(place.organisation_id, []).append(place)
    for below in by_id:
        waiting = [(below, Span(LONG_AGO, FOREVER), frozenset[UUID]())]
        while waiting:
            above, span, seen = waiting.pop()
            for place in by_id.get(above, ()):
                common = span.meet(Span(place.valid_from, place.valid_to))
                if common.empty or above in seen:
                    continue
                yield above, below, common
                if place.parent_id is not None:
                    waiting.append((place.parent_id, common, seen | {above}))
