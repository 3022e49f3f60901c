"""Why a person does not hold a role: the nearest rules that could give it, and what really stands in the way of each.

First the conditions on facts, one by one (``match``); where all are met, what lies behind them: a scope in which
nothing can be given that day, an absence, an ended access, a rule that may not hand the role out, an agreement that is
missing, unsigned, over, or allows less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import WHOLE, Part
from iam.access.agreement_state import Obstacle, facts_of
from iam.access.derivation.gate import CrossingRight, lacks
from iam.access.explanation.holdings import Holdings, holdings
from iam.access.model.agreement import Agreement
from iam.access.model.agreements import Clause, clauses
from iam.access.model.role import Application, Role, RoleClosure
from iam.access.model.rule import Rule, RuleVersion, known_rules
from iam.access.pages.listing import concerns
from iam.access.rules import world as loading
from iam.access.rules.facts import Facts, Span, World
from iam.access.rules.match import MET, Match, first_failing, matches
from iam.access.rules.names import Names
from iam.access.rules.naming import of_rules
from iam.access.rules.pattern import Pattern, parse
from iam.access.rules.resolve import resolves
from iam.access.rules.sentence import labels, sentences
from iam.directory import holds
from iam.directory.affiliation import Absence, Affiliation, Relationship
from iam.directory.queries import holds_at, known
from iam.texts import N_

_FARTHEST_FIRST = ("parties", "scope", "content", "relationship", "time", None)


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A rule that could give the role (or one that includes it), and what stands in the way of this person; ``own`` is
    a rule of an organisation in or under which the person is."""

    rule_key: str
    rule_version: int
    sentence: Mapping[str, str]
    failing: Problem
    passed: int
    own: bool = False
    rule_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Agreed:
    """A clause with its agreement: by which key it is known, and what keeps the clause from living at that time."""

    key: str
    clause: Clause
    obstacle: Obstacle | None


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of the person and of the world, at one time, as of one knowledge."""

    session: Session
    at: datetime
    known_at: datetime | None
    names: Names
    facts: Facts
    world: World
    held: Holdings
    agreed: Sequence[_Agreed]


def why_not(
    session: Session,
    person_id: UUID,
    role: str,
    at: datetime | None = None,
    part: Part = WHOLE,
    *,
    known_at: datetime | None = None,
) -> list[WhyNot]:
    """Return the rules that give ``role`` at ``at``, as known at ``known_at``, each with what stands in the way; empty
    when none gives it.

    The person's own organisation's rules come first, of them the nearest. Only rules that concern ``part`` and the
    person's facts in it are looked at.
    """
    moment = at or clock.now()
    read = _read(session, role, known_at, part)
    case = _case(session, person_id, moment, known_at, part, [(rule.owner_id, pattern) for rule, _, pattern in read])
    asked = [one for one in read if resolves(one[2], case.names, one[0].owner_id)]
    labelled = labels(session, (pattern for _, _, pattern in asked))
    found = [_judged(rule, version, one, sentences(one, labelled), case) for rule, version, one in asked]
    return sorted(found, key=lambda one: (not one.own, -one.passed, one.rule_key))


def _read(
    session: Session, role: str, known_at: datetime | None, part: Part
) -> list[tuple[Rule, RuleVersion, Pattern]]:
    """The rules of then that concern the part and give a role, or one that includes it."""
    which = RuleVersion.role_id.in_(_giving(session, role)), concerns(part, Rule.owner_id)
    found = [
        (rule, version, parse(version.pattern)[0]) for rule, version in known_rules(session, *which, known_at=known_at)
    ]
    return [(rule, version, pattern) for rule, version, pattern in found if pattern is not None]


def _giving(session: Session, role: str) -> list[UUID]:
    """The roles that are or include a role, given as ``application:role``."""
    application_key, _, role_key = role.partition(":")
    asked = select(Role.id).join(Application, Application.id == Role.application_id)
    asked = asked.where(Application.key == application_key, Role.key == role_key)
    return list(session.scalars(select(RoleClosure.role_id).where(RoleClosure.included_id.in_(asked))))


def _case(
    session: Session,
    person_id: UUID,
    at: datetime,
    known_at: datetime | None,
    part: Part,
    rules: Collection[tuple[UUID, Pattern]],
) -> _Case:
    names = of_rules(session, rules)
    facts = loading.facts(session, person_id, known_at, part=part)
    agreed = list(_agreed(session, at, known_at))
    areas = {one.clause.scope_id for one in agreed if one.clause.over_area}
    return _Case(
        session,
        at,
        known_at,
        names,
        facts,
        loading.world(session, known_at, loading.near(facts, rules, names) | areas),
        holdings(session, known_at),
        agreed,
    )


def _agreed(session: Session, at: datetime, known_at: datetime | None) -> Iterator[_Agreed]:
    found = clauses(session, known_at)
    keys = dict(session.execute(select(Agreement.id, Agreement.key)).all())
    facts = facts_of(session, found, known_at)
    for agreement_id, of_one in found.items():
        for clause in of_one.values():
            kept = facts[agreement_id].obstacle(clause.grantor_id, clause.grantee_id, at)
            yield _Agreed(keys[agreement_id], clause, kept)


def _judged(rule: Rule, version: RuleVersion, pattern: Pattern, sentence: Mapping[str, str], case: _Case) -> WhyNot:
    own = any(
        _is_own(rule.owner_id, one.organisation_id, case) for one in case.facts.affiliations if _now(one.span, case.at)
    )
    failing = first_failing(pattern, rule.owner_id, case.names, case.facts, case.world, case.at)
    passed, problem = failing if failing is not None else (MET, _behind(pattern, rule.owner_id, case))
    return WhyNot(rule.key, version.n, sentence, problem, passed, own, rule.name or {})


def _is_own(owner_id: UUID, organisation_id: UUID, case: _Case) -> bool:
    return any(_now(span, case.at) for span in case.world.closure.get((owner_id, organisation_id), ()))


def _now(span: Span, at: datetime) -> bool:
    return span.start <= at < span.end


def _behind(pattern: Pattern, owner_id: UUID, case: _Case) -> Problem:
    """What stands in the way where every condition on facts is met."""
    if not case.names.hands_out(owner_id, pattern.role):
        return Problem(N_("The owner of this rule may not hand this role out."))
    every = matches(pattern, owner_id, case.names, case.facts, case.world)
    found = [one for one in every if _now(one.span, case.at)]
    if not found:
        return nowhere(pattern)
    kept = _kept(found, case)
    obstacles = [problem for one in found if (problem := kept.get(one) or _uncrossed(one, pattern, case)) is not None]
    if len(obstacles) < len(found):
        return Problem(N_("Nothing stands in the way: the right comes as soon as rights are derived again."))
    return obstacles[0]


def nowhere(pattern: Pattern) -> Problem:
    """Return why a rule gives nothing to whom it matches: there is no scope that day."""
    scope = pattern.scope
    if scope.covers_of is not None:
        return Problem(N_("The area of %(key)s covers no organisation on that day."), params={"key": scope.covers_of})
    if scope.organisation is not None:
        params = {"key": scope.organisation}
        return Problem(N_("On that day the rule may give nothing in %(key)s."), params=params)
    return Problem(N_("The person has no position in the organisation of the group on that day."))


def _kept(found: Sequence[Match], case: _Case) -> dict[Match, Problem]:
    """What keeps the person itself from some of the matches: an ended access, or an absence; three statements."""
    a, r, at, known_at = Affiliation, Relationship, case.at, case.known_at
    capacities, watched = ({getattr(one, name) for one in found} for name in ("capacity_id", "absence_of"))
    over = (
        select(a.fact_id).where(a.fact_id.in_(capacities), known(a, known_at), holds.over_affiliation(a, at, known_at)),
        select(r.fact_id).where(
            r.fact_id.in_(capacities), known(r, known_at), holds.over_guardianship(r, at, known_at)
        ),
    )
    held = set(case.session.scalars(union(*over)))
    if case.session.scalar(select(holds.whole(found[0].person_id, at, known_at))):
        held = capacities
    here = Absence.affiliation_fact_id.in_(watched), known(Absence, known_at), holds_at(Absence, at)
    absent = set(case.session.scalars(select(Absence.affiliation_fact_id).where(*here)))
    ended, away = (
        Problem(N_("The access of this person has been ended.")),
        Problem(N_("The person is absent on that day.")),
    )
    return {one: away for one in found if one.absence_of in absent} | {
        one: ended for one in found if one.capacity_id in held
    }


def _uncrossed(match: Match, pattern: Pattern, case: _Case) -> Problem | None:
    """What keeps a right from another legal entity; None when it is within one, or allowed."""
    if match.holder_entity_id == match.scope_entity_id and not match.by_clause:
        return None
    role_id = case.names.roles[pattern.role][0]
    crossing = CrossingRight(
        match.holder_entity_id,
        match.scope_entity_id,
        match.scope_id,
        match.occupation,
        case.held.needs.get(role_id, frozenset()),
        role_id in case.held.asked,
        Span(case.at, case.at + timedelta(microseconds=1)),
    )
    return _not_agreed(crossing, case)


_LACKS = {
    "content": N_("The agreement %(key)s does not allow that position all that the role holds."),
    "relationship": N_(
        "The agreement %(key)s asks for a live relationship, which this role is not asked about at use; "
        "nobody has accepted that."
    ),
    "time": N_("The clause of the agreement %(key)s does not hold on that day."),
}


def _not_agreed(crossing: CrossingRight, case: _Case) -> Problem | None:
    """What the nearest clause lacks; None when one is in force and allows the right."""
    judged = [(_FARTHEST_FIRST.index(lacks(one.clause, crossing, case.world)), one) for one in case.agreed]
    allowing = [one for rank, one in judged if rank == len(_FARTHEST_FIRST) - 1]
    if allowing:
        return _not_in_force(allowing)
    rank, nearest = max(judged, key=lambda pair: pair[0], default=(0, None))
    lack = _FARTHEST_FIRST[rank]
    if nearest is None or lack in ("parties", "scope", None):
        return Problem(
            N_("No agreement lets people of the person's own organisation have this in the other organisation.")
        )
    return Problem(_LACKS[lack], params={"key": nearest.key})


_OBSTACLES = {
    "suspended": N_("The agreement %(key)s is suspended."),
    "awaited": N_("The agreement %(key)s waits until all who are named as parties have signed."),
    "unsigned": N_("The agreement %(key)s is not signed by both sides of the clause."),
    "coming": N_("The agreement %(key)s is not in force yet on that day."),
    "left": N_("One side of the clause is no party of the agreement %(key)s on that day."),
    "ended": N_("The agreement %(key)s has ended."),
    "cancelled": N_("The agreement %(key)s was cancelled before it was in force."),
}
"""Nearest to living first."""


def _not_in_force(allowing: Sequence[_Agreed]) -> Problem | None:
    """What keeps the clause that is nearest to living from it; None when one lives."""
    hindered = {one.obstacle: one.key for one in allowing if one.obstacle is not None}
    if any(one.obstacle is None for one in allowing):
        return None
    nearest = next(what for what in _OBSTACLES if what in hindered)
    return Problem(_OBSTACLES[nearest], params={"key": hindered[nearest]})
