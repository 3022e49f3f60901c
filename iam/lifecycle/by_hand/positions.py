"""Affiliations by hand: one is added, its end changed, or it ends now. Those of sources are never touched."""

from __future__ import annotations

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
from iam.lifecycle.versions import restate
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
    if not may_touch(session, part, said.organisation_id):
        raise Invalid(Problem(N_("Choose an organisation in your part."), field="organisation"))
    _check_days(said.kind, said.valid_from, said.valid_to)
    _check_place(session, said)
    if sponsor_id == person_id:
        raise Invalid(Problem(N_("Nobody answers for themselves."), N_("Name somebody else."), field="sponsor"))
    session.add(
        Affiliation(
            person_id=person_id,
            organisation_id=said.organisation_id,
            kind=said.kind,
            occupation=said.occupation,
            title=said.title,
            is_primary=not _has_one(session, person_id),
            valid_from=said.valid_from,
            valid_to=said.valid_to,
            opened_by=change.id,
        )
    )
    session.flush()
    sponsors.answer(session, change, sponsor_id, person_id, said.valid_from, said.valid_to)
    return {person_id, sponsor_id}


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
        _check_days(row.kind, row.valid_from, until)
    before = sponsors.last_end(session, person_id) or row.valid_to
    names = [column.name for column in _TABLE.c if column.name not in ("version_id", "opened_by", "closed_by")]
    stated = {name: getattr(row, name) for name in names} | {"valid_to": until}
    restate(session, change, _TABLE, [row], [stated] if row.valid_from < until else [], ())
    return {person_id} | sponsors.follow(session, change, person_id, before)


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


def _check_days(kind: str, start: datetime, end: datetime) -> None:
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


def _has_one(session: Session, person_id: UUID) -> bool:
    a = Affiliation
    mine = exists().where(a.person_id == person_id, a.closed_by.is_(None), a.valid_to > clock.now())
    return bool(session.scalar(select(mine)))
