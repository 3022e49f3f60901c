"""Who decided on an agreement, or on what amends it."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from iam.apply.schema.item import Item, Text, Worded
from iam.apply.schema.moments import Day


class Decision(Item):
    """Which body or office holder decided on an agreement, when and in which section of the minutes.

    Who decided is one text, or names by language. ``final`` is the day on which the decision became final;
    ``competence`` the provision by which whoever decided may.
    """

    body: Worded | None = None
    office_holder: Worded | None = None
    date: Day
    section: int | None = None
    final: Day = None
    competence: Text | None = None

    @model_validator(mode="after")
    def _by_one_of_them(self) -> Self:
        if (self.body is None) == (self.office_holder is None):
            raise PydanticCustomError("decided_by", "a body or an office holder")
        return self
