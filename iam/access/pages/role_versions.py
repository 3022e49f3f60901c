"""The versions of a role, and what each says otherwise than another: names, how it takes hold, content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.role import RoleVersion
from iam.access.pages.listing import contents
from iam.change import Change
from iam.errors import NotFound
from iam.texts import N_

ROLE_VERSION_KEYS = (RoleVersion.n, RoleVersion.id)
_NO_VERSION = Problem(N_("The role has no such version."), N_("Open its page again."))


@dataclass(frozen=True, slots=True)
class RoleSays:
    """What a version of a role says; ``content`` holds data group:operation, in order."""

    n: int
    name: Mapping[str, str]
    enforcement: str
    content: Sequence[str]


@dataclass(frozen=True, slots=True)
class RoleAltered:
    """What a version says otherwise than an earlier one: what was added and taken of its content, the names by language
    and how it takes hold as before and after (None: as it was)."""

    added: Sequence[str]
    taken: Sequence[str]
    names: Mapping[str, tuple[str, str]]
    enforcement: tuple[str, str] | None


def versions(role_id: UUID) -> Any:
    """Select (version, change) of a role; order ``ROLE_VERSION_KEYS``, newest first."""
    query = select(RoleVersion, Change).select_from(RoleVersion).join(Change, Change.id == RoleVersion.change_id)
    return query.where(RoleVersion.role_id == role_id)


def said(session: Session, role_id: UUID, numbers: Collection[int]) -> dict[int, RoleSays]:
    """Return what versions of a role say, by number; those that there are not are left out. Two statements."""
    query = select(RoleVersion).where(RoleVersion.role_id == role_id, RoleVersion.n.in_(numbers))
    rows = session.scalars(query).all()
    held = contents(session, [row.id for row in rows])
    return {
        row.n: RoleSays(row.n, row.name, row.enforcement, [":".join(pair) for pair in held.get(row.id, ())])
        for row in rows
    }


def one_said(session: Session, role_id: UUID, n: int) -> RoleSays:
    """Return what a version of a role says; raises ``NotFound``."""
    found = said(session, role_id, [n]).get(n)
    if found is None:
        raise NotFound(_NO_VERSION)
    return found


def altered(before: RoleSays, after: RoleSays) -> RoleAltered:
    """Return what the later of two versions says otherwise; pure."""
    languages = dict.fromkeys([*before.name, *after.name])
    names = {one: (before.name.get(one, ""), after.name.get(one, "")) for one in languages}
    return RoleAltered(
        [one for one in after.content if one not in before.content],
        [one for one in before.content if one not in after.content],
        {language: pair for language, pair in names.items() if pair[0] != pair[1]},
        None if before.enforcement == after.enforcement else (before.enforcement, after.enforcement),
    )
