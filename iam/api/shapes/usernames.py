"""The username of a person."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from iam.api.shapes.base import Taken
from iam.api.shapes.stated import Words


class UsernameTold(BaseModel):
    """The username that a person has, or the free one that their names make; null where there is none."""

    username: str | None
    suggested: str | None


class UsernameWanted(Taken):
    """The username to give; left out: what the names make of somebody who has none."""

    username: Words | None = None


class UsernameOutcome(BaseModel):
    """The username that the person has by it, and whether it is given or, in a ``preview``, would be."""

    state: Literal["preview", "done"]
    username: str
