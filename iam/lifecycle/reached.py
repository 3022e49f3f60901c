"""Of whom the source that runs may say whose guardian or manager somebody is: whoever has an affiliation where it may
state facts.

``st_reach`` holds where that is.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, union

from iam import clock
from iam.access.administration import GONE
from iam.directory.affiliation import Affiliation
from iam.lifecycle import staged


def everywhere() -> ColumnElement[bool]:
    """The condition that the source may state facts everywhere."""
    return exists().where(staged.reach.c.organisation_id.is_(None))


def person_is_reached(person_id: Any) -> ColumnElement[bool]:
    """The condition that a person has an affiliation, present, coming or of the past 90 days, where the source may
    state facts then.

    It stands already, whoever told it, or the run brings it.
    """
    either = union(_standing(), _within(staged.affiliation.c)).subquery()
    return or_(everywhere(), person_id.in_(select(either.c[0])))


def person_stands(person_id: Any) -> ColumnElement[bool]:
    """The condition ``person_is_reached`` by stored facts alone, for who asks before anything is staged."""
    return or_(everywhere(), person_id.in_(_standing()))


def _standing() -> Any:
    return _within(Affiliation).where(Affiliation.closed_by.is_(None))


def _within(a: Any) -> Any:
    r, gone = staged.reach.c, clock.now() - GONE
    there = and_(
        r.organisation_id == a.organisation_id,
        r.valid_from < a.valid_to,
        r.valid_to > a.valid_from,
        a.valid_to > gone,
        r.valid_to > gone,
    )
    return select(a.person_id).join(staged.reach, there).where(a.person_id.is_not(None))
