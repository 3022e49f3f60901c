"""Affiliations by hand: one is added, its end changed, or it ends now. Those of sources are never touched."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, exists, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, may_touch
from iam.change import Change
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationPlace
from iam.errors import Conflict, Invalid, NotFound
from iam.lifecycle.by_hand import sponsors
from iam.lifecycle.persons import StatedAffiliation
from iam.lifecycle.versions import Stated, restate
from iam.texts import N_

END_NEEDED = ("visitor", "contractor")
"""Kinds that always have an end."""
LONGEST = timedelta(days=2 * 365 + 2)
"""So long such an affiliation lasts at most: two years, of which one may have a leap day, and its last day."""
_TABLE: Table = Affiliation.__table__  # type: ignore[assignment]


def add(
    session: Session, change: Change, part: Part, person_id: UUID, said: StatedAffiliation, sponsor_id: UUID
) -> set[UUID]:
    """Add an affiliation, for which ``sponsor_id`` answers; return whose facts were touched.

    Raises ``Invalid`` for an organisation outside the part, a time in which it does not exist, or a wrong end.
    """
    check(session, part, said)
    if sponsor_id == person_id:
        raise Invalid(Problem(N_("Nobody answers for themselves."), N_("Name somebody else."), field="sponsor"))
    session.add(
        Affiliation(
            person_id=person_id,
            organisation_id=said.organisation_id,
            kind=said.kind,
            occupation=said.occupation,
            title=said.title,
            is_primary=not _have_one(session, [person_id]),
            valid_from=said.valid_from,
            valid_to=said.valid_to,
            opened_by=change.id,
        )
    )
    session.flush()
    sponsors.answer(session, change, sponsor_id, person_id, said.valid_from, said.valid_to)
    return {person_id, sponsor_id}


def add_each(
    session: Session, change: Change, person_ids: Sequence[UUID], said: StatedAffiliation, sponsor_id: UUID
) -> set[UUID]:
    """Add the same affiliation, which was checked, for each of many persons; return whose facts were touched. A few
    statements."""
    have = _have_one(session, person_ids)
    shared = {name: getattr(said, name) for name in ("organisation_id", "kind", "occupation", "title")}
    shared |= {"valid_from": said.valid_from, "valid_to": said.valid_to}
    stated: list[Stated] = [{"person_id": one, "is_primary": one not in have, **shared} for one in person_ids]
    restate(session, change, _TABLE, [], stated, ())
    sponsors.answer_each(session, change, sponsor_id, person_ids, said.valid_from, said.valid_to)
    return {*person_ids, sponsor_id}


def check(session: Session, part: Part, said: StatedAffiliation) -> None:
    """Raise ``Invalid`` for an organisation outside the part, a time in which it does not exist, or a wrong end."""
    if not may_touch(session, part, said.organisation_id):
        raise Invalid(Problem(N_("Choose an organisation in your part."), field="organisation"))
    check_days(said.kind, said.valid_from, said.valid_to)
    _check_place(session, said)


def end(session: Session, change: Change, part: Part, person_id: UUID, fact_id: UUID, until: datetime) -> set[UUID]:
    """Let an affiliation by hand end at ``until``; one that has not begun by then is taken back.

    Return whose facts were touched.

    Raises ``NotFound`` for one of a source or outside the part, ``Invalid`` for a wrong end, ``Conflict`` when it has
    ended.
    """
    row, now = standing(session, part, person_id, fact_id), clock.now()
    if row.valid_to <= now:
        raise Conflict(Problem(N_("This position has ended already."), "Open the person's page again."))
    if until > now:
        check_days(row.kind, row.valid_from, until)
    return end_each(session, change, [row], until)


def end_each(session: Session, change: Change, rows: Sequence[Row[Any]], until: datetime) -> set[UUID]:
    """Let affiliations by hand of many persons, which were checked, end at ``until``; return whose facts were touched.
    A few statements."""
    persons = {row.person_id for row in rows}
    before = sponsors.last_ends(session, persons)
    names = [column.name for column in _TABLE.c if column.name not in ("version_id", "opened_by", "closed_by")]
    stated = [
        {name: getattr(row, name) for name in names} | {"valid_to": until} for row in rows if row.valid_from < until
    ]
    restate(session, change, _TABLE, rows, stated, ())
    return persons | sponsors.follow(session, change, before)


def standing_of(session: Session, person_ids: Collection[UUID], organisation_id: UUID, kind: str) -> list[Row[Any]]:
    """Return the affiliations by hand that people have in an organisation now or from a known day on, of a kind or
    (``""``) of any; one statement."""
    t = _TABLE.c
    there = t.organisation_id == organisation_id, t.person_id.in_(person_ids), t.valid_to > clock.now()
    query = select(_TABLE).where(t.closed_by.is_(None), t.source_id.is_(None), *there)
    return list(session.execute(query.where(t.kind == kind) if kind else query))


def standing(session: Session, part: Part, person_id: UUID, fact_id: UUID) -> Row[Any]:
    """Return an affiliation by hand that the asker may tell and change; raises ``NotFound``."""
    t = _TABLE.c
    query = select(_TABLE).where(
        t.fact_id == fact_id,
        t.person_id == person_id,
        t.closed_by.is_(None),
        t.source_id.is_(None),
        part.covers(t.organisation_id),
        part.tells(t.person_id, t.organisation_id),
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound(Problem(N_("There is no such position made by hand."), "Open the person's page again."))
    return found


def check_days(kind: str, start: datetime, end: datetime) -> None:
    """Raise ``Invalid`` for days in which no affiliation of that kind can be."""
    if end <= max(start, clock.now()):
        raise Invalid(Problem("The last day is over, or before the first.", "Choose a later one.", field="until"))
    if kind in END_NEEDED and end - start > LONGEST:
        told = N_("A visitor or a contractor has a last day, at most two years after the first.")
        raise Invalid(Problem(told, N_("Choose it; it can be changed later."), field="until"))


def _check_place(session: Session, said: StatedAffiliation) -> None:
    p = OrganisationPlace
    there = p.organisation_id == said.organisation_id, p.valid_from < said.valid_to, p.valid_to > said.valid_from
    if not session.scalar(select(exists().where(p.closed_by.is_(None), *there))):
        told = N_("The organisation does not exist in that time.")
        raise Invalid(Problem(told, "Choose other days, or another organisation.", field="organisation"))


def _have_one(session: Session, person_ids: Collection[UUID]) -> set[UUID]:
    a = Affiliation
    theirs = a.person_id.in_(person_ids), a.closed_by.is_(None), a.valid_to > clock.now()
    return set(session.scalars(select(a.person_id).where(*theirs)))
