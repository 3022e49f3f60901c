"""A rule as data: what it binds, what it subtracts, what it gives. Parsed and checked here, compiled and matched
elsewhere.

A rule *binds* one affiliation, group membership or person relationship and up to two more facts joined to it; its
``conditions`` are ANDed, alternatives are further rules; ``unless`` names an affiliation whose absences are subtracted.
There is no now, no age, no function and no negation. See ``docs/rules.md`` for the catalogue with examples.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.problem import Problem
from iam.access.rules.conditions.catalogue import CONDITIONS, Fact
from iam.access.rules.conditions.condition import Condition
from iam.access.rules.conditions.reading import Reader

MAX_FACTS = 3
_Asked = TypeVar("_Asked", bound=Condition)


@dataclass(frozen=True, slots=True)
class Bound:
    """One fact a rule binds, by its name in the rule, with what is asked of it; ``of`` names the relationship whose
    other end has the affiliation."""

    name: str
    fact: Fact
    conditions: tuple[Condition, ...] = ()
    of: str | None = None

    def asks(self, kind: type[_Asked]) -> _Asked | None:
        """Return the condition of this kind; None when it is not asked."""
        return next((one for one in self.conditions if isinstance(one, kind)), None)

    @property
    def under(self) -> str | None:
        """The key of the organisation at or under which the fact is asked to be, beside the rule's owner."""
        return next((one.under for one in self.conditions if one.under is not None), None)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the role holds: the organisation of a bound fact, a named one, or those that a named area covers."""

    of: str | None = None
    organisation: str | None = None
    covers_of: str | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A parsed rule. ``bound[0]`` is the leading fact; ``absence_of`` names the affiliation whose absences are
    subtracted."""

    bound: tuple[Bound, ...]
    absence_of: str | None
    role: str
    scope: Scope
    needs_relationship: bool

    def named(self, name: str) -> Bound:
        """The bound fact of that name; raises ``KeyError``."""
        for item in self.bound:
            if item.name == name:
                return item
        raise KeyError(name)

    @property
    def organisations(self) -> list[tuple[str, str]]:
        """The organisations it names: where in the rule, and the key."""
        asked = [(item, condition) for item in self.bound for condition in item.conditions]
        bound = [(f"bind.{i.name}.{i.fact}.{place}", key) for i, c in asked for place, key in c.organisations]
        scope = (("organisation", self.scope.organisation), ("covers_of", self.scope.covers_of))
        return bound + [(f"gives.scope.{place}", key) for place, key in scope if key is not None]

    @property
    def capacity(self) -> Bound:
        """The fact in whose capacity the right is held: the holder's own affiliation where one is bound, else the
        leading fact."""
        own = [item for item in self.bound if item.fact == "affiliation" and item.of is None]
        return own[0] if own else self.bound[0]

    @property
    def at_home(self) -> bool:
        """Whether the holder belongs to the scope's legal entity, whatever the day: a guardian does, and whoever holds
        a right where they are."""
        capacity = self.capacity
        return capacity.fact == "relationship" or (capacity.fact == "affiliation" and self.scope.of == capacity.name)


def organisation_keys(patterns: Iterable[Pattern]) -> set[str]:
    """Return the keys of the organisations that patterns name."""
    return {key for one in patterns for _, key in one.organisations}


def parse(data: object) -> tuple[Pattern | None, list[Problem]]:
    """Return the pattern of ``data`` and what is wrong with its form; the pattern is None when anything is. Never
    raises."""
    reader = Reader()
    data = reader.mapping(data, "rule")
    reader.known(data, frozenset({"bind", "unless", "gives"}), "rule")
    bound = tuple(_bound(reader, reader.mapping(data.get("bind"), "bind")))
    absence_of = _unless(reader, data.get("unless"), bound)
    gives = reader.mapping(data.get("gives"), "gives")
    reader.known(gives, frozenset({"role", "scope", "needs_relationship"}), "gives")
    role = reader.text(gives.get("role"), "gives.role")
    if role is None or role.count(":") != 1:
        reader.wrong("gives.role", "A rule gives exactly one role.", "Write it as application:role.")
    scope = _scope(reader, gives.get("scope"), bound)
    needs = reader.flag(gives.get("needs_relationship"), "gives.needs_relationship")
    if reader.problems or role is None or scope is None:
        return None, reader.problems
    pattern = Pattern(bound, absence_of, role, scope, bool(needs))
    if scope.covers_of is not None and pattern.capacity.fact != "affiliation":
        reader.wrong(
            "gives.scope.covers_of",
            "Only an affiliation's right can hold in an area.",
            "Bind the holder's own affiliation as well.",
        )
        return None, reader.problems
    return pattern, []


