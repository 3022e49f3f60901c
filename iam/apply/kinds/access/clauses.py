"""The clauses of an agreement: what people of one party, by occupation, may do with the data of another."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple, Self
from uuid import UUID

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from iam.access.model import agreements
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import empty_interval
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import interval, right_parts
from iam.apply.declared.written import Row, dated, plain
from iam.apply.schema.item import Code, Dated, Item, Key, Rights, Text
from iam.apply.schema.moments import Day


class Scope(Item):
    """Where a clause holds: in an organisation, or in what an area covers of the grantor."""

    organisation: Key | None = None
    area: Key | None = None
    with_descendants: bool = True

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.organisation is None) == (self.area is None):
            raise PydanticCustomError("scope", "an organisation or an area")
        return self

    @property
    def key(self) -> str:
        """The key of the organisation or the area."""
        return self.organisation or self.area or ""


class Acceptance(Item):
    """Who accepted for the parties, and on which day, that roles under a clause are enforced otherwise than at use."""

    accepted_by: Text
    on: Day


class Clause(Dated):
    """What people of the grantee, by occupation, may do with the grantor's data; ``amendment`` is the number of that by
    which it came about, and none of what it says."""

    grantor: Key
    grantee: Key
    scope: Scope
    allows: dict[Code, Rights]
    relationship: Code | None = None
    weaker_enforcement: Acceptance | None = None
    amendment: int | None = None

    @model_validator(mode="after")
    def _weaker_than_something(self) -> Self:
        if self.weaker_enforcement is not None and (self.relationship is None or self.weaker_enforcement.on is None):
            raise PydanticCustomError("weaker_enforcement", "without a relationship, or a day")
        return self


PARTS = (
    "grantor",
    "grantee",
    "scope",
    "with_descendants",
    "over_area",
    "relationship",
    "weaker_enforcement",
    "in_force",
    "allows",
)
"""What the parts of a clause's shape are called."""


class ClauseShape(NamedTuple):
    """What a clause says, organisations by key; ``weaker`` is who accepted a weaker enforcement, on which day."""

    grantor: str
    grantee: str
    scope: str
    with_descendants: bool
    over_area: bool
    relationship: str | None
    weaker: tuple[str, date] | None
    interval: tuple[datetime, datetime]
    allowed: tuple[tuple[str, str], ...]


def shape(item: Clause) -> ClauseShape:
    """Return the shape of a clause."""
    allowed = tuple(sorted((who, right) for who, rights in item.allows.items() for right in rights))
    accepted = item.weaker_enforcement
    weaker = (accepted.accepted_by, accepted.on) if accepted is not None and accepted.on is not None else None
    scope = item.scope
    return ClauseShape(
        item.grantor,
        item.grantee,
        scope.key,
        scope.with_descendants,
        scope.area is not None,
        item.relationship,
        weaker,
        interval(item),
        allowed,
    )


def standing_shape(clause: agreements.Clause, keys: dict[UUID, str]) -> ClauseShape:
    """Return the shape of a clause that stands; ``keys`` are those of the organisations by id."""
    allowed = tuple(sorted((who, f"{group}:{operation}") for who, group, operation in clause.content))
    by, on = clause.weaker_accepted_by, clause.weaker_accepted_on
    return ClauseShape(
        keys[clause.grantor_id],
        keys[clause.grantee_id],
        keys[clause.scope_id],
        clause.with_descendants,
        clause.over_area,
        clause.relationship_kind,
        (by, on) if by is not None and on is not None else None,
        (clause.valid_from, clause.valid_to),
        allowed,
    )


def check(draft: Draft, clause: Clause, parties: set[str], belongs: set[tuple[UUID, UUID]], where: Where) -> None:
    """Check that both sides are parties, and that the scope belongs to the grantor; ``belongs`` holds organisations
    with their legal entities."""
    draft.problems += empty_interval(interval(clause), where)
    for side in ("grantor", "grantee"):
        if getattr(clause, side) not in parties:
            draft.wrong(
                where.at(side), "This is no party of the agreement.", "Name one of its parties, or add it to them."
            )
    if clause.grantor == clause.grantee:
        draft.wrong(where.at("grantee"), "This clause gives a party what it has.", "Name another grantee.")
    place = where.at("scope", "organisation" if clause.scope.area is None else "area")
    scope_id, grantor_id = draft.organisation(clause.scope.key, place), draft.organisations.get(clause.grantor)
    if (
        clause.scope.area is None
        and scope_id is not None
        and grantor_id is not None
        and scope_id in draft.tree
        and (scope_id, grantor_id) not in belongs
    ):
        draft.wrong(
            place,
            "%(scope)s does not belong to %(grantor)s.",
            "A party can open only its own organisations.",
            scope=clause.scope.key,
            grantor=clause.grantor,
        )


def check_amendment(draft: Draft, clause: Clause, numbers: set[int], where: Where) -> None:
    """Check that the amendment by which a clause came about is one of the agreement's."""
    if clause.amendment is not None and clause.amendment not in numbers:
        message = "The agreement has no amendment %(n)s."
        draft.wrong(where.at("amendment"), message, "Add it to its amendments.", n=clause.amendment)


def as_stored(writing: Writing, row: ClauseShape) -> agreements.Clause:
    """Return a clause as it is stored."""
    ids, (by, on) = writing.draft.organisations, row.weaker or (None, None)
    content = frozenset((who, *right_parts(right)) for who, right in row.allowed)
    return agreements.Clause(
        ids[row.grantor],
        ids[row.grantee],
        ids[row.scope],
        row.with_descendants,
        row.relationship,
        by,
        on,
        *row.interval,
        content,
        row.over_area,
    )


def export(row: ClauseShape) -> Row:
    """Return a clause as it is written out."""
    allows: dict[str, list[str]] = {}
    for who, right in row.allowed:
        allows.setdefault(who, []).append(right)
    place = {"area" if row.over_area else "organisation": row.scope, "with_descendants": row.with_descendants}
    named = {"grantor": row.grantor, "grantee": row.grantee, "scope": place, "allows": allows}
    weaker = None if row.weaker is None else {"accepted_by": row.weaker[0], "on": row.weaker[1]}
    return named | plain({"relationship": row.relationship, "weaker_enforcement": weaker}) | dated(*row.interval)
