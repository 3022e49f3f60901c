"""A rule matched in plain Python for one person: the second opinion on the compiled SQL, and the source of "why not".

Pure: facts and the world's organisations in, matches or the first failing condition out. A property test holds these
matches equal to the rows of ``compile_sql``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from connectors.problem import Problem
from iam.access.model.assignment import NIL
from iam.access.rules.conditions.condition import AnyFact, Seen
from iam.access.rules.facts import ALWAYS, AffiliationFact, Facts, MembershipFact, RelationshipFact, Span, World
from iam.access.rules.names import Names
from iam.access.rules.pattern import Bound, Pattern
from iam.texts import N_

MET = 100
"""More conditions than any rule has: where so many are passed, every one is."""


class Match(NamedTuple):
    """One match, as ``compile_sql`` gives it: before the clause gate and before absences are subtracted."""

    person_id: UUID
    capacity_id: UUID
    scope_id: UUID
    holder_entity_id: UUID
    scope_entity_id: UUID
    occupation: str | None
    by_clause: bool
    absence_of: UUID
    facts: tuple[UUID, UUID, UUID, UUID]
    place_id: UUID
    span: Span


@dataclass(frozen=True, slots=True)
class _State:
    """A partial match: what is bound so far, its common interval, and the versions in order."""

    span: Span = ALWAYS
    bound: Mapping[str, object] = field(default_factory=dict)
    versions: tuple[UUID, ...] = ()

    def with_(self, name: str, fact: object, version: UUID, span: Span) -> _State:
        return _State(self.span.meet(span), {**self.bound, name: fact}, (*self.versions, version))

    def within(self, spans: Sequence[Span]) -> Iterator[_State]:
        for span in spans:
            yield _State(self.span.meet(span), self.bound, self.versions)


def matches(pattern: Pattern, owner_id: UUID, names: Names, facts: Facts, world: World) -> set[Match]:
    """Return every match of a checked pattern for one person."""
    found: set[Match] = set()
    for state in _bind(pattern, owner_id, names, facts, world):
        for ready, capacity, entity, occupation in _capacities(pattern, state, facts, world):
            for scope_id, scoped in _scopes(pattern, ready, names, world):
                for given in _given(pattern, owner_id, scope_id, entity, scoped, world):
                    found.add(_match(pattern, facts, given, capacity, scope_id, entity, occupation))
    return found


@dataclass(frozen=True, slots=True)
class _Given:
    """Where and when a rule may give what it binds: the scope's place, whose entity it is, and whether only a clause
    allows it."""

    state: _State
    place_id: UUID
    scope_entity: UUID
    by_clause: bool


def _given(
    pattern: Pattern, owner_id: UUID, scope_id: UUID, holder: UUID | None, state: _State, world: World
) -> Iterator[_Given]:
    """The scope's places with what the walls leave of the time."""
    for place_id, scope_entity, span in world.places.get(scope_id, ()):
        for passed, by_clause in _passes(pattern, owner_id, scope_id, holder, scope_entity, state, world):
            for told in _told_there(pattern, scope_id, passed, world):
                given = replace(told, span=told.span.meet(span))
                if not given.span.empty:
                    yield _Given(given, place_id, scope_entity, by_clause)


def _passes(
    pattern: Pattern,
    owner_id: UUID,
    scope_id: UUID,
    holder: UUID | None,
    scope_entity: UUID,
    state: _State,
    world: World,
) -> Iterator[tuple[_State, bool]]:
    """A rule gives in its owner's subtree, or in another legal entity, where a clause has to allow it to somebody of a
    third one.

    Between entities that became one the clause goes on, and only it allows (True).
    """
    if pattern.scope.of is not None:
        yield state, False
        return
    for one in state.within(world.closure.get((owner_id, scope_id), ())):
        yield one, False
    if holder is None or (holder == scope_entity and scope_entity not in world.continued):
        return
    merged = holder == scope_entity
    for one in state.within([s for _, mine, s in world.places.get(owner_id, ()) if (mine == scope_entity) is merged]):
        yield one, merged


def _told_there(pattern: Pattern, scope_id: UUID, state: _State, world: World) -> Iterator[_State]:
    """A relationship gives only where its source may state facts; one that was declared by hand gives everywhere."""
    states = [state]
    for item in pattern.bound:
        bound = state.bound[item.name]
        if isinstance(bound, RelationshipFact) and bound.source_id is not None:
            spans = world.reach.get((bound.source_id, scope_id), ())
            states = [new for one in states for new in one.within(spans)]
    yield from states


def _match(
    pattern: Pattern,
    facts: Facts,
    given: _Given,
    capacity: UUID,
    scope_id: UUID,
    holder: UUID | None,
    occupation: str | None,
) -> Match:
    state = given.state
    absent = state.bound[pattern.absence_of] if pattern.absence_of else None
    absence_of = absent.fact_id if isinstance(absent, AffiliationFact) else NIL
    one, two, three, four = (*state.versions, NIL, NIL, NIL, NIL)[:4]
    return Match(
        facts.person_id,
        capacity,
        scope_id,
        holder or given.scope_entity,
        given.scope_entity,
        occupation,
        given.by_clause,
        absence_of,
        (one, two, three, four),
        given.place_id,
        state.span,
    )


def _bind(pattern: Pattern, owner_id: UUID, names: Names, facts: Facts, world: World) -> Iterator[_State]:
    states = [_State()]
    for item in pattern.bound:
        states = [
            new for state in states for new in _extend(item, state, owner_id, names, facts, world) if not new.span.empty
        ]
    yield from states


