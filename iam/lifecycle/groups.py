"""Commands on local groups: the groups an administrator declares, and who is in them, as declared or as a provider told
at sign-in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.change import Actor, Change, begin
from iam.directory.affiliation import Group, Membership
from iam.lifecycle.versions import Stated, ending, restate

_MEMBERSHIPS: Table = Membership.__table__  # type: ignore[assignment]
_ALIKE = ("group_id", "person_id")


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add local groups: rows of ``id``, ``organisation_id``, ``key`` and ``name``, in one statement."""
    if rows:
        session.execute(insert(Group), [dict(row) for row in rows])


def rename(session: Session, names: Mapping[UUID, str]) -> None:
    """Give groups other names, in one statement."""
    if names:
        session.execute(update(Group), [{"id": group_id, "name": name} for group_id, name in names.items()])


def set_members(session: Session, change: Change, stated: Mapping[UUID, Collection[UUID]]) -> set[UUID]:
    """Make ``stated`` the members of these groups from now on, and return whose memberships that changed.

    Who is new begins now, who is left out ends now. What a source told of the groups stays.
    """
    now = clock.now()
    m = _MEMBERSHIPS.c
    query = select(_MEMBERSHIPS).where(m.closed_by.is_(None), m.source_id.is_(None), m.group_id.in_(stated))
    current = [row for row in session.execute(query) if row.valid_to > now]
    running = {(row.group_id, row.person_id): row for row in current if row.valid_from <= now}
    wanted = {(group_id, person_id) for group_id, person_ids in stated.items() for person_id in person_ids}
    rows: list[Stated] = []
    for pair in sorted(wanted):
        row = running.get(pair)
        start, end = (row.valid_from, row.valid_to) if row else (now, clock.FOREVER)
        rows.append({"group_id": pair[0], "person_id": pair[1], "valid_from": start, "valid_to": end})
    replaced, after = ending(current, rows, (*_ALIKE, "valid_from", "valid_to"), _ALIKE, now)
    restate(session, change, _MEMBERSHIPS, replaced, after, ((*_ALIKE, "valid_from"), _ALIKE))
    return {person_id for _, person_id in wanted ^ running.keys()}


def tell(
    session: Session,
    source_id: UUID,
    person_id: UUID,
    group_ids: Collection[UUID],
    lasts: timedelta,
    actor: Actor,
    purpose: str,
) -> Change | None:
    """Make ``group_ids`` the local groups in which a source has a person from now on, for ``lasts`` at most.

    Returns the change that wrote it; None when it stands and half of the time is still left, then nothing is written.
    """
    now, m = clock.now(), _MEMBERSHIPS.c
    mine = m.closed_by.is_(None), m.source_id == source_id, m.person_id == person_id, m.valid_to > now
    current = list(session.execute(select(_MEMBERSHIPS).where(*mine)))
    since = {row.group_id: row.valid_from for row in current}
    if since.keys() == set(group_ids) and all(row.valid_to > now + lasts / 2 for row in current):
        return None
    rows: list[Stated] = [
        {
            "group_id": one,
            "person_id": person_id,
            "source_id": source_id,
            "valid_from": since.get(one, now),
            "valid_to": now + lasts,
        }
        for one in sorted(group_ids)
    ]
    replaced, after = ending(current, rows, (*_ALIKE, "source_id", "valid_from", "valid_to"), _ALIKE, now)
    change = begin(session, "command", actor, purpose)
    restate(session, change, _MEMBERSHIPS, replaced, after, ((*_ALIKE, "valid_from"), _ALIKE))
    return change
