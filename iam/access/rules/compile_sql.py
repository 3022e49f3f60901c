"""A rule compiled to one SELECT, the same on PostgreSQL and SQLite.

Its rows are matches before the clause gate and before absences are subtracted: who, in which capacity, which role,
where, when, and the fact versions it rests on. ``match`` gives the same rows for one person in plain Python; a property
test holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, and_, false, literal, select, union
from sqlalchemy.orm import aliased, join

from iam.access.model.assignment import NIL
from iam.access.rules.compile_walls import Given, Way, ways
from iam.access.rules.conditions.condition import Compiling
from iam.access.rules.names import Names
from iam.access.rules.pattern import Bound, Pattern
from iam.database.types import greatest, least
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import OrganisationClosure, OrganisationPlace, OrganisationRelation

COLUMNS = (
    "person_id",
    "capacity_id",
    "capacity_kind",
    "role_id",
    "role_version_id",
    "rule_version_id",
    "scope_id",
    "holder_entity_id",
    "scope_entity_id",
    "occupation",
    "needs_relationship",
    "by_clause",
    "absence_of",
    "fact_1",
    "fact_2",
    "fact_3",
    "fact_4",
    "place_id",
    "valid_from",
    "valid_to",
)


@dataclass
class _Query:
    """The statement under construction: its joins, conditions, and every interval the match must lie in."""

    from_: FromClause | Any = None
    where: list[ColumnElement[bool]] = field(default_factory=list)
    starts: list[Any] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    versions: list[Any] = field(default_factory=list)
    by_clause: ColumnElement[bool] = field(default_factory=false)

    def join(self, target: Any, on: ColumnElement[bool] | None = None) -> None:
        """Join ``target``; the first one starts the FROM."""
        self.from_ = target if self.from_ is None else join(self.from_, target, on)

    def dated(self, row: Any) -> None:
        """The match lies within the row's interval."""
        self.starts.append(row.valid_from)
        self.ends.append(row.valid_to)


@dataclass(frozen=True, slots=True)
class Limits:
    """Whose facts are looked at, a table with ``person_id``, and where these persons' facts are, with
    ``organisation_id``: the same facts, but the database finds them by either."""

    persons: Subquery | FromClause
    places: Subquery | FromClause | None = None


def compile_rule(
    pattern: Pattern, owner_id: UUID, rule_version_id: UUID, names: Names, limits: Limits | None = None
) -> Select[Any]:
    """Return the SELECT of a checked pattern, of everybody or within ``limits``."""
    found = [_one_way(pattern, owner_id, rule_version_id, names, limits, way) for way in ways(pattern)]
    return found[0] if len(found) == 1 else select(*union(*found).subquery().columns)


def _one_way(
    pattern: Pattern,
    owner_id: UUID,
    rule_version_id: UUID,
    names: Names,
    limits: Limits | None,
    walls: tuple[Way, ...],
) -> Select[Any]:
    query = _Query()
    facts: dict[str, Any] = {}
    for item in pattern.bound:
        _BIND[item.fact](query, pattern, item, facts, owner_id, names, limits)
    capacity = _capacity(query, pattern, facts)
    place = _scope(query, pattern, facts, names)
    given = Given(owner_id, place, _holder_entity(query, pattern, capacity, place), facts)
    for way in walls:
        way(query, given)
    return _finish(query, pattern, facts, capacity, given, rule_version_id, names)


def _restrict(query: _Query, row: Any, place: Any, facts: dict[str, Any], limits: Limits | None) -> None:
    if limits is None or facts:
        return
    query.where.append(row.person_id.in_(select(limits.persons.c.person_id)))
    if place is not None and limits.places is not None:
        query.where.append(place.organisation_id.in_(select(limits.places.c.organisation_id)))


def _affiliation(
    query: _Query,
    pattern: Pattern,
    item: Bound,
    facts: dict[str, Any],
    owner_id: UUID,
    names: Names,
    limits: Limits | None,
) -> None:
    row = aliased(Affiliation)
    on = (
        and_(row.closed_by.is_(None), row.person_id == _holder(pattern, item, facts))
        if facts
        else row.closed_by.is_(None)
    )
    if facts:
        query.join(row, on)
    else:
        query.join(row)
        query.where.append(on)
    _restrict(query, row, row, facts, limits)
    _asked(query, item, row, None, facts, names)
    _placed(query, item, row.organisation_id, owner_id, names)
    facts[item.name] = row
    query.versions.append(row.version_id)
    query.dated(row)


def _holder(pattern: Pattern, item: Bound, facts: dict[str, Any]) -> ColumnElement[Any]:
    if item.of is not None:
        return facts[item.of].other_person_id  # type: ignore[no-any-return]
    first = pattern.bound[0]
    return facts[first.name].person_id  # type: ignore[no-any-return]


def _asked(query: _Query, item: Bound, row: Any, group: Any, facts: dict[str, Any], names: Names) -> None:
    one = Compiling(query, row, group, facts, names)
    for condition in item.conditions:
        condition.compile(one)


def _placed(query: _Query, item: Bound, organisation_id: Any, owner_id: UUID, names: Names) -> None:
    """The fact lies at or under the rule's owner, and under what the rule asks."""
    under = names.organisations[item.under] if item.under is not None else owner_id
    for ancestor in dict.fromkeys((under, owner_id)):
        closure = aliased(OrganisationClosure)
        query.join(closure, and_(closure.descendant_id == organisation_id, closure.ancestor_id == ancestor))
        query.dated(closure)


