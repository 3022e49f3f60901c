"""What the pages on agreements read: how each stands, its clauses, and how many come under it; a constant number of
statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.agreement_state import OVER, AgreementFacts, AgreementStanding, PartyState, facts_of, party_state
from iam.access.model.agreement import (
    Agreement,
    AgreementClause,
    AgreementParty,
    AgreementSuspension,
    AgreementTerm,
    ClauseContent,
)
from iam.access.model.agreements import sides
from iam.access.model.assignment import Assignment
from iam.access.pages.listing import concerns
from iam.access.right import held
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.errors import NotFound
from iam.texts import LANGUAGES

AGREEMENT_KEYS = (Agreement.key, Agreement.id)
_NO_AGREEMENT = Problem("There is no such agreement, or it is outside your part.")


class PartyLine(NamedTuple):
    """A party with its organisation, and how it stands."""

    party: AgreementParty
    entity: Organisation
    state: PartyState


@dataclass(frozen=True, slots=True)
class AgreementState:
    """How an agreement stands: its term, and each of its parties.

    It is ``live`` once a grantor and a grantee of one clause are in (without clauses, two parties) within its term;
    ``unsigned`` while signatures are missing for that.
    """

    state: AgreementStanding
    term: AgreementTerm | None
    parties: list[PartyLine]
    suspension: AgreementSuspension | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, whatever ended it."""
        return self.state in OVER

    @property
    def unsigned(self) -> list[Organisation]:
        """The parties that have not signed yet."""
        return [line.entity for line in self.parties if line.state == "unsigned"]


def agreements(part: Part, text: str = "") -> Any:
    """Select (agreement, owner) of those that the part owns, or to which one of it is a party; order
    ``AGREEMENT_KEYS``."""
    p = AgreementParty
    party = (
        select(p.agreement_id)
        .where(p.agreement_id == Agreement.id, p.closed_by.is_(None), concerns(part, p.legal_entity_id))
        .exists()
    )
    query = (
        select(Agreement, Organisation)
        .select_from(Agreement)
        .join(Organisation, Organisation.id == Agreement.owner_id)
        .where(or_(concerns(part, Agreement.owner_id), party))
    )
    if not text:
        return query
    return query.where(
        or_(
            *(
                column.icontains(text, autoescape=True)
                for column in (
                    Agreement.key,
                    Agreement.case_number,
                    Agreement.purpose,
                    *(Agreement.purpose_names[one].as_string() for one in LANGUAGES),
                )
            )
        )
    )


class FoundAgreement(NamedTuple):
    """An agreement with its owner and the ids of all its clauses, also of those that are no more in force."""

    agreement: Agreement
    owner: Organisation
    clause_ids: list[UUID]


def agreement_of(session: Session, part: Part, key: str) -> FoundAgreement:
    """Return an agreement; one statement; raises ``NotFound``."""
    of_clauses = AgreementClause.agreement_id == Agreement.id
    query = agreements(part).where(Agreement.key == key).add_columns(AgreementClause.id)
    rows = session.execute(query.outerjoin(AgreementClause, of_clauses)).all()
    if not rows:
        raise NotFound(_NO_AGREEMENT)
    return FoundAgreement(rows[0][0], rows[0][1], [row[2] for row in rows if row[2] is not None])


def standings(session: Session, agreement_ids: Collection[UUID]) -> dict[UUID, AgreementState]:
    """Return how agreements stand now; five statements."""
    facts, now = facts_of(session, agreement_ids), clock.now()
    ids = {party.legal_entity_id for one in facts.values() for party in one.parties}
    entities = {row.id: row for row in session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
    between = sides(session, agreement_ids)
    return {
        id_: _standing(facts.get(id_) or AgreementFacts(), between.get(id_, set()), entities, now)
        for id_ in agreement_ids
    }


def _standing(
    facts: AgreementFacts, between: set[tuple[UUID, UUID]], entities: Mapping[UUID, Organisation], now: datetime
) -> AgreementState:
    lines = sorted(
        (PartyLine(one, entities[one.legal_entity_id], party_state(one, now)) for one in facts.parties),
        key=lambda line: line.entity.key,
    )
    term = facts.terms[-1] if facts.terms else None
    return AgreementState(facts.state(between, now), term, lines, facts.suspended(now))


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A clause with the organisations it names, and what it allows: data groups and operations by occupation."""

    clause: AgreementClause
    grantor: Organisation
    grantee: Organisation
    scope: Organisation
    allows: Mapping[str, list[tuple[str, str]]]


def clauses(session: Session, agreement_id: UUID) -> list[ClauseView]:
    """Return the clauses in force of an agreement, by number; two statements."""
    grantor, grantee, scope = (aliased(Organisation) for _ in range(3))
    rows = session.execute(
        select(AgreementClause, grantor, grantee, scope)
        .join(grantor, grantor.id == AgreementClause.grantor_id)
        .join(grantee, grantee.id == AgreementClause.grantee_id)
        .join(scope, scope.id == AgreementClause.scope_id)
        .where(AgreementClause.agreement_id == agreement_id, AgreementClause.closed_by.is_(None))
        .order_by(AgreementClause.n)
    ).all()
    allowed: dict[UUID, dict[str, list[tuple[str, str]]]] = {row[0].id: {} for row in rows}
    contents_of = select(ClauseContent).where(ClauseContent.clause_id.in_(allowed))
    for one in session.scalars(
        contents_of.order_by(ClauseContent.occupation, ClauseContent.data_group, ClauseContent.operation)
    ):
        allowed[one.clause_id].setdefault(one.occupation, []).append((one.data_group, one.operation))
    return [ClauseView(row[0], row[1], row[2], row[3], allowed[row[0].id]) for row in rows]


def under(part: Part, clause_ids: Collection[UUID]) -> Any:
    """Select (organisation, people) that these clauses give something today, by the organisation they come from.

    The clauses are named one by one: few rights rest on a clause, and only so does the database know it. Counted are
    those who come from the part, and those whose right reaches into it, but nobody of whom that must not be told.
    """
    source = held(clock.now()).where(Assignment.clause_id.in_(clause_ids)).subquery()
    home: Any = Organisation.id
    return (
        select(Organisation, func.count(source.c.person_id.distinct()))
        .select_from(source)
        .join(Affiliation, (Affiliation.fact_id == source.c.capacity_id) & Affiliation.closed_by.is_(None))
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            or_(part.covers(home), part.covers(source.c.scope_id)),
            part.tells(source.c.person_id, home),
            part.tells_right(source.c),
        )
        .group_by(Organisation.id)
    )
