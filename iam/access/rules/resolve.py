"""Names in rules become ids; what a rule may not name is refused with its place and the remedy."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any
from uuid import UUID

from connectors.problem import Problem
from iam.access.rules import giving
from iam.access.rules.conditions.of_relationship import RelationshipKind
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern, parse


def check(data: Mapping[str, Any], owner: str, names: Names) -> tuple[Pattern | None, list[Problem]]:
    """Return the pattern of ``data`` and everything wrong with it: its form, unknown names, facts of another's subtree,
    a scope in which its owner may give nothing, a role that its owner may not hand out."""
    pattern, problems = parse(data)
    if pattern is None:
        return None, problems
    owner_id = names.organisations.get(owner)
    found = list(_unknown(pattern, names, owner_id)) or list(_foreign(pattern, owner, names))
    found = found or list(_withheld(pattern, owner_id, names)) or list(_too_wide(pattern))
    return (None if found else pattern), found


def resolves(pattern: Pattern, names: Names, owner_id: UUID) -> bool:
    """Whether everything that a rule of this owner names exists; a published rule that does not resolve any more gives
    nothing."""
    return next(_unknown(pattern, names, owner_id), None) is None


def gives(pattern: Pattern, names: Names, owner_id: UUID) -> bool:
    """Whether a published rule gives anything at all: it resolves, and its owner may hand the role out."""
    return resolves(pattern, names, owner_id) and names.hands_out(owner_id, pattern.role)


def _withheld(pattern: Pattern, owner_id: UUID | None, names: Names) -> Iterator[Problem]:
    handing = names.handing.get(pattern.role)
    if owner_id is not None and handing is not None and not names.hands_out(owner_id, pattern.role):
        whose = next((key for key, id_ in names.organisations.items() if id_ == handing.owner_id), "")
        yield handing.refusal(pattern.role, whose, "gives.role")


def meaning(pattern: Pattern, names: Names) -> Hashable:
    """Return what the names of a pattern that resolves stand for now: as long as it is the same, so is the compiled
    rule."""
    organisations = tuple(names.organisations[key] for _, key in pattern.organisations)
    asked = tuple(condition.meaning(names) for item in pattern.bound for condition in item.conditions)
    return names.roles[pattern.role], organisations, asked


def _unknown(pattern: Pattern, names: Names, owner_id: UUID | None) -> Iterator[Problem]:
    if pattern.role not in names.roles:
        yield Problem(
            "There is no role %(role)s.",
            "Choose a role of an application, or add it first.",
            field="gives.role",
            params={"role": pattern.role},
        )
    for place, key in pattern.organisations:
        if key not in names.organisations:
            yield Problem(
                "There is no organisation %(key)s.",
                "Check the key, or add the organisation first.",
                field=place,
                params={"key": key},
            )
    for item in pattern.bound:
        for condition in item.conditions:
            yield from condition.unknown(names, owner_id, f"bind.{item.name}.{item.fact}")


def _foreign(pattern: Pattern, owner: str, names: Names) -> Iterator[Problem]:
    owner_id = names.organisations.get(owner)
    if owner_id is None:
        yield Problem(
            "There is no organisation %(key)s.",
            "Name the organisation that owns the rule.",
            field="owner",
            params={"key": owner},
        )
        return
    for place, key in pattern.organisations:
        if place.startswith("bind.") and not names.is_under(names.organisations[key], owner_id):
            yield Problem(
                "%(key)s does not belong to %(owner)s, so this rule may not bind its facts.",
                "Let the organisation that has the facts own the rule.",
                field=place,
                params={"key": key, "owner": owner},
            )
    for item in pattern.bound:
        for condition in item.conditions:
            yield from condition.foreign(names, owner_id, f"bind.{item.name}.{item.fact}")
    yield from giving.problems(pattern, owner, names)


def _too_wide(pattern: Pattern) -> Iterator[Problem]:
    lead = pattern.bound[0]
    kind = lead.asks(RelationshipKind)
    if pattern.capacity.fact == "relationship" and (kind is None or kind.kind != "guardian_of"):
        yield Problem(
            "Only guardianship is a capacity of its own.",
            "Bind the holder's own affiliation as well.",
            field=f"bind.{lead.name}.relationship.kind",
        )
    if not any(condition.narrows for item in pattern.bound for condition in item.conditions):
        yield Problem(
            "This rule would match everybody.",
            "Ask for a kind, an occupation, a group or an organisation.",
            field="bind",
        )
