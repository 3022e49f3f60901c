"""Whether a source may say by what a person signs in: the e-mail for codes, the username.

A source that may state facts at the person's primary affiliation; of a guardian without an affiliation, at the primary
affiliation of a child.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.directory import primary
from iam.directory.affiliation import Relationship
from iam.directory.primary import Marked
from iam.directory.reach import reach

Openings = Mapping[tuple[UUID, UUID], Sequence[Any]]
"""By source and organisation: the times in which the source may state facts there."""


def places(session: Session, person_ids: Collection[UUID], at: datetime) -> dict[UUID, list[Marked]]:
    """Return the primary affiliation of each person, or those of the children they guard; three statements at most."""
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


def openings(session: Session, sources: Collection[UUID | None], stood: Iterable[Sequence[Marked]]) -> Openings:
    """Return when each source may state facts where people stand (``places``); one statement."""
    organisations = {place.organisation_id for each in stood for place in each}
    if not organisations:
        return {}
    r = reach(by_hand=False)
    known = sources - {None}  # type: ignore[operator]
    query = select(r).where(r.c.source_id.in_(known), r.c.organisation_id.in_(organisations))
    found: dict[tuple[UUID, UUID], list[Any]] = {}
    for row in session.execute(query):
        found.setdefault((row.source_id, row.organisation_id), []).append(row)
    return found


def may(source_id: UUID | None, walled: bool | None, stood: Iterable[Marked], opened: Openings, at: datetime) -> bool:
    """Whether a source (None: what is declared) may say by what the person signs in: it may state facts at one of the
    places where they stand, or is from before walls and states that place itself."""
    return source_id is None or any(
        (not walled and place.source_id == source_id)
        or any(_during(one, place, at) for one in opened.get((source_id, place.organisation_id), ()))
        for place in stood
    )


def _during(one: Any, place: Marked, at: datetime) -> bool:
    """As ``entitled.during``."""
    elsewhen = place.valid_from > at or place.valid_to <= at or one.valid_from <= at < one.valid_to
    return bool(one.valid_from < place.valid_to and one.valid_to > place.valid_from and elsewhen)
