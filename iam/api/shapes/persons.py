"""Persons: as lists have them, and one with facts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from iam.api.shapes.base import Names, PlaceInList, Searched

Kind = Literal["employee", "substitute", "student", "guardian", "elected-official", "contractor", "trainee"]


class PersonQuery(PlaceInList):
    """Which persons a list has: the search and the filters of the page. Everything given must hold."""

    q: Searched = ""
    organisation: UUID | None = None
    kind: Kind | None = None
    state: Literal["active", "ended", "suspended", "draft", "archived"] | None = None
    coming: Literal["starts", "ends"] | None = None


class PersonTie(BaseModel):
    """What binds a person to an organisation of the caller's part. ``organisation`` and ``position`` are null where
    they must not be told; ``position_names`` is the name of the occupation, where it has one."""

    id: UUID
    kind: str
    position: str | None
    position_names: Names | None
    organisation: Names | None
    valid_from: datetime | None
    valid_to: datetime | None


class PersonInList(BaseModel):
    """A person in a list. ``guardian_until``: until when the person guards somebody of the part; null: nobody."""

    id: UUID
    given_names: str | None
    call_name: str | None
    family_name: str | None
    state: str
    protected: bool
    affiliations: list[PersonTie]
    is_guardian: bool
    guardian_until: datetime | None


class PersonPage(BaseModel):
    """A page of persons by family name; ``next`` is the address of the page after it."""

    items: list[PersonInList]
    next: str | None


class PersonFact(BaseModel):
    """What a source says of a person now. ``says`` differs by ``fact``; where ``told`` is false, somebody is protected,
    and neither the place nor the source is told."""

    fact: str
    id: UUID
    told: bool
    says: dict[str, str | bool | None]
    position_names: Names | None
    organisation: Names | None
    other_person: UUID | None
    valid_from: datetime | None
    valid_to: datetime | None
    source: str | None
    run: UUID | None
    file: str | None
    line: int | None
    recorded_at: datetime


class PersonWhole(PersonInList):
    """One person with facts and sources; ``email``, ``phone`` and ``birth_date`` as the page shows them."""

    email: str | None
    phone: str | None
    birth_date: date | None
    facts: list[PersonFact]
