"""Loads what ``match`` looks at: one person's facts, and the organisations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.administration import WHOLE, Part
from iam.access.match import AffiliationFact, Facts, MembershipFact, RelationshipFact, Span, World
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace, OrganisationRelation
from iam.directory.queries import known
from iam.directory.reach import reach


def facts(session: Session, person_id: UUID, known_at: datetime | None = None, *, part: Part = WHOLE) -> Facts:
    """Return a person's facts as known at ``known_at`` (None: now), affiliations and groups of a part only: four queries."""
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
            MembershipFact(m.version_id, g.id, g.kind, g.organisation_id, Span(m.valid_from, m.valid_to))
            for m, g in session.execute(
                select(Membership, Group).join(Group, Group.id == Membership.group_id)
                .where(Membership.person_id == person_id, known(Membership, known_at), part.covers(Group.organisation_id))
            )
        ],
        relationships,
        _affiliations(session, [item.other_id for item in relationships], known_at, part),
    )  # fmt: skip


def _affiliations(
    session: Session, person_ids: list[UUID], known_at: datetime | None, part: Part
) -> list[AffiliationFact]:
    here = part.covers(Affiliation.organisation_id)
    query = select(Affiliation).where(Affiliation.person_id.in_(person_ids), known(Affiliation, known_at), here)
    return [
        AffiliationFact(
            a.version_id, a.fact_id, a.person_id, a.organisation_id, a.legal_entity_id, a.kind, a.occupation, a.is_primary,
            a.substitute_for, Span(a.valid_from, a.valid_to),
        )
        for a in session.scalars(query)
    ]  # fmt: skip


def world(session: Session) -> World:
    """Return the organisations, and where sources state facts: five queries."""
    closure: dict[tuple[UUID, UUID], list[Span]] = {}
    for row in session.scalars(select(OrganisationClosure)):
        closure.setdefault((row.ancestor_id, row.descendant_id), []).append(Span(row.valid_from, row.valid_to))
    places: dict[UUID, list[Any]] = {}
    for place in session.scalars(select(OrganisationPlace).where(OrganisationPlace.closed_by.is_(None))):
        places.setdefault(place.organisation_id, []).append(
            (place.version_id, place.legal_entity_id, Span(place.valid_from, place.valid_to))
        )
    covers: dict[UUID, list[Any]] = {}
    for relation in session.scalars(
        select(OrganisationRelation).where(
            OrganisationRelation.kind == "covers", OrganisationRelation.closed_by.is_(None)
        )
    ):
        covers.setdefault(relation.organisation_id, []).append(
            (relation.version_id, relation.other_id, Span(relation.valid_from, relation.valid_to))
        )
    kinds = dict(session.execute(select(Organisation.id, Organisation.kind)).all())
    told = reach(by_hand=False)
    reaches: dict[tuple[UUID, UUID], list[Span]] = {}
    for source_id, organisation_id, start, end in session.execute(select(told)):
        reaches.setdefault((source_id, organisation_id), []).append(Span(start, end))
    return World(kinds, closure, places, covers, reaches)
