"""Commands on agreements: what they are, their parties, when they are in force, and their clauses. All take sets.

Ending an agreement is one row: its term is joined at every read. A clause is immutable: one that is altered is closed
and another opened. The caller owns the transaction and derives rights afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.orm import Session

from iam.access.model.agreement import Agreement, AgreementClause, AgreementParty, AgreementTerm, ClauseContent
from iam.change import Change
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationPlace, OrganisationRelation
from iam.directory.queries import known

Row = Mapping[str, Any]
Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Clause:
    """What a clause says; ``content`` holds occupation, data group and operation."""

    grantor_id: UUID
    grantee_id: UUID
    scope_id: UUID
    with_descendants: bool
    relationship_kind: str | None
    weaker_accepted_by: str | None
    weaker_accepted_on: date | None
    valid_from: datetime
    valid_to: datetime
    content: frozenset[tuple[str, str, str]]


def add(session: Session, rows: Sequence[Row]) -> None:
    """Add agreements: whole rows with their ids."""
    if rows:
        session.execute(insert(Agreement), [dict(row) for row in rows])


def amend(session: Session, rows: Sequence[Row]) -> None:
    """Write other columns of agreements, found by ``id``."""
    if rows:
        session.execute(update(Agreement), [dict(row) for row in rows])


def set_parties(session: Session, parties: Mapping[UUID, Collection[tuple[UUID, str, date | None]]]) -> None:
    """Make these (legal entity, role, day of signature) the parties of each agreement."""
    if parties:
        gone = delete(AgreementParty).where(AgreementParty.agreement_id.in_(parties))
        session.execute(gone.execution_options(synchronize_session=False))
        rows = [
            {"agreement_id": one, "legal_entity_id": entity_id, "role": role, "signed_on": signed}
            for one, items in parties.items()
            for entity_id, role, signed in items
        ]
        if rows:
            session.execute(insert(AgreementParty), rows)


def set_terms(session: Session, change: Change, terms: Mapping[UUID, Interval]) -> None:
    """Make each interval the time in which the agreement is in force: the version before is closed, another opened."""
    query = select(AgreementTerm.version_id, AgreementTerm.agreement_id, AgreementTerm.fact_id).where(
        AgreementTerm.closed_by.is_(None), AgreementTerm.agreement_id.in_(terms)
    )
    standing = session.execute(query).all()
    if standing:
        session.execute(
            update(AgreementTerm), [{"version_id": row.version_id, "closed_by": change.id} for row in standing]
        )
    facts = {row.agreement_id: row.fact_id for row in standing}
    rows = [
        {
            "fact_id": facts.get(one) or uuid7(),
            "agreement_id": one,
            "valid_from": start,
            "valid_to": end,
            "opened_by": change.id,
        }
        for one, (start, end) in terms.items()
    ]
    if rows:
        session.execute(insert(AgreementTerm), rows)


def clauses(session: Session, known_at: datetime | None = None) -> dict[UUID, dict[UUID, Clause]]:
    """Return the clauses that are open (or were known at ``known_at``) by agreement and id: two queries."""
    content: dict[UUID, set[tuple[str, str, str]]] = defaultdict(set)
    open_ = known(AgreementClause, known_at)
    query = select(ClauseContent).join(AgreementClause, AgreementClause.id == ClauseContent.clause_id).where(open_)
    for allowed in session.scalars(query):
        content[allowed.clause_id].add((allowed.occupation, allowed.data_group, allowed.operation))
    found: dict[UUID, dict[UUID, Clause]] = defaultdict(dict)
    for row in session.scalars(select(AgreementClause).where(open_).order_by(AgreementClause.n)):
        found[row.agreement_id][row.id] = Clause(
            row.grantor_id,
            row.grantee_id,
            row.scope_id,
            row.with_descendants,
            row.relationship_kind,
            row.weaker_accepted_by,
            row.weaker_accepted_on,
            row.valid_from,
            row.valid_to,
            frozenset(content[row.id]),
        )
    return found


def set_clauses(session: Session, change: Change, stated: Mapping[UUID, Sequence[Clause]]) -> list[Clause]:
    """Make ``stated`` the open clauses of these agreements; one that says the same stays as it is. Return those that
    were closed and opened."""
    standing = clauses(session)
    closing: list[UUID] = []
    opening: list[tuple[UUID, Clause]] = []
    closed: list[Clause] = []
    for agreement_id, wanted in stated.items():
        left = dict(standing.get(agreement_id, {}))
        for clause in wanted:
            same = next((id_ for id_, held in left.items() if held == clause), None)
            if same is None:
                opening.append((agreement_id, clause))
            else:
                del left[same]
        closing += left
        closed += left.values()
    if closing:
        session.execute(update(AgreementClause), [{"id": id_, "closed_by": change.id} for id_ in closing])
    _open(session, change, opening)
    return [*closed, *(clause for _, clause in opening)]


def whom_they_allow(session: Session, altered: Collection[Clause]) -> set[UUID]:
    """Return the persons whose rights clauses may allow: of the grantee, or of whoever continues it, at any time, in a
    position that a clause names."""
    if not altered:
        return set()
    a, p = Affiliation, OrganisationPlace
    allowed: dict[str, set[UUID]] = defaultdict(set)
    for clause in altered:
        for occupation, *_ in clause.content:
            allowed[occupation].add(clause.grantee_id)
    onward = _continuing(session, {clause.grantee_id for clause in altered})
    here = a.organisation_id == p.organisation_id, p.closed_by.is_(None), a.closed_by.is_(None)
    found: set[UUID] = set()
    for occupation, grantees in allowed.items():
        theirs = grantees.union(*(onward[one] for one in grantees))
        query = (
            select(a.person_id).join(p, and_(*here)).where(a.occupation == occupation, p.legal_entity_id.in_(theirs))
        )
        found.update(session.scalars(query.where(a.occupation == occupation)))
    return found


def _continuing(session: Session, entities: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The legal entities that continue each, at any time, directly or after others."""
    r = OrganisationRelation
    rows = session.execute(select(r.other_id, r.organisation_id).where(r.kind == "continues", r.closed_by.is_(None)))
    onward: dict[UUID, set[UUID]] = defaultdict(set)
    for one, by in rows:
        onward[one].add(by)
    found: dict[UUID, set[UUID]] = {}
    for one in entities:
        waiting, seen = [one], {one}
        while waiting:
            more = onward.get(waiting.pop(), set()) - seen
            seen |= more
            waiting += more
        found[one] = seen
    return found


