"""A rule as data: what it binds, what it subtracts, what it gives. Parsed and checked here, compiled and matched
elsewhere.

A rule *binds* one affiliation, group membership or person relationship and up to two more facts joined to it; its
conditions are ANDed, alternatives are further rules; ``unless`` names an affiliation whose absences are subtracted.
There is no now, no age, no function and no negation. See ``docs/rules.md`` for the catalogue with examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.problem import Problem
from iam.directory.affiliation import AFFILIATION_KINDS, RELATIONSHIP_KINDS
from iam.directory.organisation import KINDS

Fact = Literal["affiliation", "membership", "relationship"]
MAX_FACTS = 3
_FIELDS: Mapping[str, frozenset[str]] = {
    "affiliation": frozenset({"kind", "occupation", "organisation", "primary", "substitute", "of"}),
    "membership": frozenset({"group", "kind", "owner"}),
    "relationship": frozenset({"kind"}),
}


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on an organisation, by key: it is this one, is of this kind, lies at or under this one, or under
    another fact's."""

    is_: str | None = None
    kind: str | None = None
    under: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """One fact a rule binds, by its name in the rule."""

    name: str
    fact: Fact
    kinds: tuple[str, ...] = ()
    occupations: tuple[str, ...] = ()
    code_list: str | None = None
    where: Where = field(default_factory=Where)
    primary: bool | None = None
    substitute: bool | None = None
    of: str | None = None
    group: str | None = None
    group_kind: str | None = None


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


