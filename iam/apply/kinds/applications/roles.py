"""Roles of an application: what they allow, what they include, and who may hand them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.access.commands import catalogue
from iam.access.commands.catalogue import Circular, NewVersion, closure, reduction
from iam.access.derivation import of_definitions
from iam.access.model.role import Role as RoleRow, RoleClosure, RoleContent, RoleVersion
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.shapes import Shape, right_parts
from iam.apply.declared.written import Row, live
from iam.apply.kind import Kind
from iam.apply.schema.item import Item, Key, Keys, Names, Rights
from iam.plans.definition_guard import Touched

_OF_ROLE = ("retired", "sensitive", "handed_out")
"""What is a role's own; a version keeps what they were but for ``retired``."""
_OF_VERSION = ("name", "enforcement", "content", "meaning", "sensitive", "handed_out")


class Role(Item):
    """A role of an application: a data group and an operation each, and the roles it includes; who may hand it out."""

    key: Key
    enforcement: Literal["at use", "by token", "by push", "by ticket"]
    content: Rights = []
    name: Names
    meaning: Names | None = None
    includes: Keys = []
    sensitive: bool = False
    handed_out: Literal["owner", "enabled", "parts"] | None = None
    retired: bool = False


def _shape(item: Role) -> Shape:
    """Return the shape of a role; ``includes`` are those stated, directly. Who hands it out is completed when it is
    checked."""
    return item.model_dump(exclude={"key"})


def _declare(found: Declaration, items: Items) -> None:
    """State the roles of applications."""
    for item, where in items:
        for place, role in enumerate(item.roles):
            found.add("role", f"{item.key}:{role.key}", _shape(role), role, where.at("roles", place))


def _stand(session: Session, state: State, things: Things | None) -> None:
    newest = select(RoleVersion.role_id, func.max(RoleVersion.n).label("n")).group_by(RoleVersion.role_id).subquery()
    rows = session.execute(
        select(
            RoleRow.id,
            RoleRow.application_id,
            RoleRow.key,
            RoleRow.retired,
            RoleRow.sensitive,
            RoleRow.handed_out,
            RoleVersion.id.label("version_id"),
            RoleVersion.name,
            RoleVersion.enforcement,
            RoleVersion.meaning,
        )
        .join(newest, newest.c.role_id == RoleRow.id)
        .join(RoleVersion, (RoleVersion.role_id == RoleRow.id) & (RoleVersion.n == newest.c.n))
        .order_by(RoleRow.application_id, RoleRow.key)
    ).all()
    contents: dict[UUID, list[str]] = defaultdict(list)
    content = select(RoleContent.role_version_id, RoleContent.data_group, RoleContent.operation)
    for version_id, group, operation in session.execute(content):
        contents[version_id].append(f"{group}:{operation}")
    includes, keys = _includes(session), {row.id: row.key for row in rows}
    applications = state.keys("application")
    for row in rows:
        shape = {
            "enforcement": row.enforcement,
            "content": sorted(contents[row.version_id]),
            "name": row.name,
            "meaning": row.meaning,
            "includes": sorted(keys[other] for other in includes[row.id] - {row.id} if other in keys),
            "retired": row.retired,
            "sensitive": row.sensitive,
            "handed_out": row.handed_out,
        }
        state.put("role", f"{applications[row.application_id]}:{row.key}", row.id, shape)


def _includes(session: Session) -> dict[UUID, set[UUID]]:
    closed: dict[UUID, set[UUID]] = defaultdict(set)
    for role_id, included_id in session.execute(select(RoleClosure.role_id, RoleClosure.included_id)):
        closed[role_id].add(included_id)
    return closed


def _check(draft: Draft) -> None:
    """Check that included roles exist and include one another in no circle; the shapes then hold all that is included.

    Where it is not stated who hands a role out, it stays as it is, unless the role becomes sensitive, or includes one
    that is, or ceases to.
    """
    stated = draft.stated("role")
    if not stated:
        return
    standing = {key: _qualified(key, shape["includes"]) for key, shape in draft.standing("role").items()}
    direct = reduction(standing) | {key: _qualified(key, one.shape["includes"]) for key, one in stated.items()}
    for key, one in stated.items():
        for other in sorted(direct[key] - direct.keys()):
            draft.wrong(
                one.where.at("includes"),
                "There is no role %(role)s.",
                "Add it to this application, or remove it here.",
                role=other,
            )
    try:
        draft.role_closure = closure(direct)
    except Circular as circle:
        where = (stated.get(str(circle.key)) or next(iter(stated.values()))).where
        draft.wrong(where.at("includes"), "Roles include one another in a circle.", "Remove one of the inclusions.")
        return
    for key, one in stated.items():
        one.shape["includes"] = sorted(other.partition(":")[2] for other in draft.role_closure[key] - {key})
        if one.shape["handed_out"] is None:
            one.shape["handed_out"] = _handed_out(draft, key)


