"""Which rules can touch a few persons at all, told by the fact each rule binds first.

Of thousands of rules a handful concern one person; only those are compiled and run. A rule that is let through may
still match nothing; one that is left out cannot match, for no open fact of these persons is of the kind it binds first,
in its owner's subtree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, union
from sqlalchemy.orm import Session

from iam.access.derivation.working import affected
from iam.access.rules.names import Names
from iam.access.rules.pattern import Bound, Pattern
from iam.database.statement import Rows, Statement, row
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import OrganisationClosure

FEW = 100
"""With more persons than this every rule is run: looking at their facts first would cost more than it saves."""


@dataclass(frozen=True, slots=True)
class OpenFacts:
    """The kinds of open facts that a few persons have, each with the organisation it is in, and what those lie
    under."""

    affiliations: frozenset[tuple[str, str | None, UUID]]
    memberships: frozenset[tuple[UUID, str, UUID]]
    relationships: frozenset[str]
    under: frozenset[tuple[UUID, UUID]]

    def concern(self, pattern: Pattern, owner_id: UUID, names: Names) -> bool:
        """Whether the pattern's first fact may be among these."""
        return _CONCERN[pattern.bound[0].fact](self, pattern.bound[0], owner_id, names)


def facts_of(session: Session) -> OpenFacts:
    """Return the facts of the persons in ``affected``."""
    return OpenFacts(
        frozenset(_AFFILIATIONS.all(session)),
        frozenset(_MEMBERSHIPS.all(session)),
        frozenset(_RELATIONSHIPS.all(session)),
        frozenset(_UNDER.all(session)),
    )


def _theirs(fact: Any) -> ColumnElement[bool]:
    return and_(fact.person_id.in_(select(affected.c.person_id)), fact.closed_by.is_(None))


def _affiliations() -> Rows:
    a = Affiliation
    return select(a.kind, a.occupation, a.organisation_id).where(_theirs(a)).distinct()


def _memberships() -> Rows:
    g, m = Group, Membership
    return select(g.id, g.kind, g.organisation_id).join(m, m.group_id == g.id).where(_theirs(m)).distinct()


def _relationships() -> Rows:
    return select(Relationship.kind).where(_theirs(Relationship)).distinct()


def _under() -> Rows:
    a, g, m, c = Affiliation, Group, Membership, OrganisationClosure
    places = union(
        select(a.organisation_id).where(_theirs(a)),
        select(g.organisation_id).join(m, m.group_id == g.id).where(_theirs(m)),
    )
    return select(c.descendant_id, c.ancestor_id).where(c.descendant_id.in_(places))


_AFFILIATIONS: Statement[tuple[Any, ...]] = Statement(_affiliations, row)
_MEMBERSHIPS: Statement[tuple[Any, ...]] = Statement(_memberships, row)
_RELATIONSHIPS: Statement[str] = Statement(_relationships, str)
_UNDER: Statement[tuple[Any, ...]] = Statement(_under, row)


def _affiliation(facts: OpenFacts, item: Bound, owner_id: UUID, names: Names) -> bool:
    occupations = names.lists[item.code_list] if item.code_list is not None else item.occupations
    return any(
        (not item.kinds or kind in item.kinds)
        and (not occupations or occupation in occupations)
        and _there(facts, item, place, owner_id, names)
        for kind, occupation, place in facts.affiliations
    )


def _membership(facts: OpenFacts, item: Bound, owner_id: UUID, names: Names) -> bool:
    return any(
        (item.group_kind is None or kind == item.group_kind) and _there(facts, item, place, owner_id, names)
        for _, kind, place in facts.memberships
    )


def _relationship(facts: OpenFacts, item: Bound, _owner_id: UUID, _names: Names) -> bool:
    return not facts.relationships.isdisjoint(item.kinds)


def _there(facts: OpenFacts, item: Bound, place: UUID, owner_id: UUID, names: Names) -> bool:
    where = item.where
    if where.is_ is not None and place != names.organisations[where.is_]:
        return False
    under = (owner_id, names.organisations[where.under]) if where.under is not None else (owner_id,)
    return all((place, above) in facts.under for above in under)


_CONCERN: dict[str, Callable[[OpenFacts, Bound, UUID, Names], bool]] = {
    "affiliation": _affiliation,
    "membership": _membership,
    "relationship": _relationship,
}
