"""Which address a person is sent codes at, by what is known: not every source that may describe a person may say so.

It comes from a declaration, or from a source that may say so (``primary_reach``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam.change import Change
from iam.delivery.mail import is_address
from iam.directory.person import PersonProfile
from iam.directory.source import Source
from iam.signin.addresses import primary_reach


class Told(NamedTuple):
    """An address, and since when it is told."""

    address: str
    since: datetime


def told(session: Session, person_ids: Collection[UUID], at: datetime) -> dict[UUID, Told]:
    """Return the address that each person's codes belong to at ``at``, as far as sources go; six statements at most.

    Persons without one are left out. What is not one plain e-mail address counts as nothing told.
    """
    rows = [row for row in _said(session, person_ids) if is_address(row.email)]
    places = primary_reach.places(session, {row.person_id for row in rows if row.source_id is not None}, at)
    openings = primary_reach.openings(session, {row.source_id for row in rows}, places.values())
    found: dict[UUID, Told] = {}
    for row in rows:
        if row.person_id in found:
            continue
        if primary_reach.may(row.source_id, row.walled, places.get(row.person_id, ()), openings, at):
            found[row.person_id] = Told(row.email, row.at)
    return found


def _said(session: Session, person_ids: Collection[UUID]) -> Sequence[Any]:
    """What is said of these persons' addresses, what counts first before the rest."""
    p, s = PersonProfile, Source
    query = select(p.person_id, p.source_id, p.email, s.walled, func.coalesce(Change.at, p.valid_from).label("at"))
    return session.execute(
        query.outerjoin(s, s.id == p.source_id)
        .outerjoin(Change, Change.id == p.opened_by)
        .where(p.person_id.in_(person_ids), p.closed_by.is_(None), p.email.is_not(None))
        .order_by(func.coalesce(s.priority, 0), p.source_id.is_not(None), p.source_id)
    ).all()