def _open(session: Session, change: Change, opening: Sequence[tuple[UUID, Clause]]) -> None:
    if not opening:
        return
    query = select(AgreementClause.agreement_id, func.max(AgreementClause.n)).group_by(AgreementClause.agreement_id)
    last = dict(session.execute(query).all())
    rows, contents = [], []
    for agreement_id, clause in opening:
        last[agreement_id] = last.get(agreement_id, 0) + 1
        id_ = uuid7()
        rows.append(
            {
                "id": id_,
                "agreement_id": agreement_id,
                "n": last[agreement_id],
                "grantor_id": clause.grantor_id,
                "grantee_id": clause.grantee_id,
                "scope_id": clause.scope_id,
                "with_descendants": clause.with_descendants,
                "relationship_kind": clause.relationship_kind,
                "weaker_accepted_by": clause.weaker_accepted_by,
                "weaker_accepted_on": clause.weaker_accepted_on,
                "valid_from": clause.valid_from,
                "valid_to": clause.valid_to,
                "opened_by": change.id,
            }
        )
        contents += [
            {"clause_id": id_, "occupation": occupation, "data_group": group, "operation": operation}
            for occupation, group, operation in sorted(clause.content)
        ]
    session.execute(insert(AgreementClause), rows)
    if contents:
        session.execute(insert(ClauseContent), contents)
