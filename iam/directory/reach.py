"""Where a source may state facts: in its owner's subtree, and in organisations that opened themselves to it, by date.

What is declared by hand (no source) reaches everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, Uuid, and_, exists, func, literal, or_, select, union_all

from iam import clock
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.source import Source, SourceOpening

BY_HAND = UUID(int=0)
"""Stands for the source of what no source states."""


def reach(*, by_hand: bool = True) -> Subquery:
    """The rows (``source_id``, ``organisation_id``, ``valid_from``, ``valid_to``) of where each source may state facts,
    and when.

    Intervals of one source and organisation may overlap.
    """
    parts = [_owned(), _opened(), *([_by_hand()] if by_hand else [])]
    return union_all(*parts).subquery("reach")


def reaches(source_id: Any, organisation_id: Any, at: Any) -> ColumnElement[bool]:
    """The condition that a source (NULL: what is declared by hand) may state facts in an organisation at ``at``."""
    r = reach()
    return (
        exists()
        .where(
            r.c.source_id == func.coalesce(source_id, literal(BY_HAND, Uuid())),
            r.c.organisation_id == organisation_id,
            r.c.valid_from <= at,
            r.c.valid_to > at,
        )
        .correlate_except(r)
    )


def within(source_id: Any, organisation_id: Any, when: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """The condition that a source (not NULL) may state facts in an organisation by a row that ``when`` accepts.

    Its two parts stand apart, so that each is found by its own index for every row asked of.
    """
    parts = [part.subquery() for part in (_owned(), _opened())]
    return or_(*(_by(r, source_id, organisation_id, when) for r in parts))


def _by(r: Subquery, source_id: Any, organisation_id: Any, when: Callable[[Any], ColumnElement[bool]]) -> Any:
    there = exists().where(r.c.source_id == source_id, r.c.organisation_id == organisation_id, when(r.c))
    return there.correlate_except(r)


def _owned() -> Any:
    c = OrganisationClosure
    columns = Source.id.label("source_id"), c.descendant_id.label("organisation_id"), c.valid_from, c.valid_to
    return select(*columns).join(c, c.ancestor_id == Source.owner_id)


def _opened() -> Any:
    o, c = SourceOpening, OrganisationClosure
    starts = greatest(o.valid_from, c.valid_from, type_=UtcDateTime())
    ends = least(o.valid_to, c.valid_to, type_=UtcDateTime())
    there = and_(c.ancestor_id == o.organisation_id, c.valid_from < o.valid_to, c.valid_to > o.valid_from)
    columns = o.source_id, c.descendant_id.label("organisation_id"), starts.label("valid_from"), ends.label("valid_to")
    return select(*columns).join(c, there).where(o.closed_by.is_(None))


def _by_hand() -> Any:
    whole = literal(clock.LONG_AGO, UtcDateTime()), literal(clock.FOREVER, UtcDateTime())
    return select(literal(BY_HAND, Uuid()), Organisation.id, *whole)
