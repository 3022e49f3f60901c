"""Why a person holds a right, and why not: read from the very versions that assignments cite, for any date and any knowledge.

Every answer names rule, facts with source and line, clause and end; ``proof`` proves the rights themselves again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access import world as loading
from iam.access.administration import WHOLE, Part
from iam.access.agreement import Agreement, AgreementClause, AgreementTerm
from iam.access.assignment import NIL, Assignment
from iam.access.listing import concerns
from iam.access.match import MET, first_failing
from iam.access.pattern import parse
from iam.access.resolve import load, resolves
from iam.access.right import held
from iam.access.role import Application, Role, RoleVersion
from iam.access.rule import Rule, RuleVersion, published
from iam.access.sentence import Labels, labels, sentences
from iam.change import Change
from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.queries import holds_at, known
from iam.directory.source import Record, Run, Source
from iam.texts import LANGUAGES, N_, Texts


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact version that a right rests on: what it says, who said it and where, and when it was written down."""

    version_id: UUID
    fact: str
    kind: str
    organisation_key: str | None
    organisation_names: Mapping[str, str]
    position: str | None
    other: str | None
    valid_from: datetime
    valid_to: datetime
    source_key: str | None
    run_id: UUID | None
    file: str | None
    line: int | None
    recorded_at: datetime
    recorded_by: UUID | None


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """The agreement's clause that lets the right cross from one legal entity to another."""

    agreement_key: str
    case_number: str
    n: int
    purpose: str
    legal_basis: Mapping[str, Any]
    live_from: datetime | None
    live_to: datetime | None


@dataclass(frozen=True, slots=True)
class Because:
    """One assignment: one reason why the right exists."""

    assignment_id: UUID
    origin: str
    rule_key: str | None
    rule_version: int | None
    sentence: Mapping[str, str]
    published_by: UUID | None
    reason: str | None
    clause: ClauseLine | None
    facts: list[FactLine]
    valid_from: datetime
    valid_to: datetime


