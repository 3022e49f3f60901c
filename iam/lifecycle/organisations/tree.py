"""The dated tree of organisations, purely: to which legal entity each place belongs, and where the tree does not hold
together.

Nothing here touches the database; ``organisations`` states places and writes what is computed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Place:
    """Where an organisation stands for a time, as stated. ``own_entity``: it is a legal entity itself (the root always
    is)."""

    organisation_id: UUID
    parent_id: UUID | None
    own_entity: bool
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class TreePlace:
    """A place with the legal entity it belongs to: what is stored."""

    organisation_id: UUID
    parent_id: UUID | None
    legal_entity_id: UUID
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """Where the tree does not hold together: ``cycle`` (under itself), ``gap`` (under nothing that exists), ``overlap``
    (twice)."""

    kind: Literal["cycle", "gap", "overlap"]
    organisation_id: UUID
    at: datetime


Tree = Mapping[UUID, Sequence[Place]]
_Piece = tuple[datetime, datetime, UUID]


def stated_from(rows: Iterable[TreePlace]) -> dict[UUID, list[Place]]:
    """Return the places that stored rows state, neighbours that say the same joined, by organisation and in order of
    time."""
    found: dict[UUID, list[Place]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.valid_from):
        own = row.legal_entity_id == row.organisation_id
        found[row.organisation_id].append(Place(row.organisation_id, row.parent_id, own, row.valid_from, row.valid_to))
    return {organisation_id: joined(places) for organisation_id, places in found.items()}


def joined(places: Iterable[Place]) -> list[Place]:
    """Return one organisation's places in order of time, neighbours that differ in nothing but time made one."""
    found: list[Place] = []
    for place in sorted(places, key=lambda place: place.valid_from):
        if place.parent_id is None and not place.own_entity:
            place = replace(place, own_entity=True)
        last = found[-1] if found else None
        if (
            last
            and last.valid_to == place.valid_from
            and (last.parent_id, last.own_entity) == (place.parent_id, place.own_entity)
        ):
            found[-1] = replace(last, valid_to=place.valid_to)
        else:
            found.append(place)
    return found


def settle(tree: Tree) -> tuple[list[TreePlace], list[Fault]]:
    """Return every place with its legal entity, cut where that changes by date, and every fault of the tree."""
    standing: list[TreePlace] = []
    faults: list[Fault] = []
    for places in tree.values():
        faults += [
            Fault("overlap", later.organisation_id, later.valid_from)
            for earlier, later in pairwise(places)
            if later.valid_from < earlier.valid_to
        ]
        for place in places:
            faults += _settle_one(tree, place, standing)
    return standing, faults


def _settle_one(tree: Tree, place: Place, standing: list[TreePlace]) -> list[Fault]:
    try:
        pieces = sorted(_climb(tree, place, place.valid_from, place.valid_to, None, frozenset()))
    except _Cycle as cycle:
        return [Fault("cycle", place.organisation_id, cycle.at)]
    reached = place.valid_from
    for start, end, entity_id in pieces:
        if start > reached:
            return [Fault("gap", place.organisation_id, reached)]
        last = standing[-1] if standing else None
        if start > place.valid_from and last and last.legal_entity_id == entity_id:
            standing[-1] = replace(last, valid_to=end)
        else:
            standing.append(TreePlace(place.organisation_id, place.parent_id, entity_id, start, end))
        reached = max(reached, end)
    return [Fault("gap", place.organisation_id, reached)] if reached < place.valid_to else []


class _Cycle(Exception):
    def __init__(self, at: datetime) -> None:
        super().__init__("cycle")
        self.at = at


def _climb(
    tree: Tree, place: Place, start: datetime, end: datetime, entity_id: UUID | None, seen: frozenset[UUID]
) -> Iterator[_Piece]:
    """Yield the pieces of ``[start, end)`` in which ``place`` hangs on a root, each with the nearest legal entity on
    the way."""
    if place.organisation_id in seen:
        raise _Cycle(start)
    if entity_id is None and (place.own_entity or place.parent_id is None):
        entity_id = place.organisation_id
    if place.parent_id is None:
        yield start, end, entity_id or place.organisation_id
        return
    for above in tree.get(place.parent_id, ()):
        begins, ends = max(start, above.valid_from), min(end, above.valid_to)
        if begins < ends:
            yield from _climb(tree, above, begins, ends, entity_id, seen | {place.organisation_id})


def ever_under(tree: Tree) -> frozenset[tuple[UUID, UUID]]:
    """Return every pair of ancestor and descendant that some place at some time makes, each organisation under itself
    included."""
    parents = {
        one: {place.parent_id for place in places if place.parent_id is not None} for one, places in tree.items()
    }
    found: set[tuple[UUID, UUID]] = set()
    for one in parents:
        reached, waiting = {one}, [one]
        while waiting:
            fresh = parents.get(waiting.pop(), set()) - reached
            reached |= fresh
            waiting += fresh
        found |= {(ancestor, one) for ancestor in reached}
    return frozenset(found)


def ancestry(tree: Tree, organisation_id: UUID) -> Iterator[tuple[UUID, datetime, datetime]]:
    """Yield an organisation itself and all that it stands under, each with the time, the nearest first."""
    for place in tree.get(organisation_id, ()):
        yield from _above(tree, place, place.valid_from, place.valid_to, frozenset())


def _above(
    tree: Tree, place: Place, start: datetime, end: datetime, seen: frozenset[UUID]
) -> Iterator[tuple[UUID, datetime, datetime]]:
    if place.organisation_id in seen:
        return
    yield place.organisation_id, start, end
    for above in tree.get(place.parent_id, ()) if place.parent_id is not None else ():
        begins, ends = max(start, above.valid_from), min(end, above.valid_to)
        if begins < ends:
            yield from _above(tree, above, begins, ends, seen | {place.organisation_id})
