"""The clause gate: across legal entities a right needs a clause that allows the role, as it is now, to the position.

A party that another legal entity continues is followed: from then on the clause binds whoever continues it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Exists,
    Insert,
    Subquery,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import Session, aliased

from iam.access.derivation.working import KEY, match_, permit, prepare, wanted
from iam.access.model.agreement import AgreementClause, ClauseContent
from iam.access.model.assignment import NIL
from iam.access.model.role import RoleClosure, RoleContent, RoleVersion
from iam.clock import FOREVER, LONG_AGO
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.organisation import OrganisationClosure, OrganisationRelation


def fill_permits(session: Session) -> None:
    """Fill ``permit``: which clause allows which role to which occupation, between whom."""
    _PERMITS.run(session)
    if _ANY_CONTINUED.one(session):
        _CONTINUED.run(session)


def fill_wanted(session: Session) -> None:
    """Fill ``wanted`` with the rows of ``match_`` within one legal entity, and of the others what a permit covers."""
    _WANTED.run(session)


def clause_for(
    session: Session, role_id: UUID, occupation: str, grantee_id: UUID, grantor_id: UUID, scope_id: UUID, at: datetime
) -> tuple[UUID, datetime] | None:
    """Return a clause that allows a role to an occupation in a scope at ``at``, with its end; None when no clause
    does."""
    prepare(session)
    fill_permits(session)
    return _CLAUSE.one(
        session,
        of_role=role_id,
        of_occupation=occupation,
        grantee=grantee_id,
        grantor=grantor_id,
        in_scope=scope_id,
        at=at,
    )


def _weaker(newest: Subquery) -> Exists:
    """Whether the role, or one that it includes, is not asked at use, by the ``newest`` version of each."""
    inner, version = aliased(RoleClosure), aliased(RoleVersion)
    there = exists().where(
        inner.role_id == RoleClosure.role_id,
        newest.c.role_id == inner.included_id,
        version.role_id == newest.c.role_id,
        version.n == newest.c.n,
        version.enforcement != "at use",
    )
    return there.correlate_except(inner, version, newest)


def _permits() -> Insert:
    """The role's whole content must be among what the clause names, and under one that needs a live relationship it is
    asked at use, unless the agreement records who accepted the weaker way. A clause over an area is one over each
    organisation that it covers, while it does."""
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    needs = (
        select(RoleClosure.role_id, RoleContent.data_group, RoleContent.operation)
        .join(newest, newest.c.role_id == RoleClosure.included_id)
        .join(RoleVersion, and_(RoleVersion.role_id == newest.c.role_id, RoleVersion.n == newest.c.n))
        .join(RoleContent, RoleContent.role_version_id == RoleVersion.id)
        .distinct()
        .cte("needs")
    )
    clause, content, (area, covered, times) = AgreementClause, aliased(ClauseContent), _area()
    offered = select(ClauseContent.clause_id, ClauseContent.occupation).distinct().subquery()
    # Two levels down, only what is said here is taken from the queries around: all but the clause's own content.
    allowed = (
        exists()
        .where(
            content.clause_id == clause.id,
            content.occupation == offered.c.occupation,
            content.data_group == needs.c.data_group,
            content.operation == needs.c.operation,
        )
        .correlate_except(content)
    )
    lacking = exists().where(needs.c.role_id == RoleClosure.role_id, ~allowed)
    has_content = exists().where(needs.c.role_id == RoleClosure.role_id)
    strong = or_(clause.relationship_kind.is_(None), clause.weaker_accepted_by.is_not(None), ~_weaker(newest))
    rows = (
        select(
            clause.id,
            RoleClosure.role_id,
            offered.c.occupation,
            clause.grantor_id,
            clause.grantee_id,
            func.coalesce(area.other_id, clause.scope_id),
            clause.with_descendants,
            *times,
        )
        .join(offered, offered.c.clause_id == clause.id)
        .join(RoleClosure, RoleClosure.role_id == RoleClosure.included_id)
        .outerjoin(area, covered)
        .where(clause.closed_by.is_(None), has_content, ~lacking, strong)
        .where(or_(~clause.over_area, area.version_id.is_not(None)), times[0] < times[1])
    )
    return insert(permit).from_select([column.name for column in permit.columns], rows)


def _area() -> tuple[Any, ColumnElement[bool], tuple[Any, Any]]:
    """What the area of a clause covers: the relation, the condition by which it joins, and from when to when the clause
    holds there."""
    clause, area = AgreementClause, aliased(OrganisationRelation)
    covered = (area.organisation_id == clause.scope_id, area.kind == "covers", area.closed_by.is_(None))
    starts = greatest(clause.valid_from, func.coalesce(area.valid_from, clause.valid_from), type_=UtcDateTime())
    ends = least(clause.valid_to, func.coalesce(area.valid_to, clause.valid_to), type_=UtcDateTime())
    return area, and_(clause.over_area, *covered), (starts, ends)


def _any_continued() -> Rows:
    """Few agreements are of somebody who was merged, and following them costs more than all the rest."""
    clause, r = AgreementClause, OrganisationRelation
    party = and_(clause.closed_by.is_(None), or_(clause.grantor_id == r.other_id, clause.grantee_id == r.other_id))
    return select(exists().where(r.kind == "continues", r.closed_by.is_(None), party))


def _continued() -> Insert:
    """What is allowed to or by somebody whom others continue is allowed to or by those, from the day on."""
    p, follows = permit.c, _following()
    grantor, grantee = follows.alias(), follows.alias()
    starts = greatest(p.valid_from, grantor.c.valid_from, grantee.c.valid_from, type_=UtcDateTime())
    ends = least(p.valid_to, grantor.c.valid_to, grantee.c.valid_to, type_=UtcDateTime())
    others = or_(grantor.c.entity_id != grantor.c.party_id, grantee.c.entity_id != grantee.c.party_id)
    rows = (
        select(
            p.clause_id,
            p.role_id,
            p.occupation,
            grantor.c.entity_id,
            grantee.c.entity_id,
            p.scope_id,
            p.with_descendants,
            starts,
            ends,
        )
        .join(grantor, grantor.c.party_id == p.grantor_id)
        .join(grantee, grantee.c.party_id == p.grantee_id)
        .where(others, starts < ends)
    )
    return insert(permit).from_select([column.name for column in permit.columns], rows)


def _following() -> CTE:
    """Which legal entity stands for which party, and when: the party itself, and whoever continues it."""
    p, r = permit.c, aliased(OrganisationRelation)
    party = union(select(p.grantor_id.label("id")), select(p.grantee_id)).subquery()
    always = literal(LONG_AGO, UtcDateTime()).label("valid_from"), literal(FOREVER, UtcDateTime()).label("valid_to")
    follows = select(party.c.id.label("entity_id"), party.c.id.label("party_id"), *always).cte(
        "follows", recursive=True
    )
    starts = greatest(follows.c.valid_from, r.valid_from, type_=UtcDateTime())
    ends = least(follows.c.valid_to, r.valid_to, type_=UtcDateTime())
    onward = and_(r.other_id == follows.c.entity_id, r.kind == "continues", r.closed_by.is_(None))
    # Not UNION ALL: two that are said to continue each other would never come to an end.
    return follows.union(
        select(r.organisation_id, follows.c.party_id, starts, ends).join(r, onward).where(starts < ends)
    )


def _wanted() -> Insert:
    m, p, c = match_, permit, aliased(OrganisationClosure)
    plain = [m.c[name] for name in (*KEY, "capacity_kind") if name not in ("clause_id", "valid_from", "valid_to")]
    own = select(*plain, literal(NIL, Uuid()), m.c.valid_from, m.c.valid_to).where(
        m.c.holder_entity_id == m.c.scope_entity_id, ~m.c.by_clause
    )
    starts = greatest(m.c.valid_from, p.c.valid_from, c.valid_from, type_=UtcDateTime())
    ends = least(m.c.valid_to, p.c.valid_to, c.valid_to, type_=UtcDateTime())
    crossing = (
        select(*plain, p.c.clause_id, starts, ends)
        .join(
            p,
            and_(p.c.role_id == m.c.role_id, p.c.occupation == m.c.occupation, p.c.grantee_id == m.c.holder_entity_id),
        )
        .join(c, and_(c.descendant_id == m.c.scope_id, c.ancestor_id == p.c.scope_id))
        .where(
            or_(m.c.holder_entity_id != m.c.scope_entity_id, m.c.by_clause),
            p.c.grantor_id == m.c.scope_entity_id,
            starts < ends,
            (p.c.scope_id == m.c.scope_id) | p.c.with_descendants,
        )
    )
    names = [column.name for column in plain]
    # A rule's SELECT gives each match once; only a permit may allow one twice.
    rows = own.union_all(crossing.distinct())
    return insert(wanted).from_select([*names, "clause_id", "valid_from", "valid_to"], rows)


def _clause() -> Rows:
    p, c = permit, OrganisationClosure
    scope, at = bindparam("in_scope", type_=Uuid()), bindparam("at", type_=UtcDateTime())
    query: Rows = (
        select(p.c.clause_id, p.c.valid_to)
        .join(c, and_(c.descendant_id == scope, c.ancestor_id == p.c.scope_id, c.valid_from <= at, c.valid_to > at))
        .where(
            p.c.role_id == bindparam("of_role", type_=Uuid()),
            p.c.occupation == bindparam("of_occupation"),
            p.c.grantee_id == bindparam("grantee", type_=Uuid()),
            p.c.grantor_id == bindparam("grantor", type_=Uuid()),
            p.c.valid_from <= at,
            p.c.valid_to > at,
            (p.c.scope_id == scope) | p.c.with_descendants,
        )
    )
    return query.order_by(p.c.valid_to.desc()).limit(1)


_PERMITS, _WANTED = Statement(_permits, tuple), Statement(_wanted, tuple)
_ANY_CONTINUED: Statement[bool] = Statement(_any_continued, bool)
_CONTINUED = Statement(_continued, tuple)
_CLAUSE: Statement[tuple[UUID, datetime]] = Statement(_clause, lambda clause_id, until: (clause_id, until))
