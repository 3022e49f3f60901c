"""What all that is told and taken has in common."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

SIZE, MOST = 50, 2000
"""Rows of a page: as usual, and at most."""


def tidied(text: str) -> str:
    """Return a text without what PostgreSQL does not take, and without spaces around it."""
    return text.replace("\x00", "").strip()


Searched = Annotated[str, Field(max_length=200), AfterValidator(tidied)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(tidied)]
Names = dict[str, str]


class Taken(BaseModel):
    """What comes in: a name that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class PlaceInList(Taken):
    """Where a page of a list begins: after the row with this id, as the page before it says in ``next``."""

    after: UUID | None = None
    size: int = Field(SIZE, ge=1, le=MOST)


class ProblemDetails(BaseModel):
    """What went wrong (RFC 9457). ``type`` names the kind of problem, ``problems`` each thing that is wrong."""

    type: str
    title: str
    status: int
    instance: str
    detail: str | None = None
    problems: list[dict[str, str | int]] = []
