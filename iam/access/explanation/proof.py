"""Proves rights again from the facts. It shares nothing with the SQL that derived them: the Python matcher, absences
one by one, and the clause gate in plain Python. What was granted by hand is proved from its capacity, who granted it,
and the same gate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.derivation.gate import CrossingRight, lacks
from iam.access.explanation.holdings import Holdings, holdings
from iam.access.model.agreements import Clause, clauses
from iam.access.model.assignment import Assignment
from iam.access.model.rule import published
from iam.access.right import held
from iam.access.rules import world as loading
from iam.access.rules.facts import Facts, Span, World
from iam.access.rules.match import Match, matches
from iam.access.rules.names import Names
from iam.access.rules.naming import of_rules
from iam.access.rules.pattern import parse
from iam.access.rules.resolve import resolves
from iam.directory.affiliation import Absence


@dataclass(frozen=True, slots=True)
class _Proofs:
    """What a person's facts carry: role and matches by rule version, absences by affiliation, and the clause gate's
    inputs."""

    names: Names
    facts: Facts
    matches: Mapping[UUID, tuple[UUID, set[Match]]]
    absences: Mapping[UUID, list[Span]]
    clauses: Mapping[UUID, Clause]
    held: Holdings
    world: World


def prove(session: Session, person_id: UUID, at: datetime | None = None) -> list[UUID]:
    """Return the assignments held at ``at`` that facts, roles and clauses do not carry as they stand; normally none."""
    rows = [row for row, _ in session.execute(held(at or clock.now()).where(Assignment.person_id == person_id))]
    proofs = _proofs(session, person_id, rows)
    proved = {"rule": _proved, "hand": _by_hand}
    return [row.id for row in rows if not proved[row.origin](row, proofs)]


def _proofs(session: Session, person_id: UUID, rows: Sequence[Assignment]) -> _Proofs:
    """What the rights cite and the person's facts touch of rules, names and world."""
    cited = {row.rule_version_id for row in rows if row.rule_version_id is not None}
    rules = [(one, parse(one.pattern)[0]) for one in published(session, versions=cited)]
    asked = [(one.owner_id, pattern) for one, pattern in rules if pattern is not None]
    granters = {row.granter_id for row in rows if row.granter_id is not None}
    names = of_rules(session, asked, also={row.role_id for row in rows}, over=granters)
    facts = loading.facts(session, person_id)
    owners = {handing.owner_id for handing in names.handing.values()}
    here = loading.near(facts, asked, names) | owners | granters | {row.scope_id for row in rows}
    agreed = {id_: clause for of_one in clauses(session).values() for id_, clause in of_one.items()}
    here |= {clause.scope_id for clause in agreed.values() if clause.over_area}
    around, found = loading.world(session, near=here), {}
    for one, pattern in rules:
        if (
            pattern is not None
            and resolves(pattern, names, one.owner_id)
            and _handed(pattern.role, one.owner_id, names, around)
        ):
            gives = matches(pattern, one.owner_id, names, facts, around)
            found[one.version_id] = (names.roles[pattern.role][0], gives)
    absences: dict[UUID, list[Span]] = {}
    watched = {match.absence_of for _, some in found.values() for match in some}
    for row in session.scalars(
        select(Absence).where(Absence.closed_by.is_(None), Absence.affiliation_fact_id.in_(watched))
    ):
        absences.setdefault(row.affiliation_fact_id, []).append(Span(row.valid_from, row.valid_to))
    return _Proofs(names, facts, found, absences, agreed, holdings(session), around)


def _handed(role: str, owner_id: UUID, names: Names, world: World) -> bool:
    """Whether an organisation may hand the role out, by the tree as it is or will be."""
    now = clock.now()

    def over(above: UUID, below: UUID) -> bool:
        return any(span.end > now for span in world.closure.get((above, below), ()))

    return names.handing[role].by(owner_id, over)


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
        and (
            (match.holder_entity_id == match.scope_entity_id and not match.by_clause)
            or _allowed(match.occupation, row, time, proofs)
        )
    )


def _by_hand(row: Assignment, proofs: _Proofs) -> bool:
    """Whether the capacity stands as cited and lasts as long, whoever granted the right may hand it out, and the gate
    lets it through."""
    own = next((one for one in proofs.facts.affiliations if one.version_id == row.fact_1), None)
    role = next((key for key, (role_id, _) in proofs.names.roles.items() if role_id == row.role_id), None)
    if own is None or role is None or own.fact_id != row.capacity_id or own.span.end < row.valid_to:
        return False
    if row.granter_id is not None and not _handed(role, row.granter_id, proofs.names, proofs.world):
        return False
    time = Span(row.valid_from, row.valid_to)
    ends = (own.organisation_id, row.holder_entity_id), (row.scope_id, row.scope_entity_id)
    belongs = all(_belongs(place, entity, time, proofs.world) for place, entity in ends)
    free = row.clause_id is None and row.holder_entity_id == row.scope_entity_id
    return belongs and (free or _allowed(own.occupation, row, time, proofs))


def _belongs(organisation_id: UUID, entity_id: UUID, time: Span, world: World) -> bool:
    return any(
        entity == entity_id and time.meet(span) == time for _, entity, span in world.places.get(organisation_id, ())
    )


def _allowed(occupation: str | None, row: Assignment, time: Span, proofs: _Proofs) -> bool:
    clause, needs = proofs.clauses.get(row.clause_id) if row.clause_id else None, proofs.held.needs.get(row.role_id)
    if clause is None or not needs:
        return False
    asked = row.role_id in proofs.held.asked
    crossing = CrossingRight(row.holder_entity_id, row.scope_entity_id, row.scope_id, occupation, needs, asked, time)
    return lacks(clause, crossing, proofs.world) is None
