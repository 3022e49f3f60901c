"""Local groups, as lists tell them."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel

from iam.api.shapes.base import Names


class GroupTold(BaseModel):
    """A local group of an organisation, and how many are in it of whom the caller may be told."""

    id: UUID
    key: str
    name: str
    organisation: Names
    members: int


class GroupPage(BaseModel):
    """A page of local groups by key."""

    items: list[GroupTold]
    next: str | None
