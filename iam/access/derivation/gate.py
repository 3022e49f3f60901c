"""The clause gate in plain Python, for whoever proves a right or tells why there is none. It shares nothing with
``ceiling``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from iam.access.model.agreements import Clause
from iam.access.rules.facts import ALWAYS, Span, World

Needs = Mapping[UUID, frozenset[tuple[str, str]]]
"""What each role holds with all it includes: data groups and operations."""
Lack = Literal["parties", "scope", "content", "relationship", "time"]
"""What a clause lacks: it binds others, lies elsewhere, allows less, asks for a relationship that nobody asks about,
holds at another time."""


@dataclass(frozen=True, slots=True)
class CrossingRight:
    """A right between legal entities for a time: whose holder, in which scope, with a role that holds ``needs``;
    ``asked`` says that the role, and all it includes, is asked at use."""

    holder_entity_id: UUID
    scope_entity_id: UUID
    scope_id: UUID
    occupation: str | None
    needs: frozenset[tuple[str, str]]
    asked: bool
    time: Span


def lacks(clause: Clause, crossing: CrossingRight, world: World) -> Lack | None:
    """Return the first thing for which a clause does not allow a right, farthest first; None when it allows it."""
    time, one = crossing.time, crossing
    parties = ((one.scope_entity_id, clause.grantor_id), (one.holder_entity_id, clause.grantee_id))
    if not all(_stands_for(entity, party, time, world) for entity, party in parties):
        return "parties"
    if not any(_lies_under(place, span, clause, one, world) for place, span in _scopes(clause, world)):
        return "scope"
    if not one.needs or not {(one.occupation, group, operation) for group, operation in one.needs} <= clause.content:
        return "content"
    if clause.relationship_kind is not None and clause.weaker_accepted_by is None and not one.asked:
        return "relationship"
    return None if time.meet(Span(clause.valid_from, clause.valid_to)) == time else "time"


def _scopes(clause: Clause, world: World) -> list[tuple[UUID, Span]]:
    """Where a clause holds, and when: its scope, or what its area covers."""
    if not clause.over_area:
        return [(clause.scope_id, ALWAYS)]
    return [(covered, span) for _, covered, span in world.covers.get(clause.scope_id, ())]


def _lies_under(place: UUID, within: Span, clause: Clause, one: CrossingRight, world: World) -> bool:
    under = world.closure.get((place, one.scope_id), ())
    there = clause.with_descendants or place == one.scope_id
    return there and any(one.time.meet(within).meet(span) == one.time for span in under)


def _stands_for(entity_id: UUID, party_id: UUID, time: Span, world: World, seen: frozenset[UUID] = frozenset()) -> bool:
    """Whether a legal entity is a clause's party for all of a time, or continues, perhaps over others, the one that
    is."""
    if entity_id == party_id:
        return True
    before = [one for one, span in world.continued.get(entity_id, ()) if time.meet(span) == time and one not in seen]
    return any(_stands_for(one, party_id, time, world, seen | {entity_id}) for one in before)
