"""Names in rules become ids; what a rule may not name is refused with its place and the remedy."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.role import Application, Role, RoleVersion
from iam.access.model.rule import CodeList, CodeListOwner
from iam.access.rules import giving
from iam.access.rules.conditions.catalogue import CONDITIONS
from iam.access.rules.conditions.of_relationship import RelationshipKind
from iam.access.rules.handing import Handing, above_owners, enabled
from iam.access.rules.names import Names
from iam.access.rules.pattern import Pattern, parse
from iam.database.statement import Rows, Statement, row
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation, OrganisationClosure, OrganisationPlace, OrganisationRelation


def load(session: Session, *, tree: bool = True) -> Names:
    """Return everything that rules can name: eight queries, whatever the number of rules. Without the ``tree`` only
    owners of rules and applications are under anything, as it is now: enough to run rules, not to check them."""
    lists: dict[str, set[str]] = {}
    owners: dict[str, UUID] = {}
    for key, code, owner_id in _LISTS.all(session):
        lists.setdefault(key, set()).add(code)
        if owner_id is not None:
            owners[key] = owner_id
    roles, handing = _handed(session)
    return Names(
        organisations=dict(_ORGANISATIONS.all(session)),
        under=frozenset(_TREE.all(session)) if tree else above_owners(session),
        roles=roles,
        lists={key: frozenset(codes) for key, codes in lists.items()},
        groups={(organisation_id, key): group_id for organisation_id, key, group_id in _GROUPS.all(session)},
        list_owners=owners,
        handing=handing,
        entities=together(_ENTITIES.all(session)) if tree else {},
        covers=together(_COVERS.all(session)) if tree else {},
        named=_named(session),
    )


def _named(session: Session) -> dict[str, dict[str, list[tuple[Any, ...]]]]:
    """What conditions name beside organisations, groups, lists and roles."""
    found: dict[str, dict[str, list[tuple[Any, ...]]]] = {}
    for one in (one for kinds in CONDITIONS.values() for one in kinds):
        for key, *values in one.NAMED.all(session) if one.NAMED is not None else ():
            found.setdefault(one.__name__, {}).setdefault(key, []).append(tuple(values))
    return found


def together(pairs: Iterable[tuple[UUID, UUID]]) -> dict[UUID, frozenset[UUID]]:
    """Return the second ids of pairs by their first."""
    found: dict[UUID, set[UUID]] = {}
    for one, other in pairs:
        found.setdefault(one, set()).add(other)
    return {one: frozenset(others) for one, others in found.items()}


def _handed(session: Session) -> tuple[dict[str, tuple[UUID, UUID]], dict[str, Handing]]:
    """The roles in use by application:role, and who may hand each out."""
    roles: dict[str, tuple[UUID, UUID]] = {}
    handing: dict[str, Handing] = {}
    using = enabled(session)
    for application, role, role_id, version_id, handed_out, application_id, owner_id in _ROLES.all(session):
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


_ROLES: Statement[tuple[Any, ...]] = Statement(_roles, row)
_LISTS: Statement[tuple[Any, ...]] = Statement(
    lambda: select(CodeList.key, CodeList.code, CodeListOwner.owner_id).outerjoin(
        CodeListOwner, CodeListOwner.key == CodeList.key
    ),
    row,
)
_ORGANISATIONS: Statement[tuple[Any, ...]] = Statement(lambda: select(Organisation.key, Organisation.id), row)
_GROUPS: Statement[tuple[Any, ...]] = Statement(_groups, row)
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


def check(data: Mapping[str, Any], owner: str, names: Names) -> tuple[Pattern | None, list[Problem]]:
    """Return the pattern of ``data`` and everything wrong with it: its form, unknown names, facts of another's subtree,
    a scope in which its owner may give nothing, a role that its owner may not hand out."""
    pattern, problems = parse(data)
    if pattern is None:
        return None, problems
    owner_id = names.organisations.get(owner)
    found = list(_unknown(pattern, names, owner_id)) or list(_foreign(pattern, owner, names))
    found = found or list(_withheld(pattern, owner_id, names)) or list(_too_wide(pattern))
    return (None if found else pattern), found


def resolves(pattern: Pattern, names: Names, owner_id: UUID) -> bool:
    """Whether everything that a rule of this owner names exists; a published rule that does not resolve any more gives
    nothing."""
    return next(_unknown(pattern, names, owner_id), None) is None


def gives(pattern: Pattern, names: Names, owner_id: UUID) -> bool:
    """Whether a published rule gives anything at all: it resolves, and its owner may hand the role out."""
    return resolves(pattern, names, owner_id) and names.hands_out(owner_id, pattern.role)


def _withheld(pattern: Pattern, owner_id: UUID | None, names: Names) -> Iterator[Problem]:
    handing = names.handing.get(pattern.role)
    if owner_id is not None and handing is not None and not names.hands_out(owner_id, pattern.role):
        whose = next((key for key, id_ in names.organisations.items() if id_ == handing.owner_id), "")
        yield handing.refusal(pattern.role, whose, "gives.role")


def meaning(pattern: Pattern, names: Names) -> Hashable:
    """Return what the names of a pattern that resolves stand for now: as long as it is the same, so is the compiled
    rule."""
    organisations = tuple(names.organisations[key] for _, key in _organisations(pattern))
    asked = tuple(condition.meaning(names) for item in pattern.bound for condition in item.conditions)
    return names.roles[pattern.role], organisations, asked


def _unknown(pattern: Pattern, names: Names, owner_id: UUID | None) -> Iterator[Problem]:
    if pattern.role not in names.roles:
        yield Problem(
            "There is no role %(role)s.",
            "Choose a role of an application, or add it first.",
            field="gives.role",
            params={"role": pattern.role},
        )
    for place, key in _organisations(pattern):
        if key not in names.organisations:
            yield Problem(
                "There is no organisation %(key)s.",
                "Check the key, or add the organisation first.",
                field=place,
                params={"key": key},
            )
    for item in pattern.bound:
        for condition in item.conditions:
            yield from condition.unknown(names, owner_id, f"bind.{item.name}.{item.fact}")


def _organisations(pattern: Pattern) -> Iterator[tuple[str, str]]:
    for item in pattern.bound:
        for condition in item.conditions:
            for place, key in condition.organisations:
                yield f"bind.{item.name}.{item.fact}.{place}", key
    for place, named in (("organisation", pattern.scope.organisation), ("covers_of", pattern.scope.covers_of)):
        if named is not None:
            yield f"gives.scope.{place}", named


def _foreign(pattern: Pattern, owner: str, names: Names) -> Iterator[Problem]:
    owner_id = names.organisations.get(owner)
    if owner_id is None:
        yield Problem(
            "There is no organisation %(key)s.",
            "Name the organisation that owns the rule.",
            field="owner",
            params={"key": owner},
        )
        return
    for place, key in _organisations(pattern):
        if place.startswith("bind.") and not names.is_under(names.organisations[key], owner_id):
            yield Problem(
                "%(key)s does not belong to %(owner)s, so this rule may not bind its facts.",
                "Let the organisation that has the facts own the rule.",
                field=place,
                params={"key": key, "owner": owner},
            )
    for item in pattern.bound:
        for condition in item.conditions:
            yield from condition.foreign(names, owner_id, f"bind.{item.name}.{item.fact}")
    yield from giving.problems(pattern, owner, names)


def _too_wide(pattern: Pattern) -> Iterator[Problem]:
    lead = pattern.bound[0]
    kind = lead.asks(RelationshipKind)
    if pattern.capacity.fact == "relationship" and (kind is None or kind.kind != "guardian_of"):
        yield Problem(
            "Only guardianship is a capacity of its own.",
            "Bind the holder's own affiliation as well.",
            field=f"bind.{lead.name}.relationship.kind",
        )
    if not any(condition.narrows for item in pattern.bound for condition in item.conditions):
        yield Problem(
            "This rule would match everybody.",
            "Ask for a kind, an occupation, a group or an organisation.",
            field="bind",
        )
