"""What a rule would give in other legal entities, and which clauses allow it: told while it is written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.derivation.ceiling import fill_permits
from iam.access.derivation.working import permit, prepare
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.rules import giving
from iam.access.rules.conditions.of_affiliation import Occupation
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.texts import LANGUAGES, N_, Texts

MOST = 50
"""Of an area that covers more, so many organisations are told of."""


@dataclass(frozen=True, slots=True)
class Allowing:
    """A clause that allows the role to a position; whether its agreement is in force is told on the agreement's
    page."""

    agreement_key: str
    n: int
    occupation: str


@dataclass(frozen=True, slots=True)
class CrossedEntity:
    """An organisation of another legal entity in which the rule gives only what ``clauses`` allow; nothing yet when
    there is none."""

    scope_key: str
    scope_names: dict[str, str]
    clauses: tuple[Allowing, ...]


def crossings(session: Session, pattern: Pattern, owner_id: UUID, names: Names) -> list[CrossedEntity]:
    """Return where a checked rule reaches into another legal entity than its owner's, each with the clauses that allow
    it there."""
    scopes = giving.foreign(pattern, owner_id, names)[:MOST]
    if not scopes or pattern.capacity.fact == "relationship":
        return []
    allowed = _allowing(session, pattern, scopes, names.entities.get(owner_id, frozenset()), names)
    rows = session.scalars(select(Organisation).where(Organisation.id.in_(scopes)).order_by(Organisation.key))
    return [
        CrossedEntity(row.key, {one: row.name(one) for one in LANGUAGES}, tuple(allowed.get(row.id, ())))
        for row in rows
    ]


def words(crossing: CrossedEntity, texts: Texts) -> str:
    """Return a crossing as a sentence: which clauses allow the role there, or that none does yet."""
    place = crossing.scope_names.get(texts.language, crossing.scope_key)
    if not crossing.clauses:
        message = N_("No agreement allows this in %(place)s yet: until one does, the rule gives nothing there.")
        return texts.gettext(message) % {"place": place}
    named = ", ".join(f"{one.agreement_key} § {one.n} ({one.occupation})" for one in crossing.clauses)
    return texts.gettext(N_("In %(place)s this is allowed by %(clauses)s.")) % {"place": place, "clauses": named}


def _allowing(
    session: Session, pattern: Pattern, scopes: Collection[UUID], grantees: Collection[UUID], names: Names
) -> dict[UUID, list[Allowing]]:
    prepare(session)
    fill_permits(session)
    p, c = permit.c, OrganisationClosure
    query = (
        select(c.descendant_id, Agreement.key, AgreementClause.n, p.occupation)
        .select_from(permit)
        .join(c, (c.ancestor_id == p.scope_id) & c.descendant_id.in_(scopes))
        .join(AgreementClause, AgreementClause.id == p.clause_id)
        .join(Agreement, Agreement.id == AgreementClause.agreement_id)
        .where(
            p.role_id == names.roles[pattern.role][0],
            p.grantee_id.in_(grantees),
            (p.scope_id == c.descendant_id) | p.with_descendants,
        )
        .distinct()
        .order_by(Agreement.key, AgreementClause.n, p.occupation)
    )
    asked = pattern.capacity.asks(Occupation)
    positions = asked.accepted(names) if asked is not None else frozenset[str]()
    found: dict[UUID, list[Allowing]] = {}
    for scope_id, key, n, occupation in session.execute(query):
        if not positions or occupation in positions:
            found.setdefault(scope_id, []).append(Allowing(key, n, occupation))
    return found
