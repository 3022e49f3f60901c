"""Which rules can touch a few persons at all, told by the fact each rule binds first.

Of thousands of rules a handful concern one person; only those are compiled and run. A rule that is let through may still match
nothing; one that is left out cannot match, for no open fact of these persons is of the kind it binds first, in its owner's subtree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from iam.access.pattern import Bound, Pattern
from iam.access.resolve import Names
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import OrganisationClosure

FEW = 100
"""With more persons than this every rule is run: looking at their facts first would cost more than it saves."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The kinds of open facts that a few persons have, each with the organisation it is in, and what those lie under."""

    affiliations: frozenset[tuple[str, str | None, UUID]]
    memberships: frozenset[tuple[UUID, str, UUID]]
    relationships: frozenset[str]
    under: frozenset[tuple[UUID, UUID]]

    def concern(self, pattern: Pattern, owner_id: UUID, names: Names) -> bool:
        """Whether the pattern's first fact may be among these."""
        return _CONCERN[pattern.bound[0].fact](self, pattern.bound[0], owner_id, names)


def facts_of(session: Session, persons: Table) -> Facts | None:
    """Return the facts of the persons in ``persons`` (one column ``person_id``); None when they are more than ``FEW``."""
    ids = list(session.scalars(select(persons.c.person_id).limit(FEW + 1)))
    if len(ids) > FEW:
        return None
    a, m, r, g, c = Affiliation, Membership, Relationship, Group, OrganisationClosure
    affiliations = session.execute(
        select(a.kind, a.occupation, a.organisation_id).where(a.person_id.in_(ids), a.closed_by.is_(None)).distinct()
    ).all()
    memberships = session.execute(
        select(g.id, g.kind, g.organisation_id)
        .join(m, m.group_id == g.id)
        .where(m.person_id.in_(ids), m.closed_by.is_(None))
        .distinct()
    ).all()
    relationships = session.scalars(select(r.kind).where(r.person_id.in_(ids), r.closed_by.is_(None)).distinct())
    places = {row[2] for row in (*affiliations, *memberships)}
    under = session.execute(select(c.descendant_id, c.ancestor_id).where(c.descendant_id.in_(places))).all()
    return Facts(
        frozenset((kind, occupation, place) for kind, occupation, place in affiliations),
        frozenset((group_id, kind, place) for group_id, kind, place in memberships),
        frozenset(relationships), frozenset((below, above) for below, above in under),
    )  # fmt: skip


def _affiliation(facts: Facts, item: Bound, owner_id: UUID, names: Names) -> bool:
    occupations = names.lists[item.code_list] if item.code_list is not None else item.occupations
    return any(
        (not item.kinds or kind in item.kinds)
        and (not occupations or occupation in occupations)
        and _there(facts, item, place, owner_id, names)
        for kind, occupation, place in facts.affiliations
    )


def _membership(facts: Facts, item: Bound, owner_id: UUID, names: Names) -> bool:
    return any(
        (item.group_kind is None or kind == item.group_kind) and _there(facts, item, place, owner_id, names)
        for _, kind, place in facts.memberships
    )


def _relationship(facts: Facts, item: Bound, _owner_id: UUID, _names: Names) -> bool:
    return not facts.relationships.isdisjoint(item.kinds)


def _there(facts: Facts, item: Bound, place: UUID, owner_id: UUID, names: Names) -> bool:
    where = item.where
    if where.is_ is not None and place != names.organisations[where.is_]:
        return False
    under = (owner_id, names.organisations[where.under]) if where.under is not None else (owner_id,)
    return all((place, above) in facts.under for above in under)


_CONCERN: dict[str, Callable[[Facts, Bound, UUID, Names], bool]] = {
    "affiliation": _affiliation,
    "membership": _membership,
    "relationship": _relationship,
}
