"""Derivation: rules and facts become assignments, as sets. One person is a set of one.

Flow: every published rule's SELECT fills ``match_`` -> pieces between absences -> the clause gate (``permit``) -> ``wanted`` -> what
stands and is not wanted is closed, what is wanted and does not stand is opened. Working tables are temporary and belong to the
session's connection; the caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Table,
    Uuid,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session, aliased

from iam.access.agreement import AgreementClause, ClauseContent
from iam.access.assignment import NIL, Assignment
from iam.access.compile_sql import COLUMNS, compile_rule
from iam.access.pattern import Pattern, parse
from iam.access.relevant import facts_of
from iam.access.resolve import Names, load, resolves
from iam.access.role import RoleClosure, RoleContent, RoleVersion
from iam.access.rule import Rule, RuleVersion
from iam.access.working import KEY, affected, match_, permit, prepare, wanted
from iam.change import Change
from iam.database.bulk import analyze
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.affiliation import Absence, Affiliation
from iam.directory.organisation import OrganisationClosure

_COUNTED = {"preserve_rowcount": True}
_KEPT = 10_000
"""Parsed patterns a process remembers."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many assignments a derivation opened and closed."""

    opened: int
    closed: int


def derive(
    session: Session,
    change: Change,
    *,
    persons: Collection[UUID] | Table | None = None,
    rules: Collection[UUID] | None = None,
) -> Counts:
    """Bring assignments by rule in line with facts, rules, roles and clauses; return what changed.

    ``persons`` limits whose rights are looked at (ids, or a table with ``person_id``), ``rules`` which rules' (rule ids); None
    means all. Rules that no longer resolve (a withdrawn role) give nothing.
    """
    prepare(session)
    if persons is not None:
        _fill_affected(session, persons)
    limit = affected if persons is not None else None
    _fill_matches(session, load(session, tree=False), limit, rules)
    _split_absences(session)
    _fill_permits(session)
    _fill_wanted(session)
    closed, opened = _close(session, change, limit, rules), _open(session, change, limit)
    if rules is None:
        _follow_hands(session, change, limit)
    return Counts(opened, closed)


def _fill_affected(session: Session, persons: Collection[UUID] | Table) -> None:
    if isinstance(persons, Table):
        session.execute(insert(affected).from_select(["person_id"], select(persons.c.person_id).distinct()))
    elif persons:
        session.execute(insert(affected), [{"person_id": person_id} for person_id in set(persons)])
    analyze(session, affected)


def published(session: Session, rules: Collection[UUID] | None = None) -> list[tuple[Rule, RuleVersion]]:
    """Return the published version of every rule (of those named), with its rule."""
    query = (
        select(Rule, RuleVersion)
        .join(RuleVersion, RuleVersion.rule_id == Rule.id)
        .where(RuleVersion.state == "published")
    )
    if rules is not None:
        query = query.where(Rule.id.in_(rules))
    return [(rule, version) for rule, version in session.execute(query)]


_parsed: dict[UUID, Pattern | None] = {}


def _pattern(version: RuleVersion) -> Pattern | None:
    """The pattern of a version, which never changes."""
    if version.id not in _parsed:
        if len(_parsed) >= _KEPT:
            _parsed.clear()
        _parsed[version.id] = parse(version.pattern)[0]
    return _parsed[version.id]


def _fill_matches(session: Session, names: Names, limit: Table | None, rules: Collection[UUID] | None) -> None:
    facts = facts_of(session, limit) if limit is not None else None
    for rule, version in published(session, rules):
        pattern = _pattern(version)
        if pattern is None or not resolves(pattern, names):
            continue
        if facts is not None and not facts.concern(pattern, rule.owner_id, names):
            continue
        query = compile_rule(pattern, rule.owner_id, version.id, names, limit)
        session.execute(insert(match_).from_select([*COLUMNS, "piece"], query.add_columns(literal(0))))
    analyze(session, match_)


def _split_absences(session: Session) -> None:
    """Replace each match that absences touch by its pieces between them."""
    m, a, b = match_, aliased(Absence), aliased(Absence)
    touching = exists().where(_touches(a, m))
    if not session.scalar(select(exists().where(Absence.closed_by.is_(None)))):
        return
    begins = union_all(
        select(m, m.c.valid_from.label("begins")).where(m.c.piece == 0, touching),
        select(m, a.valid_to.label("begins")).join(a, _touches(a, m)).where(m.c.piece == 0, a.valid_to < m.c.valid_to),
    ).subquery()
    inside = exists().where(_of(b, begins), b.valid_from <= begins.c.begins, b.valid_to > begins.c.begins)
    next_absence = (
        select(func.min(b.valid_from)).where(_of(b, begins), b.valid_from > begins.c.begins).scalar_subquery()
    )
    ends = func.coalesce(least(next_absence, begins.c.valid_to), begins.c.valid_to, type_=UtcDateTime())
    names = [name for name in COLUMNS if name not in ("valid_from", "valid_to")]
    pieces = select(*(begins.c[name] for name in names), begins.c.begins, ends, literal(1)).where(~inside).distinct()
    session.execute(insert(m).from_select([*names, "valid_from", "valid_to", "piece"], pieces))
    session.execute(delete(m).where(m.c.piece == 0, touching))


