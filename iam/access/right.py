"""What holds at an instant: capacities and rights, read with the agreements' live time and the person's holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.living import live_until
from iam.access.model.agreement import AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role, RoleClosure, RoleContent, RoleVersion
from iam.change import Change
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, least
from iam.directory import holds, primary
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.occupation import called, name_of
from iam.directory.organisation import Organisation
from iam.directory.protected import rests_on_protected
from iam.directory.queries import holds_at, known

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a person can act as: an affiliation or a guardianship. A guardianship has no organisation of its own.

    ``position`` is as its source told it, ``position_names`` the name of its occupation by language, where that has
    one.
    """

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
    position_names: dict[str, str] | None = None

    def called(self, language: str) -> str | None:
        """What its position is called."""
        return called(self.position_names, self.position, language)


@dataclass(frozen=True, slots=True)
class Right:
    """One role held in one scope by one capacity; ``valid_to`` is the first of what ends it: facts, clause,
    agreement."""

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
    """Return what a person can act as at ``at``, and what starts within ``soon``; none while a hold lasts. Primary
    first.

    However many sources mark one, one is the primary (``directory.primary``).
    """
    found = _ALL.all(session, person_id=person_id, at=at, latest=at + soon)
    if sum(c.is_primary for c in found) > 1:
        first = primary.of_one(session, person_id, at)
        found = [replace(c, is_primary=c.id == first) for c in found]
    return sorted(
        found, key=lambda c: (not c.is_primary, c.kind == "guardian", c.valid_from, c.organisation_key, str(c.id))
    )


def capacity(session: Session, person_id: UUID, capacity_id: UUID, at: datetime) -> Capacity | None:
    """Return what a person acts as by its id, when it holds at ``at`` and no hold lasts; None otherwise."""
    for statement in (_AFFILIATED_AS, _GUARDIAN_AS):
        found = statement.one(session, person_id=person_id, at=at, latest=at, capacity_id=capacity_id)
        if found is not None:
            return found
    return None


_PERSON, _AT = bindparam("person_id", type_=Uuid()), bindparam("at", type_=UtcDateTime())


_A, _O, _R = Affiliation, Organisation, Relationship
AFFILIATION = (
    _A.fact_id,
    _A.kind,
    _O.id,
    _O.key,
    _O.name_fi,
    _O.name_sv,
    _O.name_en,
    _A.title,
    _A.occupation,
    _A.valid_from,
    _A.valid_to,
    _A.is_primary,
    name_of(_A.occupation),
)
"""What ``of_affiliation`` is made of, from an affiliation and its organisation."""
GUARDIANSHIP = (_R.fact_id, _R.valid_from, _R.valid_to, _R.other_person_id)
"""What ``of_guardianship`` is made of."""


def _affiliated() -> Rows:
    a, o = Affiliation, Organisation
    query: Rows = select(*AFFILIATION)
    return query.join(o, o.id == a.organisation_id).where(
        a.person_id == _PERSON, *_living(a), ~holds.over_affiliation(a, _AT)
    )


def _guardian() -> Rows:
    r = Relationship
    query: Rows = select(*GUARDIANSHIP)
    return query.where(r.person_id == _PERSON, r.kind == "guardian_of", *_living(r), ~holds.over_guardianship(r, _AT))


def _living(model: Any) -> tuple[ColumnElement[bool], ...]:
    latest = bindparam("latest", type_=UtcDateTime())
    return model.closed_by.is_(None), model.valid_from <= latest, model.valid_to > _AT, ~no_rights(model.person_id, _AT)


def of_affiliation(
    fact_id: UUID,
    kind: str,
    organisation_id: UUID,
    key: str,
    fi: str,
    sv: str,
    en: str,
    title: str | None,
    occupation: str | None,
    valid_from: datetime,
    valid_to: datetime,
    is_primary: bool,
    position_names: dict[str, str] | None,
) -> Capacity:
    """Return the capacity that an affiliation is."""
    names = {"fi": fi, "sv": sv, "en": en}
    position = title or occupation
    given = fact_id, kind, organisation_id, key, names, position, valid_from, valid_to, bool(is_primary)
    return Capacity(*given, position_names=position_names)


def of_guardianship(fact_id: UUID, valid_from: datetime, valid_to: datetime, other_id: UUID) -> Capacity:
    """Return the capacity that a guardianship is."""
    return Capacity(fact_id, "guardian", None, "", {}, None, valid_from, valid_to, False, other_id)


def _all() -> Rows:
    """Every capacity of a person, in the columns that ``_of_either`` reads."""
    nothing, nobody = cast(null(), String), cast(null(), Uuid())
    others = nobody, nothing, nothing, nothing, nothing, nothing, nothing
    affiliated = _affiliated().add_columns(nobody)
    guardian = _guardian().with_only_columns(
        _R.fact_id, _R.kind, *others, _R.valid_from, _R.valid_to, false(), cast(null(), JSON), _R.other_person_id
    )
    query: Rows = select(union_all(affiliated, guardian).subquery())
    return query


def _of_either(*columns: Any) -> Capacity:
    *told, other_id = columns
    if other_id is None:
        return of_affiliation(*told)
    fact_id, valid_from, valid_to = told[0], told[9], told[10]
    return of_guardianship(fact_id, valid_from, valid_to, other_id)


_AS = bindparam("capacity_id", type_=Uuid())
_ALL = Statement(_all, _of_either)
_AFFILIATED_AS = Statement(lambda: _affiliated().where(Affiliation.fact_id == _AS), of_affiliation)
_GUARDIAN_AS = Statement(lambda: _guardian().where(Relationship.fact_id == _AS), of_guardianship)


