"""Why a person holds a right: read from the very versions that assignments cite, for any date and any knowledge.

Every answer names rule, facts with source and line, clause and end; ``proof`` proves the rights themselves again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.explanation import ends
from iam.access.explanation.ends import Piece
from iam.access.explanation.fact_lines import FactLine, fact_lines
from iam.access.model.assignment import NIL, Assignment
from iam.access.model.role import Application, Role, RoleVersion
from iam.access.model.rule import Rule, RuleVersion
from iam.access.right import version_known
from iam.access.rules.names import Labels
from iam.access.rules.pattern import Pattern, organisation_keys, parse
from iam.access.rules.sentence import group_names, other_names, role_label, sentences
from iam.directory.organisation import Organisation
from iam.texts import LANGUAGES, N_, Texts, worded


@dataclass(frozen=True, slots=True)
class ClauseLine:
    """The agreement's clause that lets the right cross from one legal entity to another; ``ends`` is the clause's own
    end."""

    agreement_key: str
    case_number: str
    n: int
    purpose: str
    purpose_names: Mapping[str, str] | None
    legal_basis: Mapping[str, Any]
    live_from: datetime | None
    live_to: datetime | None
    ends: datetime

    def purpose_in(self, language: str) -> str:
        """What the agreement is for, as a language says it."""
        return worded(self.purpose_names or self.purpose, language)


@dataclass(frozen=True, slots=True)
class Because:
    """One assignment: one reason why the right exists. ``through`` is the role that includes the right's own, where
    that one is given; ``valid_to`` when the reason ends, over all the pieces in which it goes on.
    """

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
    through: str | None = None
    through_names: Mapping[str, str] = field(default_factory=dict)
    rule_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Explanation:
    """A right with all its reasons; ``until`` is when it ends, over all the pieces in which it goes on, ``ends_first``
    what ends it, by language.

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

    A role that another includes is a right of its own, as in a token. ``among`` is a further condition, on
    ``Assignment`` and on the role that it comes to (``RoleClosure.included_id``), that keeps every assignment of a
    right, or none of them.
    """
    moment = at or clock.now()
    pieces = ends.pieces(session, person_id, moment, known_at, among)
    if not pieces:
        return []
    roles = _roles(session, {one.role_id for one in pieces} | {one.row.role_id for one in pieces}, known_at)
    pieces = [one for one in pieces if one.role_id in roles and _of(roles[one.role_id].key, application_key)]
    rules = _rules(session, {one.row.rule_version_id for one in pieces if one.row.rule_version_id})
    organisations = _organisations(session, {one.row.scope_id for one in pieces}, organisation_keys(_patterns(rules)))
    reading = _Reading(
        fact_lines(session, {v for one in pieces for v in _cited(one.row)}),
        rules,
        cache(lambda: ends.absences(session, person_id, known_at)),
        _labels(session, roles, organisations, _patterns(rules)),
        roles,
        organisations,
    )
    rights: dict[Hashable, list[Piece]] = {}
    for one in pieces:
        rights.setdefault((one.role_id, one.row.scope_id, one.row.capacity_id), []).append(one)
    found = [_right(theirs, person_id, moment, known_at, reading) for theirs in rights.values()]
    return sorted((one for one in found if one is not None), key=lambda one: (one.role, one.scope_key))


class _Role(NamedTuple):
    key: str
    enforcement: str
    names: Mapping[str, str]


class _ReadRule(NamedTuple):
    """A rule, the version that gave something, and its pattern, None where that cannot be read."""

    rule: Rule
    version: RuleVersion
    pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the pieces of rights refer to, each read once; the ``absences`` only where no fact tells why a right
    ends."""

    lines: Mapping[UUID, FactLine]
    rules: Mapping[UUID, _ReadRule]
    absences: Callable[[], Collection[datetime]]
    names: Labels
    roles: Mapping[UUID, _Role]
    organisations: Mapping[UUID, Organisation]


def _of(role: str, application_key: str | None) -> bool:
    return application_key is None or role.startswith(f"{application_key}:")


def _right(
    pieces: list[Piece], person_id: UUID, at: datetime, known_at: datetime | None, reading: _Reading
) -> Explanation | None:
    holding = [one for one in pieces if one.span.start <= at < one.span.end]
    last = ends.last(pieces, at)
    if last is None:
        return None
    role, scope = reading.roles[last.role_id], reading.organisations[last.row.scope_id]
    because = [_because(one, pieces, at, reading) for one in holding]
    return Explanation(
        person_id,
        role.key,
        reading.names.roles.get(role.key, {}),
        scope.key,
        {ln: scope.name(ln) for ln in LANGUAGES},
        last.row.capacity_id,
        at,
        known_at,
        role.enforcement,
        True,
        last.span.end,
        _ends_first(last, reading),
        because,
    )


def _cited(row: Assignment) -> list[UUID]:
    return [v for v in (row.fact_1, row.fact_2, row.fact_3, row.fact_4, row.place_id) if v != NIL]


