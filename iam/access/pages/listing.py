"""What the pages on roles, rules and applications read: narrowed to the asker's part, a constant number of statements.

A catalogue is seen by whoever it concerns: an application, a rule or an agreement is shown when its owner lies in the
asker's part or above it, or when an organisation there uses or concludes it. People are counted and named only within
the part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, ApplicationEnabled, Role, RoleClosure, RoleContent, RoleVersion
from iam.access.model.rule import CodeList, CodeListOwner, Rule, RuleVersion, standing_version
from iam.access.right import held
from iam.change import Change
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.person import Person
from iam.directory.queries import holds_at
from iam.directory.source import Source, SourceOpening
from iam.errors import NotFound
from iam.texts import LANGUAGES, in_language

APPLICATION_KEYS = (Application.key, Application.id)
ROLE_KEYS = (Application.key, Role.key, Role.id)
HOLDER_KEYS = (Person.sort_name, Assignment.id)
RULE_KEYS = (Rule.key, Rule.id)
VERSION_KEYS = (RuleVersion.n, RuleVersion.id)
_NO_ROLE = Problem("There is no such role, or it is outside your part.")
_NO_RULE = Problem("There is no such rule, or it is outside your part.")
_NO_APPLICATION = Problem("There is no such application, or it is outside your part.")


def concerns(part: Part, organisation_id: Any) -> ColumnElement[bool]:
    """The condition that an organisation lies in the part, or above it."""
    if part.everything:
        return true()
    above = select(OrganisationClosure.ancestor_id).where(
        OrganisationClosure.descendant_id.in_(part.granted), holds_at(OrganisationClosure, clock.now())
    )
    return or_(part.covers(organisation_id), organisation_id.in_(above))


def applications(part: Part) -> Any:
    """Select the applications that concern the part, each with its owner; order ``APPLICATION_KEYS``."""
    return (
        select(Application, Organisation)
        .select_from(Application)
        .join(Organisation, Organisation.id == Application.owner_id)
        .where(_used(part))
    )


def _used(part: Part) -> ColumnElement[bool]:
    e = ApplicationEnabled
    enabled = (
        select(e.organisation_id).where(e.application_id == Application.id, concerns(part, e.organisation_id)).exists()
    )
    return true() if part.everything else or_(concerns(part, Application.owner_id), enabled)


def application_of(session: Session, part: Part, key: str) -> tuple[Application, Organisation]:
    """Return an application and its owner; raises ``NotFound``."""
    row = session.execute(applications(part).where(Application.key == key)).one_or_none()
    if row is None:
        raise NotFound(_NO_APPLICATION)
    return row[0], row[1]


def enabled(part: Part, application_id: UUID) -> Any:
    """Select the organisations in or above the part that let their people use an application."""
    using = select(ApplicationEnabled.organisation_id).where(ApplicationEnabled.application_id == application_id)
    return select(Organisation).where(Organisation.id.in_(using), concerns(part, Organisation.id))


def roles(part: Part, *, application: str | None = None, text: str = "") -> Any:
    """Select (role, application, newest version) of the applications that concern the part; order ``ROLE_KEYS``.

    ``text`` is looked for in the role's code and names.
    """
    newest = select(func.max(RoleVersion.n)).where(RoleVersion.role_id == Role.id).correlate(Role).scalar_subquery()
    query = (
        select(Role, Application, RoleVersion)
        .select_from(Role)
        .join(Application, Application.id == Role.application_id)
        .join(RoleVersion, (RoleVersion.role_id == Role.id) & (RoleVersion.n == newest))
        .where(_used(part))
    )
    if application is not None:
        query = query.where(Application.key == application)
    if text:
        named = (RoleVersion.name[one].as_string().icontains(text, autoescape=True) for one in LANGUAGES)
        query = query.where(or_(Role.key.icontains(text, autoescape=True), *named))
    return query


def role_of(session: Session, part: Part, application: str, key: str) -> tuple[Role, Application, RoleVersion]:
    """Return a role, its application and its newest version; raises ``NotFound``."""
    row = session.execute(roles(part, application=application).where(Role.key == key)).one_or_none()
    if row is None:
        raise NotFound(_NO_ROLE)
    return row[0], row[1], row[2]


@dataclass(frozen=True, slots=True)
class RoleName:
    """A role's code and its names by language, with its application's."""

    application: str
    application_names: Mapping[str, str]
    key: str
    names: Mapping[str, str]

    def said(self, language: str) -> str:
        """The role as people say it: "Wilma: Teacher"."""
        application = in_language(self.application_names, language, self.application)
        return f"{application}: {in_language(self.names, language, self.key)}"


def role_names(session: Session, role_ids: Collection[UUID]) -> dict[UUID, RoleName]:
    """Return what roles are called now; one statement."""
    newest = select(func.max(RoleVersion.n)).where(RoleVersion.role_id == Role.id).correlate(Role).scalar_subquery()
    rows = session.execute(
        select(Role, Application, RoleVersion)
        .join(Application, Application.id == Role.application_id)
        .join(RoleVersion, (RoleVersion.role_id == Role.id) & (RoleVersion.n == newest))
        .where(Role.id.in_(role_ids))
    )
    return {
        role.id: RoleName(application.key, application.name, role.key, version.name)
        for role, application, version in rows
    }


def contents(session: Session, version_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Return what role versions hold: (data group, operation) each; one statement."""
    query = (
        select(RoleContent)
        .where(RoleContent.role_version_id.in_(version_ids))
        .order_by(RoleContent.data_group, RoleContent.operation)
    )
    found: dict[UUID, list[tuple[str, str]]] = {}
    for row in session.scalars(query):
        found.setdefault(row.role_version_id, []).append((row.data_group, row.operation))
    return found


