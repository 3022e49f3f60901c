"""Organisations with their place in the tree."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from iam.api.shapes.base import Names, PlaceInList, Searched

Kind = Literal[
    "consortium",
    "municipality",
    "joint-authority",
    "wellbeing-county",
    "employment-area",
    "municipal-enterprise",
    "company",
    "private-provider",
    "school",
    "unit",
]


class OrganisationQuery(PlaceInList):
    """Which organisations a list has, and on which day the tree is read (today when none is named)."""

    q: Searched = ""
    kind: Kind | None = None
    on: date | None = None


class OrganisationTold(BaseModel):
    """An organisation; ``parent`` is the one right above it that day, null where there is none in the part."""

    id: UUID
    key: str
    kind: str
    names: Names
    oph_oid: str | None
    school_code: str | None
    business_id: str | None
    parent: UUID | None
    legal_entity: UUID


class OrganisationPage(BaseModel):
    """A page of organisations by key."""

    items: list[OrganisationTold]
    next: str | None
