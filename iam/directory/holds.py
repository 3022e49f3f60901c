"""What a hold keeps a person from: all of it, or the capacities in a part of the tree. Conditions to be used inside a
query.

A hold is read at every read: nothing is derived anew when one begins or ends, and no source's run undoes it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased

from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import OrganisationClosure
from iam.directory.person import Hold, HoldPart
from iam.directory.queries import holds_at, known


def whole(person_id: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold keeps a person from everything at ``at``."""
    return exists().where(Hold.person_id == person_id, Hold.whole, known(Hold, known_at), holds_at(Hold, at))


def over_affiliation(affiliation: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold over a part lies on an affiliation (the table, or an alias of it) at ``at``."""
    hold, part, under = aliased(Hold), aliased(HoldPart), aliased(OrganisationClosure)
    return exists().where(
        hold.person_id == affiliation.person_id,
        *_partly(hold, part, under, at, known_at),
        under.descendant_id == affiliation.organisation_id,
    )


def over_guardianship(relationship: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold over a part lies on a guardianship at ``at``: the child has an affiliation there
    then."""
    hold, part, under, child = aliased(Hold), aliased(HoldPart), aliased(OrganisationClosure), aliased(Affiliation)
    return exists().where(
        hold.person_id == relationship.person_id,
        *_partly(hold, part, under, at, known_at),
        child.person_id == relationship.other_person_id,
        child.organisation_id == under.descendant_id,
        known(child, known_at),
        holds_at(child, at),
    )


def over_capacity(
    row: Any, at: Any, known_at: datetime | None = None
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The two conditions, of which either is enough, that a hold over a part lies at ``at`` on the capacity that a row
    names by its ``capacity_id`` and ``person_id``."""
    own, hold, part, under = aliased(Affiliation), aliased(Hold), aliased(HoldPart), aliased(OrganisationClosure)
    tie, child, hold_2, part_2, under_2 = (
        aliased(Relationship),
        aliased(Affiliation),
        aliased(Hold),
        aliased(HoldPart),
        aliased(OrganisationClosure),
    )
    return (
        exists().where(
            hold.person_id == row.person_id,
            *_partly(hold, part, under, at, known_at),
            own.fact_id == row.capacity_id,
            own.organisation_id == under.descendant_id,
            known(own, known_at),
        ),
        exists().where(
            hold_2.person_id == row.person_id,
            *_partly(hold_2, part_2, under_2, at, known_at),
            tie.fact_id == row.capacity_id,
            tie.kind == "guardian_of",
            known(tie, known_at),
            child.person_id == tie.other_person_id,
            child.organisation_id == under_2.descendant_id,
            known(child, known_at),
            holds_at(child, at),
        ),
    )


def _partly(hold: Any, part: Any, under: Any, at: Any, known_at: datetime | None) -> tuple[ColumnElement[bool], ...]:
    return (
        ~hold.whole,
        known(hold, known_at),
        holds_at(hold, at),
        part.hold_id == hold.fact_id,
        under.ancestor_id == part.organisation_id,
        holds_at(under, at),
    )