class _Reader:
    """Collects problems while reading a pattern, each with its place."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, place: str, message: str, remedy: str, **params: object) -> None:
        self.problems.append(Problem(message, remedy, field=place, params=params))

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.wrong(place, "This must be a group of named settings.", "See the rule catalogue for its form.")
        return {}

    def texts(self, value: Any, place: str) -> tuple[str, ...]:
        if value is None:
            return ()
        items = (value,) if isinstance(value, str) else value
        if isinstance(items, (list, tuple)) and items and all(_is_text(item) for item in items):
            return tuple(items)
        self.wrong(
            place,
            "This must be a text or a list of texts.",
            "Write the code as text, in quotes if it looks like a number.",
        )
        return ()

    def text(self, value: Any, place: str) -> str | None:
        if value is None or _is_text(value):
            return value  # type: ignore[no-any-return]
        self.wrong(place, "This must be a text.", "Write it as text, in quotes if it looks like a number.")
        return None

    def flag(self, value: Any, place: str) -> bool | None:
        if value is None or isinstance(value, bool):
            return value
        self.wrong(place, "This must be true or false.", "Write true or false without quotes.")
        return None

    def known(self, names: Mapping[str, Any], allowed: frozenset[str], place: str) -> None:
        for name in sorted(str(name) for name in names if name not in allowed):
            self.wrong(
                f"{place}.{name}",
                "%(name)s is not something a rule can ask here.",
                "Use one of: %(allowed)s.",
                name=name,
                allowed=", ".join(sorted(allowed)),
            )


def _is_text(value: object) -> bool:
    # What cannot be printed cannot be stored or looked for in every database either.
    return isinstance(value, str) and value != "" and value.isprintable()


def parse(data: object) -> tuple[Pattern | None, list[Problem]]:
    """Return the pattern of ``data`` and what is wrong with its form; the pattern is None when anything is. Never
    raises."""
    reader = _Reader()
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


def _bound(reader: _Reader, bind: Mapping[str, Any]) -> Iterator[Bound]:
    if not 1 <= len(bind) <= MAX_FACTS:
        reader.wrong("bind", "A rule binds one to %(most)s facts.", "Split it into several rules.", most=MAX_FACTS)
        return
    earlier: dict[str, str] = {}
    for name, value in bind.items():
        place = f"bind.{name}"
        if not isinstance(name, str) or not name.isidentifier():
            reader.wrong(place, "This is no name for a fact.", "Use a short word, like a or child.")
            continue
        facts = reader.mapping(value, place)
        if len(facts) != 1 or next(iter(facts)) not in _FIELDS:
            reader.wrong(
                place, "This names no fact that a rule can bind.", "Use one of: affiliation, membership, relationship."
            )
            continue
        ((fact, conditions),) = facts.items()
        yield _one(reader, name, fact, reader.mapping(conditions, f"{place}.{fact}"), f"{place}.{fact}", earlier)
        earlier[name] = fact


def _one(
    reader: _Reader, name: str, fact: Any, conditions: Mapping[str, Any], place: str, earlier: Mapping[str, str]
) -> Bound:
    reader.known(conditions, _FIELDS[fact], place)
    kinds = reader.texts(conditions.get("kind"), f"{place}.kind")
    allowed = {"affiliation": AFFILIATION_KINDS, "relationship": RELATIONSHIP_KINDS}.get(fact)
    for kind in kinds if allowed else ():
        if kind not in (allowed or ()):
            reader.wrong(
                f"{place}.kind", "There is no such kind.", "Use one of: %(allowed)s.", allowed=", ".join(allowed or ())
            )
    if fact == "membership":
        owner = reader.text(conditions.get("owner"), f"{place}.owner")
        group = reader.text(conditions.get("group"), f"{place}.group")
        if len(kinds) > 1:
            reader.wrong(f"{place}.kind", "A group is of one kind.", "Write another rule for the other kind.")
        if group is not None and owner is None:
            reader.wrong(
                f"{place}.owner",
                "A group is named together with its organisation.",
                "Add owner: the organisation's key.",
            )
        return Bound(name, "membership", where=Where(under=owner), group=group, group_kind=kinds[0] if kinds else None)
    if fact == "relationship":
        if len(kinds) != 1:
            reader.wrong(
                f"{place}.kind", "A relationship needs exactly one kind.", "Write kind: guardian_of, for example."
            )
        return Bound(name, "relationship", kinds=kinds)
    return _affiliation(reader, name, kinds, conditions, place, earlier)


def _affiliation(
    reader: _Reader,
    name: str,
    kinds: tuple[str, ...],
    conditions: Mapping[str, Any],
    place: str,
    earlier: Mapping[str, str],
) -> Bound:
    occupation = conditions.get("occupation")
    code_list: str | None = None
    codes: tuple[str, ...] = ()
    if isinstance(occupation, Mapping):
        reader.known(occupation, frozenset({"in_list"}), f"{place}.occupation")
        code_list = reader.text(occupation.get("in_list"), f"{place}.occupation.in_list")
    else:
        codes = reader.texts(occupation, f"{place}.occupation")
    of = reader.text(conditions.get("of"), f"{place}.of")
    if of is not None and earlier.get(of) != "relationship":
        reader.wrong(
            f"{place}.of", "%(name)s is not a relationship bound before this.", "Bind the relationship first.", name=of
        )
    return Bound(
        name,
        "affiliation",
        kinds,
        codes,
        code_list,
        _where(reader, conditions.get("organisation"), f"{place}.organisation", earlier),
        reader.flag(conditions.get("primary"), f"{place}.primary"),
        reader.flag(conditions.get("substitute"), f"{place}.substitute"),
        of,
    )


def _where(reader: _Reader, value: Any, place: str, earlier: Mapping[str, str]) -> Where:
    if value is None:
        return Where()
    conditions = {"is": value} if isinstance(value, str) else reader.mapping(value, place)
    reader.known(conditions, frozenset({"is", "kind", "under", "same_as"}), place)
    kind = reader.text(conditions.get("kind"), f"{place}.kind")
    if kind is not None and kind not in KINDS:
        reader.wrong(f"{place}.kind", "There is no such kind.", "Use one of: %(allowed)s.", allowed=", ".join(KINDS))
    same_as = reader.text(conditions.get("same_as"), f"{place}.same_as")
    if same_as is not None and earlier.get(same_as) != "affiliation":
        reader.wrong(
            f"{place}.same_as", "%(name)s is not an affiliation bound before this.", "Bind it first.", name=same_as
        )
    return Where(
        reader.text(conditions.get("is"), f"{place}.is"),
        kind,
        reader.text(conditions.get("under"), f"{place}.under"),
        same_as,
    )


def _unless(reader: _Reader, value: Any, bound: tuple[Bound, ...]) -> str | None:
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


def _scope(reader: _Reader, value: Any, bound: tuple[Bound, ...]) -> Scope | None:
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
