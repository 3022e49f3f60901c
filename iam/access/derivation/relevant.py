"""Which rules can touch a few persons at all, told by the fact each rule binds first.

Of thousands of rules a handful concern one person; only those are compiled and run. A rule that is let through may
still match nothing; one that is left out cannot match, for no open fact of these persons is of the kind it binds first,
in its owner's subtree.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, String, and_, cast, exists, literal, select, union
from sqlalchemy.orm import Session, aliased

from iam.access.derivation.working import affected, around
from iam.access.model.assignment import NIL
from iam.access.model.rule import RuleVersion
from iam.access.rules.conditions.catalogue import Fact
from iam.access.rules.conditions.condition import AnyFact, Seen
from iam.access.rules.facts import ALWAYS, AffiliationFact, MembershipFact, RelationshipFact, Span
from iam.access.rules.match import failing
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern
from iam.database.statement import Rows, Statement, row
from iam.directory.affiliation import RELATIONSHIP_KINDS, Affiliation, Group, Membership, Relationship
from iam.directory.organisation import OrganisationClosure

FEW = 100
"""With more persons than this every rule is run: looking at their facts first would cost more than it saves."""


@dataclass(frozen=True, slots=True)
class OpenFacts:
    """The open facts that a few persons have, and what the organisations of those lie under."""

    of: Mapping[Fact, Sequence[AnyFact]]
    under: frozenset[tuple[UUID, UUID]]

    def concern(self, pattern: Pattern, owner_id: UUID, names: Names) -> bool:
        """Whether the pattern's first fact may be among these."""
        first, seen = pattern.bound[0], Seen(names)
        above = {owner_id} | ({names.organisations[first.under]} if first.under is not None else set())
        return any(
            next(failing(first, fact, seen), None) is None and self._lies(fact, above) for fact in self.of[first.fact]
        )

    def _lies(self, fact: AnyFact, above: Collection[UUID]) -> bool:
        if isinstance(fact, RelationshipFact):
            return True
        return all((fact.organisation_id, one) in self.under for one in above)


def facts_of(session: Session) -> OpenFacts:
    """Return the facts of the persons in ``affected``."""
    found: dict[Fact, Sequence[AnyFact]] = {
        "affiliation": _AFFILIATIONS.all(session),
        "membership": _MEMBERSHIPS.all(session),
        "relationship": _RELATIONSHIPS.all(session),
    }
    return OpenFacts(found, frozenset(_UNDER.all(session)))


def owners_over(session: Session, facts: OpenFacts | None) -> set[UUID]:
    """Return the organisations whose rules can match persons in ``affected``: those over a place of theirs, or of
    somebody they are related to in a way that a rule asks for. Every rule binds a fact in its owner's part. ``facts``
    are theirs, where they were read."""
    found = set(_OVER.all(session)) if facts is None else {above for _, above in facts.under}
    for kind, followed in zip(RELATIONSHIP_KINDS, _FOLLOWED.all(session)[0], strict=True):
        if followed:
            found.update(_OVER_RELATED[kind].all(session))
    return found


def _followed() -> Rows:
    """Of each kind of relationship, whether one of theirs is, and a published rule names it."""
    return select(*(and_(_one_of_theirs(kind), _asked(kind)) for kind in RELATIONSHIP_KINDS))


def _one_of_theirs(kind: str) -> ColumnElement[bool]:
    r, person = Relationship, affected.c.person_id
    # A value for each person, not EXISTS: of the hundreds that a manager has PostgreSQL concludes that everybody has as
    # many, and would read them all.
    first = select(literal(1)).where(r.person_id == person, r.kind == kind, r.closed_by.is_(None)).limit(1)
    return exists().where(first.correlate(affected).scalar_subquery().is_not(None), person.is_not(None))


def _asked(kind: str) -> ColumnElement[bool]:
    pattern = cast(RuleVersion.pattern, String)
    return exists().where(RuleVersion.state == "published", pattern.contains(f'"{kind}"'))


def _over() -> Rows:
    c = OrganisationClosure
    return select(c.ancestor_id).join(around, around.c.organisation_id == c.descendant_id)


def _over_related(kind: str) -> Rows:
    r, other, c = Relationship, aliased(Affiliation), OrganisationClosure
    related = select(other.organisation_id).join(r, r.other_person_id == other.person_id)
    here = related.where(_theirs(r), r.kind == kind, other.closed_by.is_(None)).distinct()
    return select(c.ancestor_id).where(c.descendant_id.in_(here))


def _theirs(fact: Any) -> ColumnElement[bool]:
    return and_(fact.person_id.in_(select(affected.c.person_id)), fact.closed_by.is_(None))


def _affiliations() -> Rows:
    a = Affiliation
    columns: Rows = select(
        a.version_id,
        a.fact_id,
        a.person_id,
        a.organisation_id,
        a.kind,
        a.occupation,
        a.is_primary,
        a.substitute_for,
        a.valid_from,
        a.valid_to,
        a.source_id,
    )
    return columns.where(_theirs(a))


def _memberships() -> Rows:
    g, m = Group, Membership
    columns: Rows = select(m.version_id, g.id, g.kind, g.organisation_id, m.valid_from, m.valid_to, m.source_id)
    return columns.join(g, m.group_id == g.id).where(_theirs(m))


def _relationships() -> Rows:
    """Who is whose: a manager has hundreds, so each kind is read once, without saying of whom."""
    r = Relationship
    return select(r.kind, r.source_id).where(_theirs(r)).distinct()


def _under() -> Rows:
    c = OrganisationClosure
    return select(c.descendant_id, c.ancestor_id).join(around, around.c.organisation_id == c.descendant_id)


def places() -> CompoundSelect[Any]:
    """Select where affiliations and groups of the persons in ``affected`` are."""
    a, g, m = Affiliation, Group, Membership
    own: Rows = select(a.organisation_id)
    grouped: Rows = select(g.organisation_id)
    return union(own.where(_theirs(a)), grouped.join(m, m.group_id == g.id).where(_theirs(m)))


def _dated(make: Callable[..., Any]) -> Callable[..., Any]:
    """Make a fact of its columns, of which the last three are start, end and source."""

    def made(*columns: Any) -> Any:
        *values, start, end, source_id = columns
        return make(*values, Span(start, end), source_id)

    return made


def _one(value: UUID) -> UUID:
    return value


_AFFILIATIONS: Statement[AffiliationFact] = Statement(_affiliations, _dated(AffiliationFact))
_MEMBERSHIPS: Statement[MembershipFact] = Statement(_memberships, _dated(MembershipFact))
_RELATIONSHIPS: Statement[RelationshipFact] = Statement(
    _relationships, lambda kind, source_id: RelationshipFact(NIL, NIL, kind, NIL, ALWAYS, source_id)
)
_UNDER: Statement[tuple[Any, ...]] = Statement(_under, row)
_FOLLOWED: Statement[tuple[Any, ...]] = Statement(_followed, row)
_OVER: Statement[UUID] = Statement(_over, _one)
_OVER_RELATED = {kind: Statement(partial(_over_related, kind), _one) for kind in RELATIONSHIP_KINDS}