def _because(piece: Piece, pieces: Iterable[Piece], at: datetime, reading: _Reading) -> Because:
    row = piece.row
    rule, version, pattern = reading.rules.get(row.rule_version_id or NIL, (None, None, None))
    through = reading.roles[row.role_id].key if row.role_id != piece.role_id and row.role_id in reading.roles else None
    last = ends.last([one for one in pieces if one.reason == piece.reason], at) or piece
    return Because(
        row.id,
        row.origin,
        rule.key if rule else None,
        version.n if version else None,
        sentences(pattern, reading.names) if pattern else {},
        version.published_by if version else None,
        row.reason,
        _clause_line(piece),
        [reading.lines[v] for v in _cited(row) if v in reading.lines],
        row.valid_from,
        last.span.end,
        through,
        reading.names.roles.get(through or "", {}),
        (rule.name if rule else None) or {},
    )


def _clause_line(piece: Piece) -> ClauseLine | None:
    if piece.clause is None:
        return None
    clause, agreement, _ = piece.clause
    return ClauseLine(
        agreement.key,
        agreement.case_number,
        clause.n,
        agreement.purpose,
        agreement.purpose_names,
        agreement.legal_basis,
        piece.in_force and piece.in_force.start,
        piece.in_force and piece.in_force.end,
        clause.valid_to,
    )


_ENDS = {
    "affiliation": N_("the affiliation ends"),
    "membership": N_("the membership ends"),
    "relationship": N_("the relationship ends"),
    "place": N_("the organisation changes its place"),
    "absence": N_("an absence begins"),
    "agreement": N_("the agreement ends"),
    "party": N_("a party leaves the agreement"),
    "suspension": N_("the agreement is suspended"),
    "clause": N_("the clause of the agreement ends"),
    "hand": N_("the end that was set by hand"),
}


def _ends_first(last: Piece, reading: _Reading) -> dict[str, str]:
    until = last.span.end
    message = N_("no end is known") if until >= clock.FOREVER else _ENDS[_cause(last, until, reading)]
    return {language: Texts(language).gettext(message) for language in LANGUAGES}


def _cause(last: Piece, until: datetime, reading: _Reading) -> str:
    cited = [reading.lines[v] for v in _cited(last.row) if v in reading.lines]
    fact = next((line.fact for line in cited if line.valid_to == until), None)
    if fact is not None:
        return fact
    if _minds_absences(last, reading) and until in reading.absences():
        return "absence"
    if last.clause is not None:
        return last.clause.over if last.in_force is not None and last.in_force.end == until else "clause"
    return "hand" if last.row.origin == "hand" else "place"


def _minds_absences(piece: Piece, reading: _Reading) -> bool:
    """Whether what gives the right is kept back by absences: a rule that says so, or one that cannot be read."""
    rule = reading.rules.get(piece.row.rule_version_id or NIL)
    return rule is not None and (rule.pattern is None or rule.pattern.absence_of is not None)


def _organisations(session: Session, ids: Collection[UUID], keys: Collection[str]) -> dict[UUID, Organisation]:
    query = select(Organisation).where(or_(Organisation.id.in_(ids), Organisation.key.in_(keys)))
    return {row.id: row for row in session.scalars(query)}


def _labels(
    session: Session,
    roles: Mapping[UUID, _Role],
    organisations: Mapping[UUID, Organisation],
    patterns: Sequence[Pattern],
) -> Labels:
    places = {row.key: {language: row.name(language) for language in LANGUAGES} for row in organisations.values()}
    called = {role.key: role.names for role in roles.values()}
    return Labels(places, called, group_names(session, patterns), *other_names(session, patterns))


def _roles(session: Session, ids: Collection[UUID], known_at: datetime | None) -> dict[UUID, _Role]:
    """The roles as they were known then, called as they are now."""
    newest, then = aliased(RoleVersion), aliased(RoleVersion)
    rows = session.execute(
        select(Role.id, Application.key, Application.name, Role.key, newest.name, then.enforcement)
        .join(Application, Application.id == Role.application_id)
        .join(newest, (newest.role_id == Role.id) & (newest.n == version_known(Role.id)))
        .join(then, (then.role_id == Role.id) & (then.n == version_known(Role.id, known_at)))
        .where(Role.id.in_(ids))
    )
    return {
        id_: _Role(f"{application}:{role}", enforcement, role_label(application, called, role, name))
        for id_, application, called, role, name, enforcement in rows
    }


def _rules(session: Session, ids: Collection[UUID]) -> dict[UUID, _ReadRule]:
    if not ids:
        return {}
    rows = session.execute(
        select(Rule, RuleVersion).join(RuleVersion, RuleVersion.rule_id == Rule.id).where(RuleVersion.id.in_(ids))
    )
    return {version.id: _ReadRule(rule, version, parse(version.pattern)[0]) for rule, version in rows}


def _patterns(rules: Mapping[UUID, _ReadRule]) -> list[Pattern]:
    return [one.pattern for one in rules.values() if one.pattern is not None]
