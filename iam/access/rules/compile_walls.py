"""Where a rule may give, in SQL: in its owner's subtree, or in another legal entity, where a clause has to allow it;
and what a relationship gives only where its source may state facts. ``match`` says the same in Python.

Each wall is passed in one of several ways, each of them joins that the planner can walk by index: a rule is the union
of its ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from iam.access.rules.conditions.condition import Query
from iam.access.rules.pattern import Pattern
from iam.directory.organisation import OrganisationClosure, OrganisationPlace, OrganisationRelation
from iam.directory.source import Source, SourceOpening


@dataclass(frozen=True, slots=True)
class Given:
    """What a match gives, where: the rule's owner, the scope's place, whose entity the holder belongs to, and the bound
    facts."""

    owner_id: UUID
    place: Any
    holder: Any
    facts: Mapping[str, Any]


Way = Callable[[Query, Given], None]


def ways(pattern: Pattern) -> list[tuple[Way, ...]]:
    """Return the ways through the walls that a match of this pattern may take, each to be applied to a statement of its
    own."""
    walls: list[tuple[Way, ...]] = []
    if pattern.scope.of is None:
        # A guardian holds as the scope's own entity, so no clause would stand between.
        walls.append((_within,) if pattern.capacity.fact == "relationship" else (_within, _across))
    walls += [
        tuple(partial(way, item.name) for way in (_declared, _owned, _opened))
        for item in pattern.bound
        if item.fact == "relationship"
    ]
    return list(product(*walls))


def _within(query: Query, given: Given) -> None:
    _under(query, given.owner_id, given.place.organisation_id)


def _across(query: Query, given: Given) -> None:
    """Between entities that became one a clause that stood between them goes on, and a rule gives no more than it
    allows."""
    mine, theirs = aliased(OrganisationPlace), given.place.legal_entity_id
    # In the join, where it is asked of the two places and not of every person between them.
    other = or_(mine.legal_entity_id != theirs, continues(mine.legal_entity_id))
    query.join(mine, and_(mine.organisation_id == given.owner_id, mine.closed_by.is_(None), other))
    query.dated(mine)
    apart = and_(mine.legal_entity_id != theirs, given.holder != theirs)
    merged = and_(mine.legal_entity_id == theirs, given.holder == theirs)
    query.where.append(or_(apart, merged))
    query.by_clause = given.holder == theirs


def continues(entity_id: Any) -> ColumnElement[bool]:
    """The condition that a legal entity continues another, at any time."""
    r = aliased(OrganisationRelation)
    there = exists().where(r.organisation_id == entity_id, r.kind == "continues", r.closed_by.is_(None))
    return there.correlate_except(r)


def _declared(name: str, query: Query, given: Given) -> None:
    query.where.append(given.facts[name].source_id.is_(None))


def _owned(name: str, query: Query, given: Given) -> None:
    source = aliased(Source)
    query.join(source, source.id == given.facts[name].source_id)
    _under(query, source.owner_id, given.place.organisation_id)


def _opened(name: str, query: Query, given: Given) -> None:
    opening = aliased(SourceOpening)
    query.join(opening, and_(opening.source_id == given.facts[name].source_id, opening.closed_by.is_(None)))
    query.dated(opening)
    _under(query, opening.organisation_id, given.place.organisation_id)


def _under(query: Query, above: Any, below: Any) -> None:
    closure = aliased(OrganisationClosure)
    query.join(closure, and_(closure.ancestor_id == above, closure.descendant_id == below))
    query.dated(closure)
