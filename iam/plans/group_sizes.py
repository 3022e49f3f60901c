"""How many people a group had: the affiliations, memberships and relationships of one source in one organisation, by
kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from iam.change import Change
from iam.directory.affiliation import Affiliation
from iam.directory.queries import holds_at
from iam.lifecycle.facts import profiles
from iam.lifecycle.facts.kinds import AFFILIATION, MEMBERSHIP_, RELATIONSHIP
from iam.plans.plan import Plan

Cell = tuple[UUID, str]
"""An organisation, and a label: a kind of affiliation or relationship, ``membership``, or what of a description
changes."""
Condition = Callable[[Any], Collection[ColumnElement[bool]]]
"""Returns conditions on a version of a model."""
WINDOW = timedelta(days=7)
COUNTED = (AFFILIATION, RELATIONSHIP, MEMBERSHIP_)


def stated(session: Session, source_id: UUID, which: Condition, organisation_ids: Collection[UUID]) -> dict[Cell, int]:
    """Return how many facts of a source meet the conditions in these organisations, by label; one statement for each
    kind of fact."""
    found: dict[Cell, int] = {}
    for kind in COUNTED:
        m = kind.model
        place, label = kind.place(m, source_id).label("place"), kind.label(m).label("label")
        one = select(m.fact_id.label("fact_id"), place, label).where(m.source_id == source_id, *which(m)).subquery()
        rows = session.execute(
            select(one.c.place, one.c.label, func.count(one.c.fact_id.distinct()))
            .where(one.c.place.in_(organisation_ids))
            .group_by(one.c.place, one.c.label)
        )
        found |= {(organisation_id, word): n for organisation_id, word, n in rows}
    return found


def judged(
    session: Session, source_id: UUID, losses: Mapping[Cell, int], lost: Condition, now: datetime
) -> dict[Cell, int]:
    """Return the size of each group that loses something: the smaller of now and seven days ago.

    What a second person accepted since counts as if it had stood then. Of a record that loses something only that
    counts (``lost`` tells those): what came in its place, perhaps days ago while the end was held, would make the group
    look larger.
    """
    places = {organisation_id for organisation_id, _ in losses}
    then = now - WINDOW

    def standing(model: Any) -> list[ColumnElement[bool]]:
        return [model.closed_by.is_(None), model.valid_to > now, *lost(model)]

    def stood(model: Any) -> list[ColumnElement[bool]]:
        return [model.valid_to > then, known_then(model, then), *lost(model)]

    sizes, before = (stated(session, source_id, which, places) for which in (standing, stood))
    a = Affiliation
    people, once = (
        _people(session, places, which)
        for which in ((a.closed_by.is_(None), holds_at(a, now)), (known_then(a, then), holds_at(a, then)))
    )
    found = {}
    for cell, n in losses.items():
        if cell[1] in profiles.LABELS:
            found[cell] = max(min(people.get(cell[0], 0), once.get(cell[0], 0)), n)
        else:
            found[cell] = min(sizes.get(cell, 0), before.get(cell, 0)) + n
    return found


def known_then(model: Any, then: datetime) -> ColumnElement[bool]:
    """The condition that a version was known then, or that a second person has accepted it since."""
    opened, closed = aliased(Change), aliased(Change)
    accepted = exists().where(Plan.change_id == model.opened_by, Plan.approved_by.is_not(None))
    return and_(
        of_both(model),
        or_(
            and_(
                exists().where(opened.id == model.opened_by, opened.at <= then),
                or_(model.closed_by.is_(None), exists().where(closed.id == model.closed_by, closed.at > then)),
            ),
            accepted,
        ),
    )


def of_both(model: Any) -> ColumnElement[bool]:
    """What is true of every version: open and closed ones have indexes of their own, and this is how PostgreSQL is told
    to use both. It does so only where it stands beside the other conditions, not within one of two."""
    return or_(model.closed_by.is_(None), model.closed_by.is_not(None))


def _people(session: Session, places: Collection[UUID], which: Collection[ColumnElement[bool]]) -> dict[UUID, int]:
    a = Affiliation
    rows = session.execute(
        select(a.organisation_id, func.count(a.person_id.distinct()))
        .where(a.organisation_id.in_(places), *which)
        .group_by(a.organisation_id)
    )
    return dict(rows.all())