def _of(absence: type[Absence], row: object) -> ColumnElement[bool]:
    return and_(absence.closed_by.is_(None), absence.affiliation_fact_id == row.c.absence_of)  # type: ignore[attr-defined]


def _touches(absence: type[Absence], row: Table) -> ColumnElement[bool]:
    return and_(_of(absence, row), absence.valid_from < row.c.valid_to, absence.valid_to > row.c.valid_from)


def _fill_permits(session: Session) -> None:
    """Which clause allows which role to which occupation: the role's whole content must be among what the clause names."""
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    needs = (
        select(RoleClosure.role_id, RoleContent.data_group, RoleContent.operation)
        .join(newest, newest.c.role_id == RoleClosure.included_id)
        .join(RoleVersion, and_(RoleVersion.role_id == newest.c.role_id, RoleVersion.n == newest.c.n))
        .join(RoleContent, RoleContent.role_version_id == RoleVersion.id)
        .distinct()
        .cte("needs")
    )
    clause, content = AgreementClause, aliased(ClauseContent)
    offered = select(ClauseContent.clause_id, ClauseContent.occupation).distinct().subquery()
    # Two levels down, only what is said here is taken from the queries around: all but the clause's own content.
    allowed = exists().where(
        content.clause_id == clause.id, content.occupation == offered.c.occupation, content.data_group == needs.c.data_group,
        content.operation == needs.c.operation,
    ).correlate_except(content)  # fmt: skip
    lacking = exists().where(needs.c.role_id == RoleClosure.role_id, ~allowed)
    has_content = exists().where(needs.c.role_id == RoleClosure.role_id)
    rows = (
        select(
            clause.id, RoleClosure.role_id, offered.c.occupation, clause.grantor_id, clause.grantee_id, clause.scope_id,
            clause.with_descendants, clause.valid_from, clause.valid_to,
        )
        .join(offered, offered.c.clause_id == clause.id)
        .join(RoleClosure, RoleClosure.role_id == RoleClosure.included_id)
        .where(clause.closed_by.is_(None), has_content, ~lacking)
    )  # fmt: skip
    session.execute(insert(permit).from_select([column.name for column in permit.columns], rows))


def _fill_wanted(session: Session) -> None:
    m, p, c = match_, permit, aliased(OrganisationClosure)
    plain = [m.c[name] for name in (*KEY, "capacity_kind") if name not in ("clause_id", "valid_from", "valid_to")]
    names = [column.name for column in plain]
    uuid = Uuid()
    own = select(*plain, literal(NIL, uuid), m.c.valid_from, m.c.valid_to).where(
        m.c.holder_entity_id == m.c.scope_entity_id
    )
    starts = greatest(m.c.valid_from, p.c.valid_from, c.valid_from, type_=UtcDateTime())
    ends = least(m.c.valid_to, p.c.valid_to, c.valid_to, type_=UtcDateTime())
    crossing = (
        select(*plain, p.c.clause_id, starts, ends)
        .join(p, and_(p.c.role_id == m.c.role_id, p.c.occupation == m.c.occupation, p.c.grantee_id == m.c.holder_entity_id))
        .join(c, and_(c.descendant_id == m.c.scope_id, c.ancestor_id == p.c.scope_id))
        .where(
            m.c.holder_entity_id != m.c.scope_entity_id, p.c.grantor_id == m.c.scope_entity_id, starts < ends,
            (p.c.scope_id == m.c.scope_id) | p.c.with_descendants,
        )
    )  # fmt: skip
    rows = own.distinct().union_all(crossing.distinct())
    session.execute(insert(wanted).from_select([*names, "clause_id", "valid_from", "valid_to"], rows))
    analyze(session, wanted)


def _same(w: Table) -> ColumnElement[bool]:
    """The condition that an open assignment is the wanted row."""
    plain = [getattr(Assignment, name) == w.c[name] for name in KEY if name != "clause_id"]
    clause = func.coalesce(Assignment.clause_id, literal(NIL, Uuid())) == w.c.clause_id
    return and_(Assignment.closed_by.is_(None), Assignment.origin == "rule", clause, *plain)


