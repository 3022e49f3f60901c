"""The address that a person's codes go to: the first counts at once, another waits, and the old one is told.

What is told (``address_sources``) is compared with the address in force after every run that touched the person, by the
worker in turn, and when a code is asked for. An address that differs takes the place of the one in force after a wait,
unless somebody who stands over all of the person confirms it; until then codes go where they went. One that a person
had in force before waits for nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import SYSTEM, Actor
from iam.database.types import uuid7
from iam.delivery import outbox
from iam.errors import NotFound
from iam.signin.accounts.account import Account
from iam.signin.addresses import person_mail
from iam.signin.addresses.address import SignInAddress
from iam.signin.addresses.sources import Told, told

CHANGED = "address changed"
"""Kind of the messages that tell an old address of the new one; they name the persons and rows, never an address."""
TOUCHED = "addresses touched"
"""Kind of the messages that name persons whose address may be another now."""
MANY = 500
"""Persons whose addresses are compared at a time."""
_TICK = timedelta(microseconds=1)
_NONE_WAITS = Problem("No address of this person waits.", "It is in force already, or was taken back.")


def usable(session: Session, person_id: UUID, at: datetime) -> str | None:
    """Return the address that codes go to at ``at``, as far as ``follow`` has noticed; None when there is none."""
    row = in_force(_rows(session, [person_id]).get(person_id, ()), at)
    return row.address if row else None


def older(session: Session, person_id: UUID, than: datetime) -> str | None:
    """Return the address that was in force before ``than``: whoever acted then did not choose it."""
    return usable(session, person_id, than - _TICK)


def waiting(session: Session, person_id: UUID, at: datetime) -> SignInAddress | None:
    """Return the address that is to take the place of the one in force, if one is."""
    rows = _rows(session, [person_id]).get(person_id, [])
    return rows[0] if rows and rows[0].ended_at is None and rows[0].usable_from > at else None


def confirm(session: Session, person_id: UUID, actor: Actor) -> None:
    """Put the address that waits in force at once. Raises ``NotFound`` when none waits, or it has just been replaced.

    Whether the actor stands over all of the person is for the caller to ask.
    """
    now, a = clock.now(), SignInAddress
    query = update(a).where(a.person_id == person_id, a.ended_at.is_(None), a.usable_from > now)
    done = session.execute(query.values(usable_from=now, confirmed_by=actor.person_id).returning(a.id)).first()
    if done is None:
        raise NotFound(_NONE_WAITS)
    log.write(session, "signin:address:confirmed", actor, subject_id=person_id, envelope={"address": str(done[0])})


def touched(session: Session, persons: Select[UUID]) -> None:
    """Leave word that these persons' addresses may be others now; those without a login are left out."""
    ids = session.scalars(select(Account.person_id).where(Account.person_id.in_(persons)).order_by(Account.person_id))
    notes = [(TOUCHED, {"persons": [str(one) for one in some]}) for some in ids.partitions(MANY)]
    outbox.leave(session, TOUCHED, notes)


def follow(session: Session, person_ids: Collection[UUID], wait: timedelta) -> int:
    """Bring the addresses of these persons in line with what is told now; return how many changed. A handful of
    statements.

    ``wait``: for how long a new address gets no code. When another has compared them at the same time nothing is
    written.
    """
    now = clock.now()
    news, rows = told(session, person_ids, now), _rows(session, person_ids)
    steps = [_step(one, rows.get(one, []), news.get(one), wait, now) for one in person_ids]
    due = [step for step in steps if step is not None]
    if not due:
        return 0
    try:
        with session.begin_nested():
            _write(session, due, now)
    except IntegrityError:
        return 0
    return len(due)


def in_force(rows: Iterable[SignInAddress], at: datetime) -> SignInAddress | None:
    """Return which of one person's rows, the newest first, was in force at ``at``; pure.

    While the newest waits it is the one whose place it is to take; one that was replaced before its wait was over never
    was.
    """
    after: datetime | None = None
    for row in rows:
        if row.since > at:
            continue
        ended = row.ended_at if row.ended_at is not None and row.ended_at <= at else None
        if ended != after:
            return None
        if row.usable_from <= at and (ended is None or row.usable_from < ended):
            return row
        after = row.since
    return None


def _was_in_force(row: SignInAddress, now: datetime) -> bool:
    return row.usable_from <= now if row.ended_at is None else row.usable_from < row.ended_at


@dataclass(frozen=True, slots=True)
class _Step:
    """What is to be written of one person: the open row ends, another opens, and the last one in force is told."""

    person_id: UUID
    ends: SignInAddress | None
    opens: Told | None
    usable_from: datetime
    tell: SignInAddress | None


def _step(
    person_id: UUID, rows: Sequence[SignInAddress], new: Told | None, wait: timedelta, now: datetime
) -> _Step | None:
    standing = rows[0] if rows and rows[0].ended_at is None else None
    if (standing.address if standing else None) == (new.address if new else None):
        return None
    last = next((row for row in rows if _was_in_force(row, now)), None)
    if new is None:
        return _Step(person_id, standing, None, now, None)
    if not rows:
        return _Step(person_id, None, new, min(new.since, now), None)
    again = last is not None and last.address == new.address
    return _Step(person_id, standing, new, now if again else now + wait, None if again else last)


def _write(session: Session, due: Sequence[_Step], now: datetime) -> None:
    a = SignInAddress
    ends = [step.ends.id for step in due if step.ends is not None]
    query = update(a).where(a.id.in_(ends), a.ended_at.is_(None)).values(ended_at=now).returning(a.id)
    ended = set(session.scalars(query)) if ends else set()
    fresh = {step.person_id: uuid7() for step in due if step.opens and (step.ends is None or step.ends.id in ended)}
    rows = [
        {
            "id": fresh[step.person_id],
            "person_id": step.person_id,
            "address": step.opens.address,
            "since": min(step.usable_from, now),
            "usable_from": step.usable_from,
        }
        for step in due
        if step.opens is not None and step.person_id in fresh
    ]
    if rows:
        session.execute(insert(a), rows)
    replaced = [step for step in due if step.tell is not None and step.person_id in fresh]
    outbox.leave(session, CHANGED, [(person_mail.TARGET, _note(step, fresh[step.person_id])) for step in replaced])
    log.write_each(session, "signin:address:changed", SYSTEM, [step.person_id for step in replaced])


def _note(step: _Step, new_id: UUID) -> dict[str, Any]:
    return {"person": str(step.person_id), "old": str(step.tell.id) if step.tell else None, "new": str(new_id)}


def _rows(session: Session, person_ids: Collection[UUID]) -> dict[UUID, list[SignInAddress]]:
    """These persons' addresses, the newest first."""
    a = SignInAddress
    found: dict[UUID, list[SignInAddress]] = {}
    for row in session.scalars(select(a).where(a.person_id.in_(person_ids)).order_by(a.since.desc(), a.id.desc())):
        found.setdefault(row.person_id, []).append(row)
    return found
