"""What holds at an instant: capacities and rights, read with the agreements' live time and the person's holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.agreement import AgreementClause, AgreementParty, AgreementTerm
from iam.access.assignment import Assignment
from iam.access.role import Role, RoleClosure, RoleContent, RoleVersion
from iam.database.types import UtcDateTime, least
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import Organisation
from iam.directory.person import Hold
from iam.directory.queries import holds_at, known

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a person can act as: an affiliation or a guardianship. A guardianship has no organisation of its own."""

    id: UUID
    kind: str
    organisation_id: UUID | None
    organisation_key: str
    organisation_names: dict[str, str]
    position: str | None
    valid_from: datetime
    valid_to: datetime
    is_primary: bool = False
    on_behalf_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Right:
    """One role held in one scope by one capacity; ``valid_to`` is the first of what ends it: facts, clause, agreement."""

    role_key: str
    role_id: UUID
    scope_key: str
    scope_id: UUID
    capacity_id: UUID
    valid_from: datetime
    valid_to: datetime
    enforcement: str
    content: tuple[str, ...]
    needs_relationship: bool = False
    application_id: UUID | None = None


def capacities(session: Session, person_id: UUID, at: datetime, *, soon: timedelta = SOON) -> list[Capacity]:
    """Return what a person can act as at ``at``, and what starts within ``soon``; none while a hold lasts. Primary first."""
    own = session.execute(
        select(Affiliation, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(
            Affiliation.person_id == person_id, *_living(Affiliation, at, soon), ~no_rights(Affiliation.person_id, at)
        )
    )
    found = [_of_affiliation(row, organisation) for row, organisation in own]
    for row in session.scalars(
        select(Relationship).where(
            Relationship.person_id == person_id, Relationship.kind == "guardian_of", *_living(Relationship, at, soon),
            ~no_rights(Relationship.person_id, at),
        )
    ):  # fmt: skip
        found.append(
            Capacity(
                row.fact_id, "guardian", None, "", {}, None, row.valid_from, row.valid_to, False, row.other_person_id
            )
        )
    return sorted(
        found, key=lambda c: (not c.is_primary, c.kind == "guardian", c.valid_from, c.organisation_key, str(c.id))
    )


def _of_affiliation(row: Affiliation, organisation: Organisation) -> Capacity:
    names = {language: organisation.name(language) for language in ("fi", "sv", "en")}
    return Capacity(
        row.fact_id,
        row.kind,
        organisation.id,
        organisation.key,
        names,
        row.title or row.occupation,
        row.valid_from,
        row.valid_to,
        row.is_primary,
    )


def _living(model: Any, at: datetime, soon: timedelta) -> tuple[ColumnElement[bool], ...]:
    return model.closed_by.is_(None), model.valid_from <= at + soon, model.valid_to > at


def no_rights(person_id: Any, at: datetime, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold keeps a person from every right at ``at``."""
    return exists().where(Hold.person_id == person_id, known(Hold, known_at), holds_at(Hold, at))


def live_term(clause_id: Any, at: datetime, known_at: datetime | None = None) -> Select[Any]:
    """The end of the agreement's term that covers ``at``, when every party has signed; no row when it is not live."""
    clause, term, party = aliased(AgreementClause), aliased(AgreementTerm), aliased(AgreementParty)
    day = at.astimezone(ZoneInfo(clock.HELSINKI)).date()
    unsigned = exists().where(
        party.agreement_id == clause.agreement_id, or_(party.signed_on.is_(None), party.signed_on > day)
    )
    return (
        select(func.max(term.valid_to, type_=UtcDateTime()))
        .join(clause, clause.agreement_id == term.agreement_id)
        .where(clause.id == clause_id, known(term, known_at), holds_at(term, at), ~unsigned)
    )


def held(at: datetime, known_at: datetime | None = None) -> Select[Any]:
    """Select every assignment held at ``at`` as known at ``known_at``, with ``until``: the first end among what it rests on."""
    ends = live_term(Assignment.clause_id, at, known_at).correlate(Assignment).scalar_subquery()
    until = case(
        (Assignment.clause_id.is_(None), Assignment.valid_to),
        else_=least(Assignment.valid_to, ends, type_=UtcDateTime()),
    )
    return select(Assignment, until.label("until")).where(
        known(Assignment, known_at),
        holds_at(Assignment, at),
        or_(Assignment.clause_id.is_(None), ends.is_not(None)),
        ~no_rights(Assignment.person_id, at, known_at),
    )


def rights(
    session: Session,
    person_id: UUID,
    application_id: UUID | None,
    at: datetime | None = None,
    *,
    known_at: datetime | None = None,
) -> list[Right]:
    """Return a person's rights in an application (None: in all) at ``at``, included roles expanded; one statement.

    Several assignments of the same role, scope and capacity make one right that lasts as long as the last of them.
    """
    query = _rights_query(person_id, at or clock.now(), known_at)
    if application_id is not None:
        query = query.where(Role.application_id == application_id)
    merged: dict[tuple[UUID, UUID, UUID], list[Any]] = {}
    for row in session.execute(query):
        merged.setdefault((row.role_id, row.scope_id, row.capacity_id), []).append(row)
    return [_right(rows) for rows in merged.values()]


def _rights_query(person_id: UUID, at: datetime, known_at: datetime | None) -> Select[Any]:
    """One row per assignment, included role and content; the newest version of each role counts."""
    source = held(at, known_at).where(Assignment.person_id == person_id).subquery()
    newest = select(func.max(RoleVersion.n)).where(RoleVersion.role_id == Role.id).correlate(Role).scalar_subquery()
    return (
        select(
            Role.key.label("role_key"), Role.id.label("role_id"), Organisation.key.label("scope_key"), Organisation.id.label("scope_id"),
            source.c.capacity_id, source.c.valid_from, source.c.until, RoleVersion.enforcement, RoleContent.data_group,
            RoleContent.operation, source.c.needs_relationship, Role.application_id,
        )
        .select_from(source)
        .join(RoleClosure, RoleClosure.role_id == source.c.role_id)
        .join(Role, and_(Role.id == RoleClosure.included_id, ~Role.retired))
        .join(RoleVersion, and_(RoleVersion.role_id == Role.id, RoleVersion.n == newest))
        .join(Organisation, Organisation.id == source.c.scope_id)
        .outerjoin(RoleContent, RoleContent.role_version_id == RoleVersion.id)
        .order_by(Role.key, Organisation.key)
    )  # fmt: skip


def _right(rows: list[Any]) -> Right:
    """One right of all the rows of a role, scope and capacity."""
    one = rows[0]
    content = {f"{row.data_group}:{row.operation}" for row in rows if row.data_group is not None}
    return Right(
        one.role_key, one.role_id, one.scope_key, one.scope_id, one.capacity_id, min(row.valid_from for row in rows),
        max(row.until for row in rows), one.enforcement, tuple(sorted(content)), all(row.needs_relationship for row in rows),
        one.application_id,
    )  # fmt: skip
