"""The kinds of facts that feeds tell, each described once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, func, literal, select

from iam.directory.affiliation import Absence, Affiliation, Group, Membership, Relationship
from iam.directory.source import Source
from iam.lifecycle import staged

MEMBERSHIP = "membership"
"""The label under which memberships are counted; affiliations and relationships are counted under their own kinds."""


@dataclass(frozen=True, slots=True)
class FactKind:
    """One kind of fact: its table, its staged table, and which of the columns, named alike in both, mean what.

    ``identity``: beside its record, what makes two versions the same fact. ``values``: what else it says; ``bearing``
    are those that rights rest on, so that another value takes away what rested on the old one. ``label`` and ``place``
    say under which word and in which organisation it is counted, of a row of either table. ``takes``: its presence, not
    its end, takes something away (an absence).
    """

    name: str
    model: Any
    staged: Table
    identity: tuple[str, ...]
    label: Callable[[Any], ColumnElement[Any]]
    place: Callable[[Any, UUID], ColumnElement[Any]]
    values: tuple[str, ...] = ()
    bearing: frozenset[str] = frozenset()
    takes: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Everything that a version says, its dates last."""
        return (*self.identity, *self.values, "valid_from", "valid_to")


def _own_kind(row: Any) -> ColumnElement[Any]:
    return row.kind  # type: ignore[no-any-return]


def _own_place(row: Any, _source_id: UUID) -> ColumnElement[Any]:
    return row.organisation_id  # type: ignore[no-any-return]


def _of_group(row: Any, _source_id: UUID) -> ColumnElement[Any]:
    st = staged.group
    stands = select(Group.organisation_id).where(Group.id == row.group_id).scalar_subquery()
    if isinstance(row, type):
        return stands
    comes = select(st.c.organisation_id).where(st.c.group_id == row.group_id)
    return func.coalesce(stands, comes.scalar_subquery(), type_=Group.organisation_id.type)


def _of_source(_row: Any, source_id: UUID) -> ColumnElement[Any]:
    return select(Source.owner_id).where(Source.id == source_id).scalar_subquery()


def _of_affiliation(name: str, row: Any) -> ColumnElement[Any]:
    """What the affiliation of an absence says; a staged absence carries it."""
    if not isinstance(row, type):
        return row[name]  # type: ignore[no-any-return]
    a = Affiliation
    query = select(getattr(a, name)).where(a.fact_id == Absence.affiliation_fact_id, a.closed_by.is_(None))
    return query.scalar_subquery()


AFFILIATION = FactKind(
    "affiliation",
    Affiliation,
    staged.affiliation,
    ("organisation_id",),
    _own_kind,
    _own_place,
    Affiliation.TOLD,
    Affiliation.BEARING,
)
RELATIONSHIP = FactKind(
    "relationship",
    Relationship,
    staged.relationship,
    ("person_id", "kind", "other_person_id"),
    _own_kind,
    _of_source,
)
MEMBERSHIP_ = FactKind(
    "membership",
    Membership,
    staged.membership,
    ("person_id", "group_id"),
    lambda row: literal(MEMBERSHIP),
    _of_group,
)
ABSENCE = FactKind(
    "absence",
    Absence,
    staged.absence_of,
    ("affiliation_fact_id",),
    lambda row: _of_affiliation("kind", row),
    lambda row, _source_id: _of_affiliation("organisation_id", row),
    ("person_id",),
    takes=True,
)
KINDS = (AFFILIATION, ABSENCE, RELATIONSHIP, MEMBERSHIP_)
"""In the order in which they are compared and written: an absence is one of an affiliation."""
