"""Which address a person is sent codes at, by what is known: not every source that may describe a person may say so.

It comes from a declaration, or from a source that may state facts at the person's primary affiliation; of a guardian without an
affiliation, at the primary affiliation of a child.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.change import Change
from iam.directory import primary
from iam.directory.affiliation import Relationship
from iam.directory.person import PersonProfile
from iam.directory.primary import Marked
from iam.directory.reach import reach
from iam.directory.source import Source
from iam.mail import is_address


class Told(NamedTuple):
    """An address, and since when it is told."""

    address: str
    since: datetime


Openings = Mapping[tuple[UUID, UUID], Sequence[Any]]
"""By source and organisation: the times in which the source may state facts there."""


def told(session: Session, person_ids: Collection[UUID], at: datetime) -> dict[UUID, Told]:
    """Return the address that each person's codes belong to at ``at``, as far as sources go; six statements at most.

    Persons without one are left out. What is not one plain e-mail address counts as nothing told.
    """
    rows = [row for row in _said(session, person_ids) if is_address(row.email)]
    places = _places(session, {row.person_id for row in rows if row.source_id is not None}, at)
    openings = _openings(session, {row.source_id for row in rows}, places.values())
    found: dict[UUID, Told] = {}
    for row in rows:
        if row.person_id not in found and _may(row, places.get(row.person_id, ()), openings, at):
            found[row.person_id] = Told(row.email, row.at)
    return found


def _said(session: Session, person_ids: Collection[UUID]) -> Sequence[Any]:
    """What is said of these persons' addresses, what counts first before the rest."""
    p, s = PersonProfile, Source
    query = select(p.person_id, p.source_id, p.email, s.walled, func.coalesce(Change.at, p.valid_from).label("at"))
    return session.execute(
        query.outerjoin(s, s.id == p.source_id).outerjoin(Change, Change.id == p.opened_by)
        .where(p.person_id.in_(person_ids), p.closed_by.is_(None), p.email.is_not(None))
        .order_by(func.coalesce(s.priority, 0), p.source_id.is_not(None), p.source_id)
    ).all()  # fmt: skip


def _places(session: Session, person_ids: Collection[UUID], at: datetime) -> dict[UUID, list[Marked]]:
    own = primary.of(session, person_ids, at)
    children: dict[UUID, list[UUID]] = {}
    r = Relationship
    query = select(r.person_id, r.other_person_id).where(
        r.person_id.in_(set(person_ids) - set(own)), r.kind == "guardian_of", r.closed_by.is_(None), r.valid_to > at
    )
    for person_id, child_id in session.execute(query):
        children.setdefault(person_id, []).append(child_id)
    theirs = primary.of(session, {one for ids in children.values() for one in ids}, at) if children else {}
    return {person_id: [place] for person_id, place in own.items()} | {
        person_id: [theirs[one] for one in ids if one in theirs] for person_id, ids in children.items()
    }


def _openings(session: Session, sources: Collection[UUID | None], places: Iterable[Sequence[Marked]]) -> Openings:
    organisations = {place.organisation_id for each in places for place in each}
    if not organisations:
        return {}
    r = reach(by_hand=False)
    query = select(r).where(r.c.source_id.in_(sources - {None}), r.c.organisation_id.in_(organisations))  # type: ignore[operator]
    found: dict[tuple[UUID, UUID], list[Any]] = {}
    for row in session.execute(query):
        found.setdefault((row.source_id, row.organisation_id), []).append(row)
    return found


def _may(row: Any, places: Iterable[Marked], openings: Openings, at: datetime) -> bool:
    """Whether a row's source may say where codes go: it may state facts at a place, or is from before walls and states this one."""
    return row.source_id is None or any(
        (not row.walled and place.source_id == row.source_id)
        or any(_during(one, place, at) for one in openings.get((row.source_id, place.organisation_id), ()))
        for place in places
    )


def _during(one: Any, place: Marked, at: datetime) -> bool:
    """As ``entitled.during``."""
    elsewhen = place.valid_from > at or place.valid_to <= at or one.valid_from <= at < one.valid_to
    return bool(one.valid_from < place.valid_to and one.valid_to > place.valid_from and elsewhen)