def _looked_at(limit: Table | None, rules: Collection[UUID] | None) -> ColumnElement[bool]:
    found: ColumnElement[bool] = true()
    if limit is not None:
        found = and_(found, Assignment.person_id.in_(select(limit.c.person_id)))
    if rules is not None:
        found = and_(
            found, Assignment.rule_version_id.in_(select(RuleVersion.id).where(RuleVersion.rule_id.in_(rules)))
        )
    return found


def _close(session: Session, change: Change, limit: Table | None, rules: Collection[UUID] | None) -> int:
    query = (
        update(Assignment)
        .where(
            Assignment.closed_by.is_(None),
            Assignment.origin == "rule",
            _looked_at(limit, rules),
            ~exists().where(_same(wanted)),
        )
        .values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(session.execute(query), "rowcount", 0))


def _open(session: Session, change: Change, limit: Table | None) -> int:
    w = wanted
    columns = [w.c[name] for name in (*KEY, "capacity_kind") if name != "clause_id"]
    rows = select(
        func.uuid7(),
        *columns,
        func.nullif(w.c.clause_id, literal(NIL, Uuid())),
        literal("rule"),
        null(),
        literal(change.id, Uuid()),
    )
    # In a first derivation of everybody there is nothing to compare with; for a few persons asking would cost more than comparing.
    if limit is not None or session.scalar(
        select(exists().where(Assignment.closed_by.is_(None), Assignment.origin == "rule"))
    ):
        rows = rows.where(~exists().where(_same(w)))
    names = ["id", *(c.name for c in columns), "clause_id", "origin", "reason", "opened_by"]
    return int(
        getattr(session.execute(insert(Assignment).from_select(names, rows), execution_options=_COUNTED), "rowcount", 0)
    )


def _follow_hands(session: Session, change: Change, limit: Table | None) -> None:
    """A right granted by hand follows the capacity it was granted to: it never outlasts it, and ends with it.

    One across legal entities ends as well when its clause no longer allows the role, as it is now, to the position.
    """
    a, now_, cited = Assignment, aliased(Affiliation), aliased(Affiliation)
    by_hand = and_(a.closed_by.is_(None), a.origin == "hand", _looked_at(limit, None))
    moved = ~exists().where(Affiliation.version_id == a.fact_1, Affiliation.closed_by.is_(None))
    refused = ~exists().where(cited.version_id == a.fact_1, _permitted(cited))
    stale = and_(by_hand, or_(moved, refused))
    ends = least(a.valid_to, now_.valid_to, type_=UtcDateTime())
    kept = [
        "person_id", "capacity_id", "capacity_kind", "role_id", "role_version_id", "scope_id", "holder_entity_id", "scope_entity_id",
        "clause_id", "origin", "rule_version_id", "reason", "needs_relationship", "fact_2", "fact_3", "fact_4", "place_id", "valid_from",
    ]  # fmt: skip
    rows = (
        select(func.uuid7(), *(getattr(a, name) for name in kept), now_.version_id, ends, literal(change.id, Uuid()))
        .join(now_, and_(now_.fact_id == a.capacity_id, now_.closed_by.is_(None)))
        .where(by_hand, moved, _permitted(now_), a.valid_from < ends)
    )
    session.execute(insert(a).from_select(["id", *kept, "fact_1", "valid_to", "opened_by"], rows))
    session.execute(update(a).where(stale).values(closed_by=change.id).execution_options(synchronize_session=False))


def _permitted(affiliation: type[Affiliation]) -> ColumnElement[bool]:
    p = permit
    allowed = exists().where(
        p.c.clause_id == Assignment.clause_id,
        p.c.role_id == Assignment.role_id,
        p.c.occupation == affiliation.occupation,
    )
    return or_(Assignment.clause_id.is_(None), allowed.correlate_except(p))


def clause_for(
    session: Session, role_id: UUID, occupation: str, grantee_id: UUID, grantor_id: UUID, scope_id: UUID, at: datetime
) -> tuple[UUID, datetime] | None:
    """Return a clause that allows a role to an occupation in a scope at ``at``, with its end; None when no clause does."""
    prepare(session)
    _fill_permits(session)
    p, c = permit, OrganisationClosure
    query = (
        select(p.c.clause_id, p.c.valid_to)
        .join(c, and_(c.descendant_id == scope_id, c.ancestor_id == p.c.scope_id, c.valid_from <= at, c.valid_to > at))
        .where(
            p.c.role_id == role_id, p.c.occupation == occupation, p.c.grantee_id == grantee_id, p.c.grantor_id == grantor_id,
            p.c.valid_from <= at, p.c.valid_to > at, (p.c.scope_id == scope_id) | p.c.with_descendants,
        )
        .order_by(p.c.valid_to.desc())
    )  # fmt: skip
    found = session.execute(query.limit(1)).first()
    return (found[0], found[1]) if found is not None else None