@dataclass(slots=True)
class Explanation:
    """A right with all its reasons; ``until`` is when the last of them ends, ``ends_first`` says what ends it, by language.

    ``told`` is False where it was made blank (``telling``).
    """

    person_id: UUID
    role: str
    role_names: Mapping[str, str]
    scope_key: str
    scope_names: Mapping[str, str]
    capacity_id: UUID
    at: datetime
    known_at: datetime | None
    enforced: str
    held: bool = True
    until: datetime = clock.LONG_AGO
    ends_first: dict[str, str] = field(default_factory=dict)
    because: list[Because] = field(default_factory=list)
    told: bool = True


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A rule that could give the role, and the first condition that this person does not meet."""

    rule_key: str
    rule_version: int
    sentence: Mapping[str, str]
    failing: Problem
    passed: int


def explain(
    session: Session,
    person_id: UUID,
    *,
    application_key: str | None = None,
    at: datetime | None = None,
    known_at: datetime | None = None,
    among: ColumnElement[bool] | None = None,
) -> list[Explanation]:
    """Return every right of a person at ``at`` (default now), as known at ``known_at`` (default now), with its reasons.

    ``among`` is a further condition that keeps every assignment of a right, or none of them.
    """
    moment = at or clock.now()
    theirs = held(moment, known_at).where(Assignment.person_id == person_id)
    rows = session.execute(theirs if among is None else theirs.where(among)).all()
    lines = _fact_lines(session, {v for row, _ in rows for v in _cited(row)})
    rules = _rules(session, {row.rule_version_id for row, _ in rows if row.rule_version_id})
    clauses = _clauses(session, {row.clause_id for row, _ in rows if row.clause_id}, moment, known_at)
    absences = set(
        session.scalars(select(Absence.valid_from).where(Absence.person_id == person_id, known(Absence, known_at)))
    )
    names, roles = labels(session), _roles(session, {row.role_id for row, _ in rows})
    organisations = {
        o.id: o
        for o in session.scalars(select(Organisation).where(Organisation.id.in_({row.scope_id for row, _ in rows})))
    }
    found: dict[tuple[UUID, UUID, UUID], Explanation] = {}
    for row, until in rows:
        role, enforced = roles[row.role_id]
        if application_key is not None and not role.startswith(f"{application_key}:"):
            continue
        scope = organisations[row.scope_id]
        one = found.setdefault(
            (row.role_id, row.scope_id, row.capacity_id),
            Explanation(
                person_id, role, names.roles.get(role, {}), scope.key, {ln: scope.name(ln) for ln in LANGUAGES}, row.capacity_id, moment,
                known_at, enforced,
            ),
        )  # fmt: skip
        because = _because(row, until, lines, rules, clauses, names)
        one.because.append(because)
        if until >= one.until:
            one.until, one.ends_first = until, _ends_first(because, until, absences)
    return sorted(found.values(), key=lambda one: (one.role, one.scope_key))


def _cited(row: Assignment) -> list[UUID]:
    return [v for v in (row.fact_1, row.fact_2, row.fact_3, row.fact_4, row.place_id) if v != NIL]


def _because(
    row: Assignment, until: datetime, lines: Mapping[UUID, FactLine], rules: Mapping[UUID, tuple[Rule | None, RuleVersion | None]],
    clauses: Mapping[UUID, ClauseLine], names: Labels,
) -> Because:  # fmt: skip
    rule, version = rules.get(row.rule_version_id or NIL, (None, None))
    pattern = parse(version.pattern)[0] if version is not None else None
    return Because(
        row.id, row.origin, rule.key if rule else None, version.n if version else None, sentences(pattern, names) if pattern else {},
        version.published_by if version else None, row.reason, clauses.get(row.clause_id or NIL),
        [lines[v] for v in _cited(row) if v in lines], row.valid_from, until,
    )  # fmt: skip


_ENDS = {
    "affiliation": N_("the affiliation ends"), "membership": N_("the membership ends"), "relationship": N_("the relationship ends"),
    "place": N_("the organisation changes its place"), "absence": N_("an absence begins"), "clause": N_("the agreement ends"), "hand": N_("the end that was set by hand"),
}  # fmt: skip


def _ends_first(because: Because, until: datetime, absences: Collection[datetime]) -> dict[str, str]:
    if until >= clock.FOREVER:
        return {language: Texts(language).gettext(N_("no end is known")) for language in LANGUAGES}
    cause = next((line.fact for line in because.facts if line.valid_to == until), None)
    if cause is None:
        cause = (
            "absence"
            if until in absences
            else "clause"
            if because.clause
            else "hand"
            if because.origin == "hand"
            else "place"
        )
    return {language: Texts(language).gettext(_ENDS[cause]) for language in LANGUAGES}


def _roles(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    newest = select(func.max(RoleVersion.n)).where(RoleVersion.role_id == Role.id).correlate(Role).scalar_subquery()
    rows = session.execute(
        select(Role.id, Application.key, Role.key, RoleVersion.enforcement)
        .join(Application, Application.id == Role.application_id)
        .join(RoleVersion, (RoleVersion.role_id == Role.id) & (RoleVersion.n == newest))
        .where(Role.id.in_(ids))
    )
    return {id_: (f"{application}:{role}", enforcement) for id_, application, role, enforcement in rows}


def _rules(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[Rule | None, RuleVersion | None]]:
    rows = session.execute(
        select(Rule, RuleVersion).join(RuleVersion, RuleVersion.rule_id == Rule.id).where(RuleVersion.id.in_(ids))
    )
    return {version.id: (rule, version) for rule, version in rows}


def _clauses(
    session: Session, ids: Collection[UUID], at: datetime, known_at: datetime | None
) -> dict[UUID, ClauseLine]:
    rows = session.execute(
        select(AgreementClause, Agreement, AgreementTerm)
        .join(Agreement, Agreement.id == AgreementClause.agreement_id)
        .outerjoin(
            AgreementTerm,
            (AgreementTerm.agreement_id == Agreement.id) & known(AgreementTerm, known_at) & holds_at(AgreementTerm, at),
        )
        .where(AgreementClause.id.in_(ids))
    )
    return {
        clause.id: ClauseLine(
            agreement.key, agreement.case_number, clause.n, agreement.purpose, agreement.legal_basis, term.valid_from if term else None,
            term.valid_to if term else None,
        )
        for clause, agreement, term in rows
    }  # fmt: skip


def _fact_lines(session: Session, ids: Collection[UUID]) -> dict[UUID, FactLine]:
    """Read the cited versions, whatever table they are in: four queries."""
    found: dict[UUID, FactLine] = {}
    for fact, model, join in (
        ("affiliation", Affiliation, Affiliation.organisation_id), ("membership", Membership, Group.organisation_id),
        ("relationship", Relationship, None), ("place", OrganisationPlace, OrganisationPlace.organisation_id),
    ):  # fmt: skip
        query: Any = select(model, Organisation, Group, Record, Run, Source, Change).select_from(model)
        query = (
            query.outerjoin(Group, Group.id == model.group_id)
            if model is Membership
            else query.outerjoin(Group, Group.id == NIL)
        )
        query = (
            query.outerjoin(Organisation, Organisation.id == join)
            if join is not None
            else query.outerjoin(Organisation, Organisation.id == NIL)
        )
        query = (
            query.outerjoin(Record, Record.id == model.record_id)
            .outerjoin(Change, Change.id == model.opened_by)
            .outerjoin(Run, Run.id == Change.run_id)
            .outerjoin(Source, Source.id == model.source_id)
            .where(model.version_id.in_(ids))
        )
        for row in session.execute(query):
            found[row[0].version_id] = _line(fact, *row)
    return found


def _line(
    fact: str, row: Any, organisation: Organisation | None, group: Group | None, record: Record | None, run: Run | None,
    source: Source | None, change: Change,
) -> FactLine:  # fmt: skip
    kind = getattr(row, "kind", None) or (group.kind if group is not None else fact)
    return FactLine(
        row.version_id, fact, kind, organisation.key if organisation else None,
        {ln: organisation.name(ln) for ln in LANGUAGES} if organisation else {}, getattr(row, "title", None) or getattr(row, "occupation", None),
        group.key if group is not None else str(row.other_person_id) if fact == "relationship" else None, row.valid_from, row.valid_to, source.key if source else None, run.id if run else None,
        record.file if record else None, record.line if record else None, change.at, change.actor_person_id,
    )  # fmt: skip


def why_not(
    session: Session, person_id: UUID, role: str, at: datetime | None = None, part: Part = WHOLE
) -> list[WhyNot]:
    """Return the rules that give ``role``, nearest first, each with the first condition that fails; empty when none gives it.

    Only rules that concern ``part`` and the person's facts in it are looked at.
    """
    moment, names, labelled = at or clock.now(), load(session), labels(session)
    facts, around = loading.facts(session, person_id, part=part), loading.world(session)
    ours = set(session.scalars(select(Rule.id).where(concerns(part, Rule.owner_id))))
    found = []
    for rule, version in published(session):
        if rule.id not in ours:
            continue
        pattern = parse(version.pattern)[0]
        if pattern is None or pattern.role != role or not resolves(pattern, names, rule.owner_id):
            continue
        passed, failing = first_failing(pattern, rule.owner_id, names, facts, around, moment)
        if passed == MET and not names.hands_out(rule.owner_id, role):
            failing = Problem("The owner of this rule may not hand this role out.")
        found.append(WhyNot(rule.key, version.n, sentences(pattern, labelled), failing, passed))
    return sorted(found, key=lambda one: (-one.passed, one.rule_key))
