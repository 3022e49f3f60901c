"""What names in rules stand for: everything that can be named, or only what some rules name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from iam.access.model.role import Application, ApplicationEnabled, Role, RoleVersion
from iam.access.model.rule import CodeList, CodeListOwner
from iam.access.rules.conditions.catalogue import CONDITIONS
from iam.access.rules.conditions.condition import Condition
from iam.access.rules.conditions.of_affiliation import Occupation
from iam.access.rules.conditions.of_membership import InGroup
from iam.access.rules.handing import Handing, above
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern, organisation_keys
from iam.database.statement import Rows, Statement, row
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace, OrganisationRelation

_SOME = "some"


def load(session: Session) -> Names:
    """Return everything that rules can name, and the whole tree: enough to check any rule; eight queries and one for
    each kind of thing that conditions name besides."""
    roles, handing = _handed(
        session.execute(_roles()), together((one, other) for one, other in session.execute(_enabled()))
    )
    lists, owners = _listed(session.execute(_lists()))
    return Names(
        organisations=dict(_ORGANISATIONS.all(session)),
        under=frozenset(_TREE.all(session)),
        roles=roles,
        lists=lists,
        groups={(organisation_id, key): group_id for organisation_id, key, group_id in session.execute(_groups())},
        list_owners=owners,
        handing=handing,
        entities=together(_ENTITIES.all(session)),
        covers=together(_COVERS.all(session)),
        named=_named(session, (one for kinds in CONDITIONS.values() for one in kinds)),
    )


def of_rules(
    session: Session, asked: Collection[tuple[UUID, Pattern]], also: Collection[UUID] = (), over: Collection[UUID] = ()
) -> Names:
    """Return what some rules name, each given with its owner, as things are now: enough to run them, not to check them;
    at most nine queries, whatever their number.

    Only owners of these rules and of their applications are under anything, and those in ``over``. The roles with an id
    in ``also`` are among the named ones.
    """
    patterns = [pattern for _, pattern in asked]
    organisations = dict(_some(session, _ORGANISATIONS_OF, organisation_keys(patterns)))
    named_roles = {tuple(pattern.role.split(":", 1)) for pattern in patterns}
    rows = [*_some(session, _ROLES_OF, named_roles), *_some(session, _ROLES_BY_ID, also)]
    owners = {owner_id for owner_id, _ in asked} | set(over)
    under = above(session, owners | {owner_id for *_, owner_id in rows})
    using = _some(session, _ENABLED_OF, owners | {one for one, _ in under} if rows else ())
    roles, handing = _handed(rows, together((one, other) for one, other in using))
    conditions = _conditions(patterns)
    codes, list_owners = _listed(_some(session, _LISTS_OF, lists_of(patterns)))
    in_groups = [one for one in conditions if isinstance(one, InGroup) and one.group and one.owner in organisations]
    groups = {(organisations[one.owner], one.group) for one in in_groups}
    return Names(
        organisations=organisations,
        under=under,
        roles=roles,
        lists=codes,
        groups={
            (organisation_id, key): group_id for organisation_id, key, group_id in _some(session, _GROUPS_OF, groups)
        },
        list_owners=list_owners,
        handing=handing,
        entities={},
        covers={},
        named=_named(session, dict.fromkeys(type(one) for one in conditions)),
    )


def lists_of(patterns: Iterable[Pattern]) -> set[str]:
    """Return the keys of the lists of occupations that patterns read."""
    return {one.code_list for one in _conditions(patterns) if isinstance(one, Occupation) and one.code_list is not None}


def _conditions(patterns: Iterable[Pattern]) -> list[Condition]:
    return [condition for pattern in patterns for item in pattern.bound for condition in item.conditions]


def _some(session: Session, query: Callable[[], Select[Any]], values: Collection[Any]) -> Sequence[Any]:
    """The rows whose column is one of these; no query when there are none."""
    return session.execute(query(), {_SOME: sorted(values, key=str)}).all() if values else ()


def _of(query: Callable[[], Any], *columns: Callable[[], Any]) -> Callable[[], Select[Any]]:
    """A query for the rows whose columns are among values to be given, made once a process."""

    @cache
    def made() -> Select[Any]:
        named = [column() for column in columns]
        among = named[0] if len(named) == 1 else tuple_(*named)
        return query().where(among.in_(bindparam(_SOME, expanding=True)))  # type: ignore[no-any-return]

    return made


def _listed(rows: Iterable[Any]) -> tuple[dict[str, frozenset[str]], dict[str, UUID]]:
    """The codes of each list, and whose it is."""
    lists: dict[str, set[str]] = {}
    owners: dict[str, UUID] = {}
    for key, code, owner_id in rows:
        lists.setdefault(key, set()).add(code)
        if owner_id is not None:
            owners[key] = owner_id
    return {key: frozenset(codes) for key, codes in lists.items()}, owners


def _enabled() -> Rows:
    """For which organisation which application is enabled."""
    return select(ApplicationEnabled.application_id, ApplicationEnabled.organisation_id)


def _named(session: Session, conditions: Iterable[type[Condition]]) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    """What conditions name beside organisations, groups, lists and roles."""
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for one in conditions:
        for key, *values in one.NAMED.all(session) if one.NAMED is not None else ():
            found.setdefault(one.__name__, {}).setdefault(key, []).append(tuple(values))
    return found


def together(pairs: Iterable[tuple[UUID, UUID]]) -> dict[UUID, frozenset[UUID]]:
    """Return the second ids of pairs by their first."""
    found: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return {one: frozenset(others) for one, others in found.items()}


def _handed(
    rows: Iterable[Any], using: Mapping[UUID, frozenset[UUID]]
) -> tuple[dict[str, tuple[UUID, UUID]], dict[str, Handing]]:
    """The roles in use by application:role, and who may hand each out."""
    roles: dict[str, tuple[UUID, UUID]] = {}
    handing: dict[str, Handing] = {}
    for application, role, role_id, version_id, handed_out, application_id, owner_id in rows:
        key = f"{application}:{role}"
        roles[key] = role_id, version_id
        handing[key] = Handing(handed_out, owner_id, using.get(application_id, frozenset()))
    return roles, handing


def _roles() -> Rows:
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    query: Rows = select(
        Application.key, Role.key, Role.id, RoleVersion.id, Role.handed_out, Application.id, Application.owner_id
    )
    return (
        query.join(Role, Role.application_id == Application.id)
        .join(newest, newest.c.role_id == Role.id)
        .join(RoleVersion, (RoleVersion.role_id == Role.id) & (RoleVersion.n == newest.c.n))
        .where(~Role.retired, ~Application.retired)
    )


def _groups() -> Rows:
    # The oldest of a key stays what a rule means, whatever another source brings later.
    query: Rows = select(Group.organisation_id, Group.key, Group.id)
    return query.where(Group.source_id.is_(None) | (Group.kind == "group")).order_by(Group.id.desc())


def _lists() -> Rows:
    query: Rows = select(CodeList.key, CodeList.code, CodeListOwner.owner_id)
    return query.outerjoin(CodeListOwner, CodeListOwner.key == CodeList.key)


_ORGANISATIONS: Statement[tuple[Any, ...]] = Statement(lambda: select(Organisation.key, Organisation.id), row)
_TREE: Statement[tuple[Any, ...]] = Statement(
    lambda: select(OrganisationClosure.ancestor_id, OrganisationClosure.descendant_id), row
)


def _entities() -> Rows:
    p = OrganisationPlace
    return select(p.organisation_id, p.legal_entity_id).where(p.closed_by.is_(None)).distinct()


def _covers() -> Rows:
    r = OrganisationRelation
    return select(r.organisation_id, r.other_id).where(r.kind == "covers", r.closed_by.is_(None)).distinct()


_ENTITIES: Statement[tuple[Any, ...]] = Statement(_entities, row)
_COVERS: Statement[tuple[Any, ...]] = Statement(_covers, row)
_ORGANISATIONS_OF = _of(lambda: select(Organisation.key, Organisation.id), lambda: Organisation.key)
_ROLES_OF = _of(_roles, lambda: Application.key, lambda: Role.key)
_ROLES_BY_ID = _of(_roles, lambda: Role.id)
_ENABLED_OF = _of(_enabled, lambda: ApplicationEnabled.organisation_id)
_LISTS_OF = _of(_lists, lambda: CodeList.key)
_GROUPS_OF = _of(_groups, lambda: Group.organisation_id, lambda: Group.key)
