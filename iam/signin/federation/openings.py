"""Organisations that let a connection of another owner sign their people in: dated rows, stated by the organisation's
own administrator.

An opening holds for the organisation and what is under it. What is written is closed and never changed, as every fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam.audit import log
from iam.change import Actor, Change
from iam.signin.federation.connection import ConnectionOpening

Pair = tuple[UUID, UUID]
"""The ids of a connection and of an organisation."""
Interval = tuple[datetime, datetime]


def standing(session: Session) -> dict[Pair, list[Interval]]:
    """Return every opening that stands, past and coming ones too, each pair's in the order of time."""
    o = ConnectionOpening
    query = select(o.connection_id, o.organisation_id, o.valid_from, o.valid_to).where(o.closed_by.is_(None))
    found: dict[Pair, list[Interval]] = {}
    for connection_id, organisation_id, valid_from, valid_to in session.execute(query.order_by(o.valid_from)):
        found.setdefault((connection_id, organisation_id), []).append((valid_from, valid_to))
    return found


def state(session: Session, change: Change, stated: Mapping[Pair, Iterable[Interval]], actor: Actor) -> None:
    """Make these intervals, which do not overlap, all openings of each pair; an event for each pair that differs."""
    now = standing(session) if stated else {}
    for pair, intervals in stated.items():
        wanted, before = set(intervals), set(now.get(pair, ()))
        for gone in before - wanted:
            _close(session, change, pair, gone)
        session.add_all(_row(change, pair, one) for one in sorted(wanted - before))
        if wanted != before:
            _tell(session, change, pair, actor, "opened" if wanted - before else "closed")
    session.flush()


def _row(change: Change, pair: Pair, interval: Interval) -> ConnectionOpening:
    return ConnectionOpening(
        connection_id=pair[0],
        organisation_id=pair[1],
        valid_from=interval[0],
        valid_to=interval[1],
        opened_by=change.id,
    )


def _close(session: Session, change: Change, pair: Pair, interval: Interval) -> None:
    o = ConnectionOpening
    same = (
        o.connection_id == pair[0],
        o.organisation_id == pair[1],
        o.valid_from == interval[0],
        o.valid_to == interval[1],
    )
    session.execute(update(o).where(*same, o.closed_by.is_(None)).values(closed_by=change.id))


def _tell(session: Session, change: Change, pair: Pair, actor: Actor, what: str) -> None:
    envelope = {"connection": str(pair[0])}
    log.write(
        session, f"signin:connection:{what}", actor, organisation_id=pair[1], change_id=change.id, envelope=envelope
    )
