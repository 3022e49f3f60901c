"""Who decided on an agreement, or on what amends it."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from iam.apply.schema.item import Item, Text
from iam.apply.schema.moments import Day


class Decision(Item):
    """Which body or office holder decided on an agreement, when and in which section of the minutes.

    ``final`` is the day on which the decision became final; ``competence`` the provision by which whoever decided may.
    """

    body: Text | None = None
    office_holder: Text | None = None
    date: Day
    section: int | None = None
    final: Day = None
    competence: Text | None = None

    @model_validator(mode="after")
    def _by_one_of_them(self) -> Self:
        if (self.body is None) == (self.office_holder is None):
            raise PydanticCustomError("decided_by", "a body or an office holder")
        return self