# The condition below never stands inside itself: the aliases are made once, not at every request.
_VERSION, _FIRST = aliased(RoleVersion), aliased(RoleVersion)


def no_rights(person_id: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold keeps a person from every right at ``at``; one over a part lies on capacities
    (``holds``)."""
    return holds.whole(person_id, at, known_at)


def held(at: Any, known_at: datetime | None = None) -> Select[Any]:
    """Select every assignment held at ``at`` as known at ``known_at``, with ``until``: the first end among what it
    rests on."""
    ends = live_until(Assignment.clause_id, at, known_at).correlate(Assignment).scalar_subquery()
    until = case(
        (Assignment.clause_id.is_(None), Assignment.valid_to),
        else_=least(Assignment.valid_to, ends, type_=UtcDateTime()),
    )
    return select(Assignment, until.label("until")).where(
        known(Assignment, known_at),
        holds_at(Assignment, at),
        or_(Assignment.clause_id.is_(None), ends.is_not(None)),
        ~no_rights(Assignment.person_id, at, known_at),
        *(~held_so for held_so in holds.over_capacity(Assignment, at, known_at)),
    )


def version_known(role_id: Any, known_at: datetime | None = None) -> Any:
    """The number of a role's newest version at ``known_at`` (None: now; its first one, where that came later), as an
    expression."""
    version, first = _VERSION, _FIRST
    query = select(func.max(version.n)).where(version.role_id == role_id)
    if known_at is None:
        return query.correlate_except(version).scalar_subquery()
    query = query.where(exists().where(Change.id == version.change_id, Change.at <= known_at))
    oldest = select(func.min(first.n)).where(first.role_id == role_id)
    then = (query.correlate_except(version, Change), oldest.correlate_except(first))
    return func.coalesce(*(one.scalar_subquery() for one in then))


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
    moment = at or clock.now()
    if known_at is not None:
        query = _in(application_id, _rights_query(person_id, moment, known_at))
        rows = [_Row(*row) for row in session.execute(query)]
    elif application_id is None:
        rows = _EVERYWHERE.all(session, person_id=person_id, at=moment)
    else:
        rows = _THERE.all(session, person_id=person_id, at=moment, application_id=application_id)
    merged: dict[tuple[UUID, UUID, UUID], list[_Row]] = {}
    for row in rows:
        merged.setdefault((row.role_id, row.scope_id, row.capacity_id), []).append(row)
    return [_right(rows) for rows in merged.values()]


class _Row(NamedTuple):
    """One row per assignment, included role and content."""

    role_key: str
    role_id: UUID
    scope_key: str
    scope_id: UUID
    capacity_id: UUID
    valid_from: datetime
    until: datetime
    enforcement: str
    data_group: str | None
    operation: str | None
    needs_relationship: bool
    application_id: UUID


def _in(application_id: Any, query: Select[Any]) -> Select[Any]:
    return query if application_id is None else query.where(Role.application_id == application_id)


def _rights_query(person_id: Any, at: Any, known_at: datetime | None = None) -> Select[Any]:
    """The columns of ``_Row``; the newest version of each role that was known then counts.

    Left out is what would tell where a protected child is, until the school confirmed this guardian: a token's scopes
    name schools.
    """
    told = ~rests_on_protected(Assignment, unconfirmed_at=at)
    source = held(at, known_at).where(Assignment.person_id == person_id, told).subquery()
    newest = version_known(Role.id, known_at)
    return (
        select(
            Role.key.label("role_key"),
            Role.id.label("role_id"),
            Organisation.key.label("scope_key"),
            Organisation.id.label("scope_id"),
            source.c.capacity_id,
            source.c.valid_from,
            source.c.until,
            RoleVersion.enforcement,
            RoleContent.data_group,
            RoleContent.operation,
            or_(source.c.needs_relationship, _at_use_only()).label("needs_relationship"),
            Role.application_id,
        )
        .select_from(source)
        .join(RoleClosure, RoleClosure.role_id == source.c.role_id)
        .join(Role, and_(Role.id == RoleClosure.included_id, ~Role.retired))
        .join(RoleVersion, and_(RoleVersion.role_id == Role.id, RoleVersion.n == newest))
        .join(Organisation, Organisation.id == source.c.scope_id)
        .outerjoin(RoleContent, RoleContent.role_version_id == RoleVersion.id)
        .outerjoin(AgreementClause, AgreementClause.id == source.c.clause_id)
        .order_by(Role.key, Organisation.key)
    )


def _at_use_only() -> ColumnElement[bool]:
    """The condition that a clause asks for a live relationship, and nobody accepted that the role is enforced
    otherwise."""
    clause = AgreementClause
    accepted = and_(clause.weaker_accepted_by.is_not(None), RoleVersion.enforcement != "at use")
    return and_(clause.relationship_kind.is_not(None), ~accepted)


_EVERYWHERE = Statement(lambda: _rights_query(_PERSON, _AT), _Row)
_THERE = Statement(lambda: _in(bindparam("application_id", type_=Uuid()), _rights_query(_PERSON, _AT)), _Row)


def _right(rows: list[_Row]) -> Right:
    """One right of all the rows of a role, scope and capacity."""
    one = rows[0]
    content = {f"{row.data_group}:{row.operation}" for row in rows if row.data_group is not None}
    return Right(
        one.role_key,
        one.role_id,
        one.scope_key,
        one.scope_id,
        one.capacity_id,
        min(row.valid_from for row in rows),
        max(row.until for row in rows),
        one.enforcement,
        tuple(sorted(content)),
        all(row.needs_relationship for row in rows),
        one.application_id,
    )
