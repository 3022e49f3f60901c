"""The clause gate: across legal entities a right needs a clause that allows the role, as it is now, to the position."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Uuid, and_, bindparam, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session, aliased

from iam.access.agreement import AgreementClause, ClauseContent
from iam.access.assignment import NIL, Assignment
from iam.access.role import RoleClosure, RoleContent, RoleVersion
from iam.access.working import KEY, match_, permit, prepare, wanted
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationClosure


def fill_permits(session: Session) -> None:
    """Fill ``permit``: which clause allows which role to which occupation."""
    _PERMITS.run(session)


def fill_wanted(session: Session) -> None:
    """Fill ``wanted`` with the rows of ``match_`` within one legal entity, and of the others what a permit covers."""
    _WANTED.run(session)


def permitted(affiliation: type[Affiliation]) -> ColumnElement[bool]:
    """The condition that an assignment needs no clause, or that its own clause is in ``permit`` for its role and the position."""
    p = permit
    allowed = exists().where(
        p.c.clause_id == Assignment.clause_id, p.c.role_id == Assignment.role_id, p.c.occupation == affiliation.occupation
    )  # fmt: skip
    return or_(Assignment.clause_id.is_(None), allowed.correlate_except(p))


def clause_for(
    session: Session, role_id: UUID, occupation: str, grantee_id: UUID, grantor_id: UUID, scope_id: UUID, at: datetime
) -> tuple[UUID, datetime] | None:
    """Return a clause that allows a role to an occupation in a scope at ``at``, with its end; None when no clause does."""
    prepare(session)
    fill_permits(session)
    return _CLAUSE.one(
        session, of_role=role_id, of_occupation=occupation, grantee=grantee_id, grantor=grantor_id, in_scope=scope_id, at=at
    )  # fmt: skip


def _permits() -> Insert:
    """The role's whole content must be among what the clause names, and under one that needs a live relationship it is asked at use."""
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    needs = (
        select(RoleClosure.role_id, RoleContent.data_group, RoleContent.operation)
        .join(newest, newest.c.role_id == RoleClosure.included_id)
        .join(RoleVersion, and_(RoleVersion.role_id == newest.c.role_id, RoleVersion.n == newest.c.n))
        .join(RoleContent, RoleContent.role_version_id == RoleVersion.id)
        .distinct()
        .cte("needs")
    )
    inner, version = aliased(RoleClosure), aliased(RoleVersion)
    weaker = exists().where(
        inner.role_id == RoleClosure.role_id, newest.c.role_id == inner.included_id, version.role_id == newest.c.role_id,
        version.n == newest.c.n, version.enforcement != "at use",
    ).correlate_except(inner, version, newest)  # fmt: skip
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
        .where(clause.closed_by.is_(None), has_content, ~lacking, or_(clause.relationship_kind.is_(None), ~weaker))
    )  # fmt: skip
    return insert(permit).from_select([column.name for column in permit.columns], rows)


def _wanted() -> Insert:
    m, p, c = match_, permit, aliased(OrganisationClosure)
    plain = [m.c[name] for name in (*KEY, "capacity_kind") if name not in ("clause_id", "valid_from", "valid_to")]
    own = select(*plain, literal(NIL, Uuid()), m.c.valid_from, m.c.valid_to).where(
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
    names = [column.name for column in plain]
    rows = own.distinct().union_all(crossing.distinct())
    return insert(wanted).from_select([*names, "clause_id", "valid_from", "valid_to"], rows)


def _clause() -> Rows:
    p, c = permit, OrganisationClosure
    scope, at = bindparam("in_scope", type_=Uuid()), bindparam("at", type_=UtcDateTime())
    query: Rows = (
        select(p.c.clause_id, p.c.valid_to)
        .join(c, and_(c.descendant_id == scope, c.ancestor_id == p.c.scope_id, c.valid_from <= at, c.valid_to > at))
        .where(
            p.c.role_id == bindparam("of_role", type_=Uuid()), p.c.occupation == bindparam("of_occupation"),
            p.c.grantee_id == bindparam("grantee", type_=Uuid()), p.c.grantor_id == bindparam("grantor", type_=Uuid()),
            p.c.valid_from <= at, p.c.valid_to > at, (p.c.scope_id == scope) | p.c.with_descendants,
        )
    )  # fmt: skip
    return query.order_by(p.c.valid_to.desc()).limit(1)


_PERMITS, _WANTED = Statement(_permits, tuple), Statement(_wanted, tuple)
_CLAUSE: Statement[tuple[UUID, datetime]] = Statement(_clause, lambda clause_id, until: (clause_id, until))
