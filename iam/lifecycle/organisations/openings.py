"""Commands on openings: an organisation lets the source of another owner state facts there, for a time, and ends that.

What was open stays known, so that what was stated then stands. The caller owns the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_, union, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.derivation.derive import derive
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import OrganisationClosure
from iam.directory.source import Source, SourceOpening
from iam.errors import Conflict, Invalid

Pair = tuple[UUID, UUID]
"""An organisation and a source."""
Interval = tuple[datetime, datetime]


def standing(session: Session) -> dict[Pair, list[Interval]]:
    """Return when each organisation is, was and will be open to each source, in order of time: one query."""
    found: dict[Pair, list[Interval]] = defaultdict(list)
    rows = select(SourceOpening).where(SourceOpening.closed_by.is_(None)).order_by(SourceOpening.valid_from)
    for row in session.scalars(rows):
        found[row.organisation_id, row.source_id].append((row.valid_from, row.valid_to))
    return dict(found)


def state(session: Session, change: Change, stated: Mapping[Pair, Sequence[Interval]], actor: Actor) -> None:
    """Make ``stated`` the times for which these organisations are open to these sources; what is over stays known. One
    event a pair.

    The caller derives the rights that follow.
    """
    now, rows = clock.now(), _rows(session, stated)
    for (organisation_id, source_id), intervals in stated.items():
        old = rows.get((organisation_id, source_id), [])
        wanted = {(start, end) for start, end in intervals}
        known = {(row.valid_from, row.valid_to) for row in old}
        gone = [row for row in old if (row.valid_from, row.valid_to) not in wanted and row.valid_to > now]
        new = sorted(wanted - known)
        _write(session, change, gone, [(organisation_id, source_id, *one) for one in new])
        for type_, times in (("closed", [(row.valid_from, row.valid_to) for row in gone]), ("opened", new)):
            _tell(session, f"source:place:{type_}", actor, change, (organisation_id, source_id), times)


def open_(session: Session, pair: Pair, interval: Interval, actor: Actor) -> Change:
    """Open an organisation to a source for a time, with its event, and derive the rights that follow.

    Raises ``Invalid`` when the time ends before it begins, and ``Conflict`` when a part of it is open already.
    """
    if interval[0] >= interval[1]:
        raise Invalid(
            Problem("The last day is before the first.", "Choose a last day that is not before it.", field="until")
        )
    if any(row.valid_from < interval[1] and row.valid_to > interval[0] for row in _rows(session, [pair]).get(pair, ())):
        raise Conflict(
            Problem(
                "The organisation is open to this source for a part of that time already.",
                "Choose other days.",
                field="source",
            )
        )
    change = begin(session, "command", actor, "source opened")
    _write(session, change, [], [(*pair, *interval)])
    _tell(session, "source:place:opened", actor, change, pair, [interval])
    _derive(session, change, pair)
    return change


def close(session: Session, opening: SourceOpening, actor: Actor) -> Change:
    """Let an opening end now, or not begin, with its event, and derive the rights that follow; raises ``Conflict`` when
    it is over."""
    change = end(session, opening, actor)
    _derive(session, change, (opening.organisation_id, opening.source_id))
    return change


def end(session: Session, opening: SourceOpening, actor: Actor) -> Change:
    """As ``close``, but the caller derives the rights that follow."""
    now, pair = clock.now(), (opening.organisation_id, opening.source_id)
    if opening.closed_by is not None or opening.valid_to <= now:
        raise Conflict(Problem("This is over already.", "Nothing need be done."))
    change = begin(session, "command", actor, "source closed")
    was = opening.valid_from, opening.valid_to
    _write(session, change, [opening], [(*pair, was[0], now)] if was[0] < now else [])
    _tell(session, "source:place:closed", actor, change, pair, [was])
    return change


def _rows(session: Session, pairs: Iterable[Pair]) -> dict[Pair, list[SourceOpening]]:
    o, found = SourceOpening, defaultdict(list)
    wanted = tuple_(o.organisation_id, o.source_id).in_(list(pairs))
    for row in session.scalars(select(o).where(o.closed_by.is_(None), wanted)):
        found[row.organisation_id, row.source_id].append(row)
    return dict(found)


def _write(session: Session, change: Change, gone: Sequence[SourceOpening], new: Iterable[tuple[Any, ...]]) -> None:
    if gone:
        closing = update(SourceOpening).where(SourceOpening.id.in_([row.id for row in gone]))
        session.execute(closing.values(closed_by=change.id))
    names = "organisation_id", "source_id", "valid_from", "valid_to"
    session.add_all(SourceOpening(opened_by=change.id, **dict(zip(names, row, strict=True))) for row in new)
    session.flush()


def _tell(session: Session, type_: str, actor: Actor, change: Change, pair: Pair, times: Sequence[Interval]) -> None:
    if times:
        key = session.scalar(select(Source.key).where(Source.id == pair[1]))
        told = [[start.isoformat(), end.isoformat()] for start, end in times]
        log.write(
            session, type_, actor, organisation_id=pair[0], change_id=change.id, envelope={"source": key, "times": told}
        )


def related(pair: Pair) -> tuple[Select[UUID], ...]:
    """Select both ends of what the source says of guardians and managers of somebody in the organisation."""
    under = select(OrganisationClosure.descendant_id).where(OrganisationClosure.ancestor_id == pair[0])
    here = select(Affiliation.person_id).where(
        Affiliation.closed_by.is_(None), Affiliation.organisation_id.in_(under), Affiliation.valid_to > clock.now()
    )
    told = Relationship.closed_by.is_(None), Relationship.source_id == pair[1], Relationship.other_person_id.in_(here)
    return tuple(select(one).where(*told) for one in (Relationship.person_id, Relationship.other_person_id))


def _derive(session: Session, change: Change, pair: Pair) -> None:
    """Bring the rights of those in line whom ``related`` names."""
    persons = list(session.scalars(union(*related(pair))))
    if persons:
        derive(session, change, persons=persons)
