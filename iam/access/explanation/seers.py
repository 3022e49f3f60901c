"""Who sees somebody's data in services: who holds a right where the person is now, or above it, and what that right
opens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role, RoleClosure, RoleContent, RoleVersion
from iam.access.model.rule import Rule, RuleVersion
from iam.access.right import held, version_known
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.person import Person
from iam.directory.queries import holds_at

SEER_KEYS = (Person.sort_name, Assignment.id)


def seers(part: Part, agreements: Part, person_id: UUID) -> Any:
    """Select who holds a right in an organisation of the part where a person is now, or above one: (assignment, until,
    holder, scope, rule's key or None, role, application, role's version, agreement's number or None); ``SEER_KEYS``.

    Whoever comes by an agreement is told where the asker may see ``agreements``, as there. Left out are the rights of
    pupils and students, which rules give them to their own data, and of guardians of others.
    """
    a = Assignment
    by_agreement = and_(a.clause_id.is_not(None), agreements.covers(a.scope_id), part.tells_right(a))
    return (
        held(clock.now())
        .add_columns(Person, Organisation, Rule.key, Role, Application, RoleVersion, Agreement.case_number)
        .select_from(a)
        .join(Person, Person.id == a.person_id)
        .join(Organisation, Organisation.id == a.scope_id)
        .join(Role, Role.id == a.role_id)
        .join(Application, Application.id == Role.application_id)
        .join(RoleVersion, and_(RoleVersion.role_id == Role.id, RoleVersion.n == version_known(Role.id)))
        .outerjoin(AgreementClause, AgreementClause.id == a.clause_id)
        .outerjoin(Agreement, Agreement.id == AgreementClause.agreement_id)
        .outerjoin(Rule, Rule.id == _rule_of(a.rule_version_id))
        .where(a.scope_id.in_(_over(part, person_id)), a.person_id != person_id, _of_others(person_id))
        .where(or_(part.lists(a), by_agreement))
    )


def opened(session: Session, role_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Return what roles open, themselves and by the roles they include: (data group, operation) each; one statement."""
    c, v = RoleClosure, RoleVersion
    query = (
        select(c.role_id, RoleContent.data_group, RoleContent.operation)
        .select_from(c)
        .join(v, and_(v.role_id == c.included_id, v.n == version_known(c.included_id)))
        .join(RoleContent, RoleContent.role_version_id == v.id)
        .where(c.role_id.in_(role_ids))
        .distinct()
        .order_by(RoleContent.data_group, RoleContent.operation)
    )
    found: dict[UUID, list[tuple[str, str]]] = {}
    for role_id, group, operation in session.execute(query):
        found.setdefault(role_id, []).append((group, operation))
    return found


def of_part(session: Session, part: Part, person_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these persons whose pages the asker may open; one statement."""
    return set(session.scalars(select(Person.id).where(Person.id.in_(person_ids), part.shows(Person.id))))


def _over(part: Part, person_id: UUID) -> Select[Any]:
    """The organisations in or under which the person is now, as far as the asker may know."""
    f, c, now = Affiliation, OrganisationClosure, clock.now()
    here = f.person_id == person_id, f.closed_by.is_(None), holds_at(f, now), part.covers(f.organisation_id)
    places = select(f.organisation_id).where(*here, part.tells(f.person_id, f.organisation_id))
    return select(c.ancestor_id).where(c.descendant_id.in_(places), holds_at(c, now))


def _of_others(person_id: UUID) -> ColumnElement[bool]:
    """The condition that a right is not to one's own data, nor to those of another child."""
    a, r = Assignment, Relationship
    theirs = select(r.fact_id).where(r.other_person_id == person_id, r.kind == "guardian_of", r.closed_by.is_(None))
    guards = or_(a.capacity_kind != "guardian_of", a.capacity_id.in_(theirs))
    return and_(guards, or_(a.capacity_kind != "student", a.origin == "hand"))


def _rule_of(rule_version_id: Any) -> Any:
    of_version = select(RuleVersion.rule_id).where(RuleVersion.id == rule_version_id)
    return of_version.correlate(Assignment).scalar_subquery()
