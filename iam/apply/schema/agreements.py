"""What gives rights and what limits them: rules, agreements with their clauses, and the lists of occupations they
name."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from iam.apply.schema.item import Code, Codes, Dated, Item, Key, Rights, Text
from iam.apply.schema.moments import Day


class CodeList(Item):
    """A named list of occupation codes, for rules of its owner and of what is under it."""

    key: Key
    owner: Key | None = None
    codes: Codes


class Rule(Item):
    """A rule: its pattern is what it binds, subtracts and gives; ``retired`` withdraws it."""

    rule: Key
    owner: Key
    bind: dict[str, Any]
    unless: dict[str, Any] | None = None
    gives: dict[str, Any]
    retired: bool = False

    @property
    def pattern(self) -> dict[str, Any]:
        """The pattern as it is stored."""
        unless = {} if self.unless is None else {"unless": self.unless}
        return {"bind": self.bind, **unless, "gives": self.gives}


class Decision(Item):
    """Who decided on an agreement, when and in which section of the minutes."""

    body: Text
    date: Day
    section: int | None = None


class Party(Item):
    """A legal entity that is a party; not signed, it keeps the agreement from being in force."""

    entity: Key
    role: Text = "controller"
    signed: Day = None


class Scope(Item):
    """Where a clause holds."""

    organisation: Key
    with_descendants: bool = True


class Acceptance(Item):
    """Who accepted for the parties, and on which day, that roles under a clause are enforced otherwise than at use."""

    accepted_by: Text
    on: Day


class Clause(Dated):
    """What people of the grantee, by occupation, may do with the grantor's data."""

    grantor: Key
    grantee: Key
    scope: Scope
    allows: dict[Code, Rights]
    relationship: Code | None = None
    weaker_enforcement: Acceptance | None = None

    @model_validator(mode="after")
    def _weaker_than_something(self) -> Self:
        if self.weaker_enforcement is not None and (self.relationship is None or self.weaker_enforcement.on is None):
            raise PydanticCustomError("weaker_enforcement", "without a relationship, or a day")
        return self


class Agreement(Item):
    """An agreement between legal entities. Its clauses are its content: one that is left out or altered is closed."""

    key: Key
    case_number: Text
    decided: Decision
    parties: Annotated[list[Party], Field(min_length=2)]
    in_force: Dated
    purpose: Text
    legal_basis: dict[str, Any]
    clauses: list[Clause] = []
