"""Memberships and relationships beyond where their source may state facts: known only once everything is read and every
person found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.directory.affiliation import Group
from iam.directory.source import Source
from iam.lifecycle import reached, staged
from iam.sources.reading import walls
from iam.sources.reading.staging import Stager

_SOME = 10_000


def wall(session: Session, source: Source, stager: Stager) -> None:
    """Leave out the staged records that tell such, and cut memberships to the time that is the source's; each is
    reported.

    A record that is left out ends nothing and is read again. A source from before walls loses none; what it would lose
    is reported.
    """
    if not stager.walls.partly:
        return
    wrong = _strangers(session, stager) | _memberships(session, source, stager)
    rows = {row.record_id: row for some in _parts(list(wrong)) for row in _records(session, some)}
    for record_id, problem in wrong.items():
        if (row := rows.get(record_id)) is not None:
            stager.leave_out(row.kind, _at(row, problem), row.fresh)
    if not stager.walls.enforced:
        walls.open_everything(session)
    elif wrong:
        _forget(session, list(wrong))


def _strangers(session: Session, stager: Stager) -> dict[UUID, Problem]:
    """Return the records that tell whose guardian or manager somebody is, of somebody who has no affiliation where the
    source may speak."""
    r = staged.relationship.c
    known = and_(r.person_id.is_not(None), r.other_person_id.is_not(None), r.other_person_id != r.person_id)
    found = session.scalars(select(r.record_id).where(known, ~reached.person_is_reached(r.other_person_id)).distinct())
    problem = stager.walls.stranger()
    return dict.fromkeys(found, problem)


def _memberships(session: Session, source: Source, stager: Stager) -> dict[UUID, Problem]:
    wrong: dict[UUID, Problem] = {}
    for row in session.execute(_beyond(source)).all():
        verdict, start, end = stager.walls.judge(row.organisation_id, row.valid_from, row.valid_to)
        if verdict == "outside":
            wrong[row.record_id] = stager.walls.outside(row.organisation_id)
        elif verdict == "part":
            stager.warn(row.kind, _at(row, stager.walls.part(row.organisation_id, start, end)))
            if stager.walls.enforced:
                _cut(session, stager, row, {"valid_from": start, "valid_to": end})
    return wrong


def _beyond(source: Source) -> Any:
    """Select the staged memberships in groups of organisations that the source does not always reach."""
    m, g, record, reach = staged.membership.c, staged.group.c, staged.record.c, staged.reach.c
    always = select(reach.organisation_id).where(
        reach.valid_from == clock.LONG_AGO, reach.valid_to == clock.FOREVER, reach.organisation_id.is_not(None)
    )
    here = and_(g.kind == m.group_kind, g.key == m.group_key)
    stands = and_(Group.source_id == source.id, Group.kind == m.group_kind, Group.record_key == m.group_key)
    place = func.coalesce(g.organisation_id, Group.organisation_id, type_=Group.organisation_id.type)
    return (
        select(
            m.record_id,
            m.group_key,
            m.valid_from,
            m.valid_to,
            place.label("organisation_id"),
            record.kind,
            record.file,
            record.line,
            record.digest,
        )
        .select_from(staged.membership)
        .join(staged.record, record.record_id == m.record_id)
        .outerjoin(staged.group, here)
        .outerjoin(Group, stands)
        .where(place.is_not(None), place.not_in(always))
    )


def _cut(session: Session, stager: Stager, row: Any, times: dict[str, Any]) -> None:
    m, r = staged.membership, staged.record
    session.execute(update(m).where(m.c.record_id == row.record_id, m.c.group_key == row.group_key).values(times))
    session.execute(update(r).where(r.c.record_id == row.record_id).values(digest=stager.walls.mark(row.digest)))


def _records(session: Session, record_ids: list[UUID]) -> Any:
    return session.execute(select(staged.record).where(staged.record.c.record_id.in_(record_ids)))


def _at(row: Any, problem: Problem) -> Problem:
    return Problem(problem.message, problem.remedy, row.file, row.line, problem.field, problem.params)


def _parts(record_ids: list[UUID]) -> list[list[UUID]]:
    return [record_ids[n : n + _SOME] for n in range(0, len(record_ids), _SOME)]


def _forget(session: Session, record_ids: list[UUID]) -> None:
    """Forget what these records said, and the persons of whom nothing else was said."""
    tables = (staged.affiliation, staged.absence, staged.relationship, staged.membership, staged.group, staged.record)
    for some in _parts(record_ids):
        for table in tables:
            session.execute(delete(table).where(table.c.record_id.in_(some)))
    p, r, i = staged.person, staged.relationship, staged.identifier
    told = select(staged.record.c.person_key).where(staged.record.c.person_key.is_not(None))
    gone = select(p.c.person_key).where(p.c.person_key.not_in(told))
    new = select(p.c.person_id).where(p.c.fresh, p.c.person_key.not_in(told))
    for column in ("person_id", "other_person_id"):
        session.execute(update(r).where(r.c[column].in_(new)).values({column: None}))
    session.execute(delete(i).where(i.c.person_key.in_(gone)))
    session.execute(delete(p).where(or_(p.c.person_key.is_(None), p.c.person_key.not_in(told))))
