"""The versions of a role, and what each says otherwise than another: names, how it takes hold, content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.model.role import RoleVersion
from iam.access.pages.listing import contents
from iam.change import Change
from iam.errors import NotFound
from iam.texts import N_

T = TypeVar("T")
ROLE_VERSION_KEYS = (RoleVersion.n, RoleVersion.id)
_NO_VERSION = Problem(N_("The role has no such version."), N_("Open its page again."))


@dataclass(frozen=True, slots=True)
class RoleSays:
    """What a version of a role says; ``content`` holds data group:operation, in order. ``includes`` (application:role
    each), ``sensitive`` and ``handed_out`` are None in versions older than they were kept."""

    n: int
    name: Mapping[str, str]
    enforcement: str
    content: Sequence[str]
    meaning: Mapping[str, str] | None = None
    includes: Sequence[str] | None = None
    sensitive: bool | None = None
    handed_out: str | None = None


@dataclass(frozen=True, slots=True)
class RoleAltered:
    """What a version says otherwise than an earlier one: what was added and taken of its content, the names and
    meanings by language, how it takes hold, who hands it out and whether it is sensitive as before and after (None: as
    it was, or not kept in one of the two), and which roles it includes from now on, and no more."""

    added: Sequence[str]
    taken: Sequence[str]
    names: Mapping[str, tuple[str, str]]
    enforcement: tuple[str, str] | None
    meanings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    included: Sequence[str] = ()
    excluded: Sequence[str] = ()
    sensitive: tuple[bool, bool] | None = None
    handed_out: tuple[str, str] | None = None


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
        row.n: RoleSays(
            row.n,
            row.name,
            row.enforcement,
            [":".join(pair) for pair in held.get(row.id, ())],
            row.meaning,
            row.includes,
            row.sensitive,
            row.handed_out,
        )
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
    kept = before.includes is not None and after.includes is not None
    old, new = before.includes or (), after.includes or ()
    return RoleAltered(
        [one for one in after.content if one not in before.content],
        [one for one in before.content if one not in after.content],
        _by_language(before.name, after.name),
        _apart(before.enforcement, after.enforcement),
        _by_language(before.meaning or {}, after.meaning or {}),
        [one for one in new if one not in old] if kept else [],
        [one for one in old if one not in new] if kept else [],
        _apart(before.sensitive, after.sensitive),
        _apart(before.handed_out, after.handed_out),
    )


def _by_language(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    pairs = {one: (before.get(one, ""), after.get(one, "")) for one in dict.fromkeys([*before, *after])}
    return {language: pair for language, pair in pairs.items() if pair[0] != pair[1]}


def _apart(before: T | None, after: T | None) -> tuple[T, T] | None:
    return None if before is None or after is None or before == after else (before, after)
