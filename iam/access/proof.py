"""Proves rights again from the facts. It shares nothing with the SQL that derived them: the Python matcher, absences one by one, and
the clause gate in plain Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access import world as loading
from iam.access.agreements import Clause, clauses
from iam.access.assignment import Assignment
from iam.access.match import Match, Span, World, matches
from iam.access.names import Names
from iam.access.pattern import Pattern, parse
from iam.access.resolve import load, resolves
from iam.access.right import held
from iam.access.role import RoleClosure, RoleContent, RoleVersion
from iam.access.rule import Rule, published
from iam.directory.affiliation import Absence

Needs = Mapping[UUID, frozenset[tuple[str, str]]]
"""What each role holds with all it includes: data groups and operations."""


@dataclass(frozen=True, slots=True)
class _Proofs:
    """What a person's facts carry: role and matches by rule version, absences by affiliation, and the clause gate's inputs."""

    matches: Mapping[UUID, tuple[UUID, set[Match]]]
    absences: Mapping[UUID, list[Span]]
    clauses: Mapping[UUID, Clause]
    needs: Needs
    world: World


def prove(session: Session, person_id: UUID, at: datetime | None = None) -> list[UUID]:
    """Return the assignments by rule held at ``at`` that facts, roles and clauses do not carry as they stand; normally none."""
    proofs = _proofs(session, person_id)
    rows = session.execute(
        held(at or clock.now()).where(Assignment.person_id == person_id, Assignment.origin == "rule")
    )
    return [row.id for row, _ in rows if not _proved(row, proofs)]


def _proofs(session: Session, person_id: UUID) -> _Proofs:
    names, facts, around = load(session), loading.facts(session, person_id), loading.world(session)
    found = {}
    for rule, version in published(session):
        pattern = parse(version.pattern)[0]
        if pattern is not None and resolves(pattern, names, rule.owner_id) and _handed(pattern, rule, names, around):
            found[version.id] = (names.roles[pattern.role][0], matches(pattern, rule.owner_id, names, facts, around))
    absences: dict[UUID, list[Span]] = {}
    watched = {match.absence_of for _, some in found.values() for match in some}
    for row in session.scalars(
        select(Absence).where(Absence.closed_by.is_(None), Absence.affiliation_fact_id.in_(watched))
    ):
        absences.setdefault(row.affiliation_fact_id, []).append(Span(row.valid_from, row.valid_to))
    agreed = {id_: clause for of_one in clauses(session).values() for id_, clause in of_one.items()}
    return _Proofs(found, absences, agreed, _needs(session), around)


def _handed(pattern: Pattern, rule: Rule, names: Names, world: World) -> bool:
    """Whether the rule's owner may hand the role out, by the tree as it is or will be."""
    now = clock.now()

    def over(above: UUID, below: UUID) -> bool:
        return any(span.end > now for span in world.closure.get((above, below), ()))

    return names.handing[pattern.role].by(rule.owner_id, over)


def _needs(session: Session) -> Needs:
    newest = {row.role_id: row.id for row in session.scalars(select(RoleVersion).order_by(RoleVersion.n))}
    content: dict[UUID, set[tuple[str, str]]] = {}
    for row in session.scalars(select(RoleContent)):
        content.setdefault(row.role_version_id, set()).add((row.data_group, row.operation))
    needs: dict[UUID, frozenset[tuple[str, str]]] = {}
    for pair in session.scalars(select(RoleClosure)):
        included = content.get(newest[pair.included_id], set()) if pair.included_id in newest else set()
        needs[pair.role_id] = needs.get(pair.role_id, frozenset()) | included
    return needs


def _proved(row: Assignment, proofs: _Proofs) -> bool:
    role_id, found = proofs.matches.get(row.rule_version_id, (None, set())) if row.rule_version_id else (None, set())
    return role_id == row.role_id and any(_carries(match, row, proofs) for match in found)


def _carries(match: Match, row: Assignment, proofs: _Proofs) -> bool:
    cited = (
        row.capacity_id,
        row.scope_id,
        row.holder_entity_id,
        row.scope_entity_id,
        row.fact_1,
        row.fact_2,
        row.fact_3,
        row.fact_4,
        row.place_id,
    )
    time = Span(row.valid_from, row.valid_to)
    return (
        cited
        == (
            match.capacity_id,
            match.scope_id,
            match.holder_entity_id,
            match.scope_entity_id,
            *match.facts,
            match.place_id,
        )
        and time.meet(match.span) == time
        and all(time.meet(absence).empty for absence in proofs.absences.get(match.absence_of, ()))
        and (match.holder_entity_id == match.scope_entity_id or _allowed(match, row, time, proofs))
    )


def _allowed(match: Match, row: Assignment, time: Span, proofs: _Proofs) -> bool:
    clause, needs = proofs.clauses.get(row.clause_id) if row.clause_id else None, proofs.needs.get(row.role_id)
    if (
        clause is None
        or not needs
        or (clause.grantor_id, clause.grantee_id) != (match.scope_entity_id, match.holder_entity_id)
    ):
        return False
    under = proofs.world.closure.get((clause.scope_id, row.scope_id), ())
    return (
        {(match.occupation, group, operation) for group, operation in needs} <= clause.content
        and (clause.with_descendants or clause.scope_id == row.scope_id)
        and time.meet(Span(clause.valid_from, clause.valid_to)) == time
        and any(time.meet(span) == time for span in under)
    )
