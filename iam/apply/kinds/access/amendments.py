"""By what a signed agreement was amended, as it is stated."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from iam.access.model.agreement import AgreementAmendment
from iam.access.model.amendments import Amendment
from iam.apply.comparison.draft import Draft
from iam.apply.declared.place import Where
from iam.apply.declared.written import Row, plain
from iam.apply.kinds.access.decision import Decision
from iam.apply.schema.item import Item, Text


class AmendingDecision(Decision):
    """A decision that amends an agreement, with its own case number."""

    case_number: Text | None = None


class StatedAmendment(Item):
    """An amendment: its number in the agreement, and the decision, or the delegation under which it needed none."""

    n: Annotated[int, Field(ge=1)]
    decided: AmendingDecision | None = None
    delegation: Text | None = None

    @model_validator(mode="after")
    def _by_one_of_them(self) -> Self:
        if (self.decided is None) == (self.delegation is None):
            raise PydanticCustomError("amended_by", "a decision or a delegation")
        return self


class AmendmentShape(NamedTuple):
    """What is said of an amendment."""

    n: int
    decided: dict[str, Any] | None
    delegation: str | None


def shape(item: StatedAmendment) -> AmendmentShape:
    """Return the shape of an amendment."""
    decided = None if item.decided is None else item.decided.model_dump(mode="json", exclude_none=True)
    return AmendmentShape(item.n, decided, item.delegation)


def standing_shape(row: AgreementAmendment) -> AmendmentShape:
    """Return the shape of an amendment that stands."""
    return AmendmentShape(row.n, row.decision, row.delegation)


def check(draft: Draft, stated: list[StatedAmendment], standing: Iterable[AmendmentShape], where: Where) -> None:
    """Check that no number is there twice, and that none that stands is left out: what was decided stays."""
    numbers = [one.n for one in stated]
    for place, n in enumerate(numbers):
        if n in numbers[:place]:
            draft.wrong(where.at(place, "n"), "Amendment %(n)s is stated twice.", "State it once.", n=n)
    for one in standing:
        if one.n not in numbers:
            remedy = "State it too, for what was decided stays; or leave amendments out altogether."
            draft.wrong(where, "Amendment %(n)s is left out.", remedy, n=one.n)


def as_stored(some: Iterable[AmendmentShape]) -> dict[int, Amendment]:
    """Return amendments by their numbers, as they are stored."""
    return {one.n: Amendment(one.decided, one.delegation) for one in some}


def export(one: AmendmentShape) -> Row:
    """Return an amendment as it is written out."""
    return plain(one._asdict())
