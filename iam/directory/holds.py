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

# No condition here stands inside another of these: the aliases are made once, not at every request.
_HOLD, _PART, _UNDER = aliased(Hold), aliased(HoldPart), aliased(OrganisationClosure)
_OWN, _TIE, _CHILD = aliased(Affiliation), aliased(Relationship), aliased(Affiliation)


def whole(person_id: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold keeps a person from everything at ``at``."""
    return exists().where(Hold.person_id == person_id, Hold.whole, known(Hold, known_at), holds_at(Hold, at))


def over_affiliation(affiliation: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold over a part lies on an affiliation (the table, or an alias of it) at ``at``."""
    return exists().where(*_partly(affiliation, at, known_at), _UNDER.descendant_id == affiliation.organisation_id)


def over_guardianship(relationship: Any, at: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a hold over a part lies on a guardianship at ``at``: the child has an affiliation there
    then."""
    return exists().where(
        *_partly(relationship, at, known_at),
        _CHILD.person_id == relationship.other_person_id,
        _CHILD.organisation_id == _UNDER.descendant_id,
        known(_CHILD, known_at),
        holds_at(_CHILD, at),
    )


def over_capacity(
    row: Any, at: Any, known_at: datetime | None = None
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The two conditions, of which either is enough, that a hold over a part lies at ``at`` on the capacity that a row
    names by its ``capacity_id`` and ``person_id``."""
    partly = _partly(row, at, known_at)
    return (
        exists().where(
            *partly,
            _OWN.fact_id == row.capacity_id,
            _OWN.organisation_id == _UNDER.descendant_id,
            known(_OWN, known_at),
        ),
        exists().where(
            *partly,
            _TIE.fact_id == row.capacity_id,
            _TIE.kind == "guardian_of",
            known(_TIE, known_at),
            _CHILD.person_id == _TIE.other_person_id,
            _CHILD.organisation_id == _UNDER.descendant_id,
            known(_CHILD, known_at),
            holds_at(_CHILD, at),
        ),
    )


def _partly(row: Any, at: Any, known_at: datetime | None) -> tuple[ColumnElement[bool], ...]:
    """The conditions that the person of a row is held, and over a part that ``_UNDER`` lies in."""
    return (
        _HOLD.person_id == row.person_id,
        ~_HOLD.whole,
        known(_HOLD, known_at),
        holds_at(_HOLD, at),
        _PART.hold_id == _HOLD.fact_id,
        _UNDER.ancestor_id == _PART.organisation_id,
        holds_at(_UNDER, at),
    )
