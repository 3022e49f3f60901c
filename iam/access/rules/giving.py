"""Where a rule may give, when it is written: at or under its owner, or in another legal entity, where a clause has to
allow it.

Derivation asks the same by the tree of each day (``compile_walls``, ``match``); what could never give anything is
refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from connectors.problem import Problem
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern


def problems(pattern: Pattern, owner: str, names: Names) -> Iterator[Problem]:
    """Yield a problem for each place where the rule could give nothing, whatever the day; the names it uses all
    exist."""
    owner_id, scope = names.organisations[owner], pattern.scope
    guardian = pattern.capacity.fact == "relationship"
    if scope.organisation is not None:
        place = names.organisations[scope.organisation]
        if not names.is_under(place, owner_id) and (guardian or not _elsewhere(place, owner_id, names)):
            yield _nothing_there(guardian, "gives.scope.organisation", scope.organisation, owner)
    if scope.covers_of is not None:
        covered = names.covers.get(names.organisations[scope.covers_of], frozenset())
        if any(not names.is_under(one, owner_id) and not _elsewhere(one, owner_id, names) for one in covered):
            yield _nothing_there(guardian, "gives.scope.covers_of", scope.covers_of, owner)


def foreign(pattern: Pattern, owner_id: UUID, names: Names) -> list[UUID]:
    """Return the organisations of other legal entities in which the rule would give: only what a clause allows."""
    scope = pattern.scope
    if scope.organisation is not None:
        named: frozenset[UUID] = frozenset({names.organisations[scope.organisation]})
    else:
        named = names.covers.get(names.organisations.get(scope.covers_of or "", owner_id), frozenset())
    return sorted(one for one in named if _elsewhere(one, owner_id, names))


def _elsewhere(place: UUID, owner_id: UUID, names: Names) -> bool:
    """Whether, at some time, an organisation belongs to another legal entity than the rule's owner."""
    return len(names.entities.get(place, frozenset()) | names.entities.get(owner_id, frozenset())) > 1


def _nothing_there(guardian: bool, field: str, key: str, owner: str) -> Problem:
    params = {"key": key, "owner": owner}
    if guardian:
        # A guardian holds as the scope's own entity, so no clause would stand between.
        message = "%(key)s does not belong to %(owner)s, so this rule may not give guardians rights there."
        return Problem(message, "Let the organisation own the rule itself.", field=field, params=params)
    return Problem(
        "%(key)s does not lie at or under %(owner)s, so this rule may give nothing there.",
        "Let an organisation own the rule under which both lie.",
        field=field,
        params=params,
    )