def _extend(item: Bound, state: _State, owner_id: UUID, names: Names, facts: Facts, world: World) -> Iterator[_State]:
    seen = Seen(names, world, state.bound)
    for fact in _candidates(item, state, facts):
        if next(failing(item, fact, seen), None) is None:
            new = state.with_(item.name, fact, fact.version_id, fact.span)
            yield from _placed(item, fact, new, owner_id, names, world)


def failing(item: Bound, fact: AnyFact, seen: Seen) -> Iterator[Problem]:
    """Yield the conditions that a fact does not meet, in the order a reader would check them."""
    for condition in item.conditions:
        yield from condition.failing(fact, seen)


def _candidates(item: Bound, state: _State, facts: Facts) -> Sequence[AnyFact]:
    if item.fact != "affiliation":
        return facts.memberships if item.fact == "membership" else facts.relationships
    if item.of is None:
        return facts.affiliations
    relationship = state.bound[item.of]
    other_id = relationship.other_id if isinstance(relationship, RelationshipFact) else None
    return [a for a in facts.others if a.person_id == other_id]


def _placed(item: Bound, fact: AnyFact, state: _State, owner_id: UUID, names: Names, world: World) -> Iterator[_State]:
    """A fact lies at or under the rule's owner, and under what the rule asks; a relationship is in no organisation."""
    if isinstance(fact, RelationshipFact):
        yield state
        return
    under = names.organisations[item.under] if item.under is not None else owner_id
    states = [state]
    for ancestor in dict.fromkeys((under, owner_id)):
        states = [new for one in states for new in one.within(world.closure.get((ancestor, fact.organisation_id), ()))]
    yield from states


def _capacities(
    pattern: Pattern, state: _State, facts: Facts, world: World
) -> Iterator[tuple[_State, UUID, UUID | None, str | None]]:
    fact = state.bound[pattern.capacity.name]
    if isinstance(fact, AffiliationFact):
        for ready, entity in _at_home(pattern, fact, state, world):
            yield ready, fact.fact_id, entity, fact.occupation
    elif isinstance(fact, RelationshipFact):
        yield state, fact.fact_id, None, ""
    elif isinstance(fact, MembershipFact):
        for own in facts.affiliations:
            with_own = state.with_("(own)", own, own.version_id, own.span)
            for under in with_own.within(world.closure.get((fact.organisation_id, own.organisation_id), ())):
                for ready, entity in _at_home(pattern, own, under, world):
                    yield ready, own.fact_id, entity, own.occupation


def _at_home(
    pattern: Pattern, own: AffiliationFact, state: _State, world: World
) -> Iterator[tuple[_State, UUID | None]]:
    """The holder's legal entity by date, from the place of the capacity's organisation; None: the scope's, whichever it
    is."""
    if pattern.at_home:
        yield state, None
        return
    for _, entity, span in world.places.get(own.organisation_id, ()):
        for ready in state.within([span]):
            if not ready.span.empty:
                yield ready, entity


def _scopes(pattern: Pattern, state: _State, names: Names, world: World) -> Iterator[tuple[UUID, _State]]:
    scope = pattern.scope
    if scope.of is not None:
        fact = state.bound[scope.of]
        if isinstance(fact, (AffiliationFact, MembershipFact)):
            yield fact.organisation_id, state
    elif scope.organisation is not None:
        yield names.organisations[scope.organisation], state
    elif scope.covers_of is not None:
        for version_id, other_id, span in world.covers.get(names.organisations[scope.covers_of], ()):
            yield other_id, state.with_("(covers)", None, version_id, span)


def first_failing(
    pattern: Pattern, owner_id: UUID, names: Names, facts: Facts, world: World, at: datetime
) -> tuple[int, Problem] | None:
    """Return how many conditions the nearest fact passes, and the first condition on facts that fails at ``at``; None
    when none does.

    The nearest fact is the one that fails last; nothing personal is in the text.
    """
    best: tuple[int, Problem] = (0, Problem("There is no fact of the kind the rule begins with."))
    states = [_State()]
    for depth, item in enumerate(pattern.bound):
        nearest = max(_graded(item, states, owner_id, names, facts, world, at), key=lambda pair: pair[0], default=None)
        if nearest is not None and 10 * depth + nearest[0] >= best[0]:
            best = 10 * depth + nearest[0], nearest[1]
        states = [
            new
            for state in states
            for new in _extend(item, state, owner_id, names, facts, world)
            if new.span.start <= at < new.span.end
        ]
        if not states:
            return best
    return None


def _graded(
    item: Bound, states: Sequence[_State], owner_id: UUID, names: Names, facts: Facts, world: World, at: datetime
) -> Iterator[tuple[int, Problem]]:
    if item.fact != "affiliation":
        missing = {
            "membership": N_("The person is not in the group."),
            "relationship": N_("There is no such relationship."),
        }
        yield 0, Problem(missing[item.fact])
        return
    for state in states:
        for fact in _candidates(item, state, facts):
            found = list(failing(item, fact, Seen(names, world, state.bound)))
            if not fact.span.start <= at < fact.span.end:
                found.append(Problem("It does not hold on that day."))
            spans = list(_placed(item, fact, _State(), owner_id, names, world))
            if not any(one.span.start <= at < one.span.end for one in spans):
                found.append(Problem("The organisation does not belong where the rule applies."))
            if found:
                yield 9 - len(found), found[0]