def _membership(
    query: _Query,
    pattern: Pattern,
    item: Bound,
    facts: dict[str, Any],
    owner_id: UUID,
    names: Names,
    limits: Limits | None,
) -> None:
    row, group = aliased(Membership), aliased(Group)
    if facts:
        query.join(row, and_(row.closed_by.is_(None), row.person_id == facts[pattern.bound[0].name].person_id))
    else:
        query.join(row)
        query.where.append(row.closed_by.is_(None))
    _restrict(query, row, group, facts, limits)
    query.join(group, group.id == row.group_id)
    _asked(query, item, row, group, facts, names)
    _placed(query, item, group.organisation_id, owner_id, names)
    facts[item.name], facts[f"{item.name}.group"] = row, group
    query.versions.append(row.version_id)
    query.dated(row)


def _relationship(
    query: _Query,
    pattern: Pattern,
    item: Bound,
    facts: dict[str, Any],
    _owner: UUID,
    names: Names,
    limits: Limits | None,
) -> None:
    row = aliased(Relationship)
    if facts:
        query.join(row, and_(row.closed_by.is_(None), row.person_id == facts[pattern.bound[0].name].person_id))
    else:
        query.join(row)
        query.where.append(row.closed_by.is_(None))
    _restrict(query, row, None, facts, limits)
    _asked(query, item, row, None, facts, names)
    facts[item.name] = row
    query.versions.append(row.version_id)
    query.dated(row)


_BIND: dict[str, Any] = {"affiliation": _affiliation, "membership": _membership, "relationship": _relationship}


def _capacity(query: _Query, pattern: Pattern, facts: dict[str, Any]) -> Any:
    """The fact in whose capacity the right is held; for a membership, each affiliation in or under the group's
    organisation."""
    item = pattern.capacity
    if item.fact != "membership":
        return facts[item.name]
    own, closure = aliased(Affiliation), aliased(OrganisationClosure)
    query.join(own, and_(own.closed_by.is_(None), own.person_id == facts[item.name].person_id))
    group = facts[f"{item.name}.group"]
    query.join(
        closure, and_(closure.descendant_id == own.organisation_id, closure.ancestor_id == group.organisation_id)
    )
    query.versions.append(own.version_id)
    query.dated(own)
    query.dated(closure)
    return own


def _scope(query: _Query, pattern: Pattern, facts: dict[str, Any], names: Names) -> Any:
    """The scope's place, which dates its legal entity."""
    scope, place = pattern.scope, aliased(OrganisationPlace)
    scope_id: Any
    if scope.of is not None:
        named = facts.get(f"{scope.of}.group", facts[scope.of])
        scope_id = named.organisation_id
    elif scope.covers_of is not None:
        covers = aliased(OrganisationRelation)
        area = names.organisations[scope.covers_of]
        query.join(covers, and_(covers.organisation_id == area, covers.kind == "covers", covers.closed_by.is_(None)))
        query.versions.append(covers.version_id)
        query.dated(covers)
        scope_id = covers.other_id
    else:
        scope_id = literal(names.organisations[scope.organisation or ""], OrganisationPlace.organisation_id.type)
    query.join(place, and_(place.organisation_id == scope_id, place.closed_by.is_(None)))
    query.dated(place)
    return place


def _holder_entity(query: _Query, pattern: Pattern, capacity: Any, place: Any) -> Any:
    """The legal entity that the holder belongs to: of the capacity's organisation by date, a guardian's that of the
    scope."""
    if pattern.at_home:
        return place.legal_entity_id
    home = aliased(OrganisationPlace)
    query.join(home, and_(home.organisation_id == capacity.organisation_id, home.closed_by.is_(None)))
    query.dated(home)
    return home.legal_entity_id


def _finish(
    query: _Query,
    pattern: Pattern,
    facts: dict[str, Any],
    capacity: Any,
    given: Given,
    rule_version_id: UUID,
    names: Names,
) -> Select[Any]:
    place = given.place
    role_id, role_version_id = names.roles[pattern.role]
    uuid = Affiliation.version_id.type
    starts = query.starts[0] if len(query.starts) == 1 else greatest(*query.starts, type_=query.starts[0].type)
    ends = query.ends[0] if len(query.ends) == 1 else least(*query.ends, type_=query.ends[0].type)
    versions = query.versions + [literal(NIL, uuid)] * (4 - len(query.versions))
    guardian = pattern.capacity.fact == "relationship"
    absence = facts[pattern.absence_of].fact_id if pattern.absence_of else literal(NIL, uuid)
    return (
        select(
            facts[pattern.bound[0].name].person_id.label("person_id"),
            capacity.fact_id.label("capacity_id"),
            capacity.kind.label("capacity_kind"),
            literal(role_id, uuid).label("role_id"),
            literal(role_version_id, uuid).label("role_version_id"),
            literal(rule_version_id, uuid).label("rule_version_id"),
            place.organisation_id.label("scope_id"),
            given.holder.label("holder_entity_id"),
            place.legal_entity_id.label("scope_entity_id"),
            (literal("") if guardian else capacity.occupation).label("occupation"),
            literal(pattern.needs_relationship).label("needs_relationship"),
            query.by_clause.label("by_clause"),
            absence.label("absence_of"),
            *(version.label(f"fact_{n}") for n, version in enumerate(versions, 1)),
            place.version_id.label("place_id"),
            starts.label("valid_from"),
            ends.label("valid_to"),
        )
        .select_from(query.from_)
        .where(*query.where, starts < ends)
    )
