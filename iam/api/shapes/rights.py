"""A person's rights with why, and what it takes to give and end one by hand."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from iam.api.shapes.base import Names, Reason, Taken


class RightsQuery(Taken):
    """On which day; without one it is now."""

    on: date | None = None


class FactCited(BaseModel):
    """A fact that a right rests on, with its source; blank is what must not be told."""

    fact: str
    kind: str
    position: str | None
    position_names: Names | None
    organisation: Names | None
    source: str | None
    run: UUID | None
    file: str | None
    line: int | None
    valid_from: datetime | None
    valid_to: datetime | None


class ClauseCited(BaseModel):
    """The clause of an agreement that lets a right cross from one legal entity to another."""

    agreement: str
    n: int
    purpose: str
    purpose_names: Names | None
    case_number: str


class RightReason(BaseModel):
    """One reason of a right: a rule (with its sentence) or a hand (with what was written)."""

    id: UUID
    origin: str
    rule: str | None
    rule_names: Names | None
    rule_version: int | None
    sentence: Names
    reason: str | None
    clause: ClauseCited | None
    through: str | None
    valid_to: datetime | None
    facts: list[FactCited]


class RightTold(BaseModel):
    """A right: the role, where it holds, until when, what ends it first and why it is there. Where ``told`` is false,
    somebody is protected: ``organisation`` is null and the reasons are blank."""

    role: str
    role_names: Names
    organisation: Names | None
    capacity: UUID
    enforced: str
    told: bool
    valid_to: datetime | None
    ends_first: Names
    because: list[RightReason]


class RightsTold(BaseModel):
    """The rights of a person, in the part of the caller."""

    items: list[RightTold]


class RightWanted(Taken):
    """A right to be granted by hand: ``role`` as ``application:role``, ``capacity`` the id of a position of the person,
    ``organisation`` where it is to hold, ``last_day`` the last day on which it does."""

    role: str
    capacity: UUID
    organisation: UUID
    last_day: date
    reason: Reason


class WithReason(Taken):
    """Why."""

    reason: Reason


class AccessEnded(BaseModel):
    """What an end of access reached: ``whole`` is false where the person stays somebody outside the caller's part."""

    whole: bool
