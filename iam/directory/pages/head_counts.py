"""How many people organisations have, by kind: counted once, and kept for as long as nothing can have changed it.

Under the top of a country's tree stand a million affiliations, and a page that shows their number must not read them
each time. What was counted holds until another change is committed (everything written is opened and closed by one), or
until a time comes at which something begins or ends by itself. Each process keeps its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, String, Uuid, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.change import Change
from iam.database.statement import Rows
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationClosure
from iam.directory.pages.listing import Visible
from iam.directory.queries import holds_at

Counts = Mapping[str, int]
"""How many persons, by kind of affiliation."""
LONGEST = timedelta(days=1)
"""A change is committed at most so long after it began."""
MOST = 100
"""So many askers' numbers are kept at once."""


class _Changes(NamedTuple):
    """How many changes began since a moment, and when the last of them did."""

    number: int
    last: datetime | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was counted for one asker while those were the changes ``since`` a moment; it holds in ``[start, end)``."""

    since: datetime
    start: datetime
    end: datetime
    changes: _Changes
    counts: dict[UUID, Counts] = field(default_factory=dict)


_KEPT: WeakKeyDictionary[Engine, dict[Visible, _Kept]] = WeakKeyDictionary()


def head_counts(session: Session, visible: Visible, organisation_ids: Collection[UUID]) -> dict[UUID, Counts]:
    """Return how many persons have an affiliation of each kind at or under each organisation now; at most two
    statements.

    Whose being there must not be told is not counted.
    """
    kept = _KEPT.setdefault(session.get_bind().engine, {})
    known = kept.get(visible)
    if known is not None and not _stands(session, known):
        known = None
    if known is None or not known.counts.keys() >= set(organisation_ids):
        found = _counted(session, visible, organisation_ids, clock.now() - LONGEST if known is None else known.since)
        if known is None or known.changes != found.changes:
            known = found
        known.counts.update(found.counts)
        if len(kept) >= MOST:
            kept.clear()
        kept[visible] = known
    return {organisation_id: known.counts[organisation_id] for organisation_id in organisation_ids}


def counted_once(session: Session, visible: Visible, organisation_ids: Collection[UUID]) -> Mapping[UUID, Counts]:
    """As ``head_counts``, for a file that names every organisation: nothing is kept; one statement."""
    return _counted(session, visible, organisation_ids, clock.now()).counts


def _stands(session: Session, known: _Kept) -> bool:
    if not known.start <= clock.now() < known.end:
        return False
    number, last = session.execute(_changes(known.since)).one()
    return known.changes == _Changes(number, last)


def _changes(since: datetime) -> Rows:
    return select(func.count(), func.max(Change.at)).where(Change.at > since)


def _counted(session: Session, visible: Visible, organisation_ids: Collection[UUID], since: datetime) -> _Kept:
    """Count, and read what the numbers hold with in the same statement: both are of one moment."""
    now, nothing = clock.now(), cast(null(), Uuid())
    changes = _changes(since).subquery()
    c, a = OrganisationClosure, Affiliation
    moments = [
        select(func.min(model_time)).where(model_time > now, *current)
        for model_time, *current in (
            (a.valid_from, a.closed_by.is_(None)),
            (a.valid_to, a.closed_by.is_(None)),
            (c.valid_from,),
            (c.valid_to,),
        )
    ]
    rows: Sequence[Any] = session.execute(
        union_all(
            _people(visible, organisation_ids, now),
            select(nothing, literal("changes"), *changes.c),
            *(select(nothing, literal("ends"), literal(0), one.scalar_subquery()) for one in moments),
        )
    ).all()
    ends = [at for _, kind, _, at in rows if kind == "ends" and at is not None]
    found = next(_Changes(number, at) for _, kind, number, at in rows if kind == "changes")
    counts: dict[UUID, dict[str, int]] = {organisation_id: {} for organisation_id in organisation_ids}
    for organisation_id, kind, number, _ in rows:
        if organisation_id is not None:
            counts[organisation_id][kind] = number
    return _Kept(since, now, min(ends, default=clock.FOREVER), found, dict(counts))


def _people(visible: Visible, organisation_ids: Collection[UUID], at: datetime) -> Rows:
    return (
        select(
            OrganisationClosure.ancestor_id,
            cast(Affiliation.kind, String),
            func.count(Affiliation.person_id.distinct()),
            cast(null(), UtcDateTime()),
        )
        .join(Affiliation, Affiliation.organisation_id == OrganisationClosure.descendant_id)
        .where(
            OrganisationClosure.ancestor_id.in_(organisation_ids),
            holds_at(OrganisationClosure, at),
            Affiliation.closed_by.is_(None),
            holds_at(Affiliation, at),
            visible.tells(Affiliation.person_id, Affiliation.organisation_id),
        )
        .group_by(OrganisationClosure.ancestor_id, Affiliation.kind)
    )