def _handed_out(draft: Draft, key: str) -> str:
    stated, standing = draft.stated("role"), draft.standing("role")

    def sensitive(name: str) -> bool:
        one = stated[name].shape if name in stated else standing.get(name, {"sensitive": False})
        return bool(one["sensitive"])

    guarded, before = any(map(sensitive, draft.role_closure[key])), standing.get(key)
    if before is not None:
        included = {key, *(f"{key.partition(':')[0]}:{other}" for other in before["includes"])}
        if guarded == any(standing[name]["sensitive"] for name in included if name in standing):
            return str(before["handed_out"])
    return "owner" if guarded else "enabled"


def _qualified(key: str, includes: list[str]) -> frozenset[str]:
    application = key.partition(":")[0]
    return frozenset(f"{application}:{other}" for other in includes)


def _write(writing: Writing) -> None:
    added = []
    for key, shape in writing.some("role", "create"):
        application, _, short = key.partition(":")
        row = {"id": writing.id_of("role", key), "application_id": writing.id_of("application", application)}
        added.append(row | {"key": short} | {name: shape[name] for name in _OF_ROLE})
    catalogue.add_roles(writing.session, added)
    changed = [
        {"id": writing.id_of("role", key)} | {name: shape[name] for name in _OF_ROLE}
        for key, shape in writing.some("role", "change")
        if writing.differs("role", key, *_OF_ROLE)
    ]
    catalogue.amend_roles(writing.session, changed)
    catalogue.publish_versions(writing.session, writing.change, list(_versions(writing)))
    _closure(writing)


def _versions(writing: Writing) -> Iterator[NewVersion]:
    """What the roles say from now on of which something of a version differs."""
    stood = reduction(
        {key: _qualified(key, shape["includes"]) | {key} for key, shape in writing.draft.standing("role").items()}
    )
    direct = reduction(writing.draft.role_closure)
    for key, shape in writing.all("role"):
        if writing.differs("role", key, *_OF_VERSION) or direct[key] != stood.get(key):
            yield NewVersion(
                writing.id_of("role", key),
                shape["name"],
                shape["enforcement"],
                [right_parts(right) for right in shape["content"]],
                shape["meaning"],
                sorted(direct[key]),
                shape["sensitive"],
                shape["handed_out"],
            )


def _closure(writing: Writing) -> None:
    """Write what each role includes, where that differs; a role that is not stated may include more through one that
    is."""
    moved = {}
    for key, closed in writing.draft.role_closure.items():
        standing = writing.draft.standing("role").get(key)
        if sorted(other.partition(":")[2] for other in closed - {key}) != (standing["includes"] if standing else []):
            moved[writing.id_of("role", key)] = {writing.id_of("role", other) for other in closed}
    catalogue.write_closure(writing.session, moved)


def exported(state: State, application: str) -> list[Row]:
    """Return the roles of an application as items."""
    roles = {name: role for name, role in state.shapes["role"].items() if name.partition(":")[0] == application}
    direct = _direct_includes(roles)
    return [
        {"key": name.partition(":")[2]}
        | live(role | {"includes": direct[name], "sensitive": role["sensitive"] or None})
        for name, role in roles.items()
    ]


def _direct_includes(roles: Mapping[str, Shape]) -> dict[str, list[str]]:
    closed = {name: _qualified(name, role["includes"]) for name, role in roles.items()}
    return {name: sorted(other.partition(":")[2] for other in others) for name, others in reduction(closed).items()}


def _touches(draft: Draft, one: Difference) -> Touched:
    """The role itself."""
    ids = draft.state.ids["role"]
    return Touched(frozenset({ids[one.key]} if one.key in ids else ()))


def _givers(writing: Writing) -> set[UUID]:
    return of_definitions.of_roles(writing.session, [writing.id_of("role", key) for key, _ in writing.all("role")])


KIND = Kind(
    name="role",
    section="applications",
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    touches=_touches,
    guarded=True,
    derives="by some rules",
    rules=_givers,
)