class RolesAround(NamedTuple):
    """The other roles, as (application, role), that a role includes, and those that include it."""

    included: list[tuple[str, str]]
    including: list[tuple[str, str]]


def roles_around(session: Session, role_id: UUID) -> RolesAround:
    """Return what a role includes and what includes it, each in order; one statement."""
    c = RoleClosure
    around = or_(
        and_(c.role_id == role_id, Role.id == c.included_id), and_(c.included_id == role_id, Role.id == c.role_id)
    )
    query = (
        select(Application.key, Role.key, c.role_id == role_id)
        .join(Role, Role.application_id == Application.id)
        .join(c, around)
        .where(Role.id != role_id)
        .order_by(Application.key, Role.key)
    )
    rows = session.execute(query).all()
    return RolesAround(*([(row[0], row[1]) for row in rows if row[2] == below] for below in (True, False)))


def theirs(part: Part) -> CTE:
    """What people of a small part have, whether it holds or not, gathered before anything more is asked of it: id, role
    and version of the rule."""
    a = Assignment
    mine = select(a.id, a.role_id, a.rule_version_id).where(a.closed_by.is_(None), a.person_id.in_(part.people()))
    return mine.cte("theirs").prefix_with("MATERIALIZED", dialect="postgresql")


def including(session: Session, role_id: UUID) -> list[UUID]:
    """Return the roles by which a role is held: itself, and those that include it; one statement."""
    return list(session.scalars(select(RoleClosure.role_id).where(RoleClosure.included_id == role_id)))