def _bound(reader: Reader, bind: Mapping[str, Any]) -> Iterator[Bound]:
    if not 1 <= len(bind) <= MAX_FACTS:
        reader.wrong("bind", "A rule binds one to %(most)s facts.", "Split it into several rules.", most=MAX_FACTS)
        return
    earlier: dict[str, str] = {}
    for name, value in bind.items():
        place = f"bind.{name}"
        if not isinstance(name, str) or not name.isidentifier():
            reader.wrong(place, "This is no name for a fact.", "Use a short word, like a or child.")
            continue
        facts: Mapping[Any, Any] = reader.mapping(value, place)
        if len(facts) != 1 or next(iter(facts)) not in CONDITIONS:
            reader.wrong(
                place, "This names no fact that a rule can bind.", "Use one of: affiliation, membership, relationship."
            )
            continue
        ((fact, conditions),) = facts.items()
        yield _one(reader, name, fact, reader.mapping(conditions, f"{place}.{fact}"), f"{place}.{fact}", earlier)
        earlier[name] = fact


def _one(
    reader: Reader, name: str, fact: Fact, asked: Mapping[str, Any], place: str, earlier: Mapping[str, str]
) -> Bound:
    kinds = CONDITIONS[fact]
    of_another = frozenset({"of"}) if fact == "affiliation" else frozenset[str]()
    reader.known(asked, frozenset().union(*(kind.KEYS for kind in kinds), of_another), place)
    read = [kind.read(reader, asked, place, earlier) for kind in kinds]
    of = reader.text(asked.get("of"), f"{place}.of") if of_another else None
    if of is not None and earlier.get(of) != "relationship":
        reader.wrong(
            f"{place}.of", "%(name)s is not a relationship bound before this.", "Bind the relationship first.", name=of
        )
    return Bound(name, fact, tuple(one for one in read if one is not None), of)


def _unless(reader: Reader, value: Any, bound: tuple[Bound, ...]) -> str | None:
    if value is None:
        return None
    unless = reader.mapping(value, "unless")
    reader.known(unless, frozenset({"absence_of"}), "unless")
    name = reader.text(unless.get("absence_of"), "unless.absence_of")
    if not any(item.name == name and item.fact == "affiliation" for item in bound):
        reader.wrong(
            "unless.absence_of", "%(name)s is not an affiliation this rule binds.", "Name one that it binds.", name=name
        )
    return name


def _scope(reader: Reader, value: Any, bound: tuple[Bound, ...]) -> Scope | None:
    if isinstance(value, str):
        words = value.split(" ")
        if (
            words[:2] == ["organisation", "of"]
            and len(words) == 3
            and any(b.name == words[2] and b.fact != "relationship" for b in bound)
        ):
            return Scope(of=words[2])
        reader.wrong(
            "gives.scope", "This names no organisation of a bound fact.", "Write: organisation of <name in bind>."
        )
        return None
    scope = reader.mapping(value, "gives.scope")
    reader.known(scope, frozenset({"organisation", "covers_of"}), "gives.scope")
    if len(scope) != 1 or None in scope.values():
        reader.wrong("gives.scope", "A scope is exactly one thing.", "Use one of: organisation, covers_of.")
        return None
    return Scope(
        organisation=reader.text(scope.get("organisation"), "gives.scope.organisation"),
        covers_of=reader.text(scope.get("covers_of"), "gives.scope.covers_of"),
    )
