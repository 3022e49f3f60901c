"""The single release of what tells where a person is. Everything else sees ``Protected``, which prints as "…".

Beside it the conditions by which queries know who is protected, and whose guardian may know where the child is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import aliased

from iam.database.types import Protected
from iam.directory.affiliation import GuardianConfirmation, Relationship
from iam.directory.person import PersonProfile

# Each is used in one condition alone, which never stands inside itself: made once, it is not made at every request.
_PROFILE, _CONFIRMATION, _TIE = aliased(PersonProfile), aliased(GuardianConfirmation), aliased(Relationship)

PURPOSES = frozenset(
    {"own data", "administration of a person without protection", "administration with protected data", "claims"}
)


def release(value: Protected | None, *, protected: bool, purpose: str) -> str | None:
    """Return the text of ``value``, or None where it must not be told: the person is protected and the purpose is not
    among those that may see it (the person's own data, administration with protected data). Raises ``ValueError`` for
    an unknown purpose.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"unknown purpose {purpose}")
    if value is None or (protected and purpose not in ("own data", "administration with protected data")):
        return None
    return str.__str__(value)


def is_protected(person_id: Any) -> ColumnElement[bool]:
    """The condition that any source says a person's whereabouts must not be told."""
    return exists().where(_PROFILE.person_id == person_id, _PROFILE.closed_by.is_(None), _PROFILE.protected)


def is_confirmed(relationship: Any, at: Any) -> ColumnElement[bool]:
    """The condition that the school confirmed this guardian of this child, and that it holds at ``at``."""
    return exists().where(
        _CONFIRMATION.person_id == relationship.person_id,
        _CONFIRMATION.other_person_id == relationship.other_person_id,
        _CONFIRMATION.closed_by.is_(None),
        _CONFIRMATION.valid_from <= at,
        _CONFIRMATION.valid_to > at,
    )


def rests_on_protected(right: Any, *, unconfirmed_at: Any = None) -> ColumnElement[bool]:
    """The condition that a right rests on a relationship to a protected person: its scope tells where that one is.

    ``right`` is an assignment or a query that has its columns. With ``unconfirmed_at`` only while nobody has confirmed
    at that moment that the person may know.
    """
    # Two questions, and the second of open and of closed versions: each has its index, and all of them together none.
    version = _TIE.version_id.in_([right.fact_1, right.fact_2, right.fact_3, right.fact_4])
    fact = (_TIE.fact_id == right.capacity_id, or_(_TIE.closed_by.is_(None), _TIE.closed_by.is_not(None)))
    still = () if unconfirmed_at is None else (~is_confirmed(_TIE, unconfirmed_at),)
    protected = is_protected(_TIE.other_person_id)
    return or_(exists().where(version, protected, *still), exists().where(*fact, protected, *still))