def holders(part: Part, role_ids: Sequence[UUID], *, few: bool = False) -> Any:
    """Select who of the part holds one of the roles now (of ``including``: who holds a role): (assignment, until,
    person, scope, rule's key or None, the role held); ``HOLDER_KEYS``. In a part in which there ``are_few`` they are
    gathered first.

    The roles are written into the statement: a planner that knows only that some role is asked for takes it to have as
    many holders as another, and walks a country by name for the ten whom it could look up.
    """
    which: Any = bindparam("role_ids", role_ids, expanding=True, literal_execute=True)
    of_few = [Assignment.id.in_(select(theirs(part).c.id))] if few else []
    return (
        held(clock.now())
        .add_columns(Person, Organisation, Rule.key, Role)
        .select_from(Assignment)
        .join(Role, Role.id == Assignment.role_id)
        .join(Person, Person.id == Assignment.person_id)
        .join(Organisation, Organisation.id == Assignment.scope_id)
        .outerjoin(RuleVersion, RuleVersion.id == Assignment.rule_version_id)
        .outerjoin(Rule, Rule.id == RuleVersion.rule_id)
        .where(Assignment.role_id.in_(which), part.lists(Assignment), *of_few)
    )


def rules(part: Part, *, text: str = "", role_id: UUID | None = None) -> Any:
    """Select (rule, newest version, owner) of the rules that concern the part; order ``RULE_KEYS``.

    ``text`` is looked for in the rule's key and names; with ``role_id`` only the published rules that give the role,
    itself or through another.
    """
    query = (
        select(Rule, RuleVersion, Organisation)
        .select_from(Rule)
        .join(RuleVersion, RuleVersion.id == standing_version())
        .join(Organisation, Organisation.id == Rule.owner_id)
        .where(concerns(part, Rule.owner_id))
    )
    if text:
        named = (Rule.name[one].as_string().icontains(text, autoescape=True) for one in LANGUAGES)
        query = query.where(or_(Rule.key.icontains(text, autoescape=True), *named))
    if role_id is not None:
        giving = select(RoleClosure.role_id).where(RoleClosure.included_id == role_id)
        query = query.where(RuleVersion.state == "published", RuleVersion.role_id.in_(giving))
    return query


def rule_of(session: Session, part: Part, key: str) -> tuple[Rule, RuleVersion, Organisation]:
    """Return a rule, its newest version and its owner; raises ``NotFound``."""
    row = session.execute(rules(part).where(Rule.key == key)).one_or_none()
    if row is None:
        raise NotFound(_NO_RULE)
    return row[0], row[1], row[2]


def versions(rule_id: UUID) -> Any:
    """Select (version, change) of a rule; order ``VERSION_KEYS``, newest first."""
    return (
        select(RuleVersion, Change)
        .select_from(RuleVersion)
        .join(Change, Change.id == RuleVersion.change_id)
        .where(RuleVersion.rule_id == rule_id)
    )


def stating_sources(session: Session, part: Part) -> list[tuple[Source, Organisation]]:
    """Return each source with its owner that states facts in the part or above it, by key; one statement."""
    o = SourceOpening
    opened = exists().where(o.source_id == Source.id, o.closed_by.is_(None), concerns(part, o.organisation_id))
    query = select(Source, Organisation).join(Organisation, Organisation.id == Source.owner_id)
    rows = session.execute(query.where(or_(concerns(part, Source.owner_id), opened)).order_by(Source.key))
    return [(source, owner) for source, owner in rows]


def groups_named(session: Session, part: Part, owner: str, text: str) -> list[str]:
    """Return the keys of the groups of an organisation of the part that have this key, else of those of this name; one
    statement."""
    here = Organisation.key == owner, part.covers(Organisation.id), or_(Group.key == text, Group.name == text)
    query = select(Group.key).join(Organisation, Organisation.id == Group.organisation_id).where(*here).distinct()
    found = list(session.scalars(query))
    return [text] if text in found else found


def code_lists(session: Session, part: Part) -> dict[str, list[str]]:
    """Return the lists of occupation codes that rules of the part can name: those of an organisation in the part or
    above it."""
    query = select(CodeList.key, CodeList.code).join(CodeListOwner, CodeListOwner.key == CodeList.key)
    found: dict[str, list[str]] = {}
    for key, code in session.execute(
        query.where(concerns(part, CodeListOwner.owner_id)).order_by(CodeList.key, CodeList.code)
    ):
        found.setdefault(key, []).append(code)
    return found
