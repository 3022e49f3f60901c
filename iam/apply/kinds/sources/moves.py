"""Organisations that move to where a source that states facts in them does not reach: they are opened to it for a
while, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.apply.comparison.draft import Draft
from iam.apply.declared.declaration import Stated
from iam.apply.kinds.sources.openings import opened_key
from iam.apply.schema.moments import from_end, from_start
from iam.directory.affiliation import Affiliation, Group
from iam.directory.source import Source
from iam.lifecycle.organisations import openings
from iam.lifecycle.organisations.openings import Interval, Pair
from iam.lifecycle.organisations.tree import Place, ancestry
from iam.sources.reading.walls import joined

KEPT = timedelta(days=180)
"""For how long after the move a source may go on."""
Tree = Mapping[UUID, Sequence[Place]]


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where sources may state facts from ``now`` on: by a tree, their owners, and what is opened to them.

    Two are compared as of one instant, else all that begins now would seem to be lost between their clocks.
    """

    now: datetime
    tree: Tree
    owners: Mapping[UUID, UUID]
    opened: Mapping[Pair, Sequence[Interval]]

    def of(self, source_id: UUID, organisation_id: UUID) -> Sequence[Interval]:
        """Return when, from now on, a source may state facts in an organisation."""
        found, now = [], self.now
        for above, start, end in ancestry(self.tree, organisation_id):
            times = [(clock.LONG_AGO, clock.FOREVER)] if above == self.owners[source_id] else []
            times += self.opened.get((above, source_id), ())
            found += [(max(start, a, now), min(end, b)) for a, b in times if max(start, a, now) < min(end, b)]
        return joined(found)


def keep_sources(draft: Draft) -> None:
    """Open organisations that move to the sources that state facts there and lose them, and note every one, opened or
    not."""
    if draft.problems or draft.declaration.problems:
        return
    moved = {
        id_: one
        for key, one in draft.stated("organisation").items()
        if (id_ := draft.organisations[key]) in draft.state.tree and draft.tree[id_] != draft.state.tree[id_]
    }
    if not moved:
        return
    keys, before = draft.state.keys("source"), openings.standing(draft.session)
    owners = {row[0]: row[1] for row in draft.session.execute(select(Source.id, Source.owner_id))}
    now = clock.now()
    was = _Reach(now, draft.state.tree, owners, before)
    will = _Reach(now, draft.tree, owners | _owners(draft), before | _stated(draft))
    for source_id, organisation_id, at in sorted(set(_lost(draft, was, will, moved)), key=str):
        _open(
            draft,
            keys[source_id],
            organisation_id,
            moved.get(organisation_id),
            at,
            before.get((organisation_id, source_id), ()),
        )


def _owners(draft: Draft) -> dict[UUID, UUID]:
    ids = draft.state.ids["source"]
    stated = draft.stated("source").items()
    return {ids[key]: draft.organisations[one.items[0][0].owner] for key, one in stated if key in ids}


def _stated(draft: Draft) -> dict[Pair, Sequence[Interval]]:
    ids, found = draft.state.ids["source"], {}
    for one in draft.stated("opened source").values():
        item, _ = one.items[0]
        if item.source in ids:
            found[draft.organisations[item.organisation], ids[item.source]] = one.shape["opened"]
    return found


def _lost(
    draft: Draft, was: _Reach, will: _Reach, moved: Mapping[UUID, Stated]
) -> Iterator[tuple[UUID, UUID, datetime]]:
    """Yield source, organisation and instant: the highest moved organisation that the source loses then, of each where
    it states facts."""
    for source_id, organisation_id in _facts(draft.session):
        at = _first_gap(was.of(source_id, organisation_id), will.of(source_id, organisation_id))
        if at is None:
            continue
        lost = organisation_id
        for above, start, end in ancestry(draft.tree, organisation_id):
            loses = above in moved and start <= at < end
            if loses and _first_gap(was.of(source_id, above), will.of(source_id, above)) == at:
                lost = above
        yield source_id, lost, at


def _facts(session: Session) -> list[tuple[UUID, UUID]]:
    """Return the sources and the organisations in which they state coming or standing facts."""
    a, g = Affiliation, Group
    people = select(a.source_id, a.organisation_id).where(
        a.closed_by.is_(None), a.valid_to > clock.now(), a.source_id.is_not(None)
    )
    groups = select(g.source_id, g.organisation_id).where(g.source_id.is_not(None))
    rows: Sequence[Any] = session.execute(union(people, groups)).all()
    return [(row[0], row[1]) for row in rows]


def _first_gap(was: Sequence[Interval], will: Sequence[Interval]) -> datetime | None:
    """Return the first instant that is in ``was`` and not in ``will``."""
    for start, end in was:
        at = start
        for a, b in will:
            if a <= at < b:
                at = b
        if at < end:
            return at
    return None


def _open(
    draft: Draft, source: str, organisation_id: UUID, moved: Stated | None, at: datetime, before: Sequence[Interval]
) -> None:
    organisation = draft.key_of(organisation_id)
    key, until = opened_key(organisation, source), max(at, clock.now()) + KEPT
    params = {"source": source, "organisation": organisation, "from": from_start(at), "to": from_end(until)}
    if key in draft.stated("opened source"):
        return
    if moved is not None and not all(item.keep_sources for item, _ in moved.items):
        draft.notes.append(
            Problem(
                "%(source)s states facts in %(organisation)s and may not any more from %(from)s.",
                "What it says of people there ends then with its next run, unless the organisation is opened to it.",
                params=params,
            )
        )
        return
    where = moved.where if moved is not None else next(iter(draft.stated("organisation").values())).where
    draft.declaration["opened source"][key] = Stated({"opened": sorted([*before, (at, until)])}, where, [])
    draft.notes.append(
        Problem(
            (
                "%(source)s states facts in %(organisation)s, which moves from its reach; it may go on from "
                "%(from)s until %(to)s."
            ),
            (
                "State other days under opened_sources, or keep_sources: false with the organisation, if that is "
                "not right."
            ),
            params=params,
        )
    )
