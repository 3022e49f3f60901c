"""Roles and rules."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from iam.api.shapes.base import Names, PlaceInList, Searched


class CatalogueQuery(PlaceInList):
    """What is looked for in the code of a role, or in the key of a rule."""

    q: Searched = ""


class RoleInList(BaseModel):
    """A role; ``content`` are data groups with the operation on each."""

    application: str
    application_names: Names
    key: str
    names: Names
    meaning: Names | None
    version: int
    enforced: str
    handed_out: str
    sensitive: bool
    retired: bool
    content: list[str]


class RolePage(BaseModel):
    """A page of roles by application and code."""

    items: list[RoleInList]
    next: str | None


class RoleWhole(RoleInList):
    """One role: what it includes and what includes it (``application:role``), how many of the part hold it."""

    includes: list[str]
    included_by: list[str]
    holders: int
    holders_more: bool


class RuleInList(BaseModel):
    """A rule in its newest version, as a sentence by language; ``names`` where it has a name."""

    key: str
    names: Names | None
    owner: Names
    state: str
    version: int
    sentence: Names


class RulePage(BaseModel):
    """A page of rules by key."""

    items: list[RuleInList]
    next: str | None


class RuleWhole(RuleInList):
    """One rule: its pattern, and how many of the part hold something by it."""

    pattern: dict[str, Any]
    holders: int
    holders_more: bool
