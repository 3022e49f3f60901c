"""Commands on administrators' grants: a permission over a part of the tree, for a time. They take sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.change import Change
from iam.database.types import uuid7

Holder = tuple[UUID, UUID]
"""A person and the organisation whose part of the tree it is."""
Permit = tuple[str, datetime, datetime]
"""A permission, and from when to when it is held."""


def grants(session: Session, person_ids: Collection[UUID] | None = None) -> dict[Holder, dict[UUID, Permit]]:
    """Return the open grants by holder and id: of these persons, or all. One query."""
    query = (
        select(AdminGrant).where(AdminGrant.closed_by.is_(None)).order_by(AdminGrant.permission, AdminGrant.valid_from)
    )
    if person_ids is not None:
        query = query.where(AdminGrant.person_id.in_(person_ids))
    found: dict[Holder, dict[UUID, Permit]] = {}
    for row in session.scalars(query):
        found.setdefault((row.person_id, row.organisation_id), {})[row.id] = (
            row.permission,
            row.valid_from,
            row.valid_to,
        )
    return found


def set_grants(session: Session, change: Change, stated: Mapping[Holder, Collection[Permit]]) -> None:
    """Make ``stated`` all that these holders may there: a permission that is left out ends now, what is over stays."""
    standing = grants(session, {person_id for person_id, _ in stated})
    closing: list[UUID] = []
    opening: list[dict[str, Any]] = []
    for holder, wanted in stated.items():
        closed, opened = _difference(standing.get(holder, {}), set(wanted), clock.now())
        closing += closed
        opening += [
            {
                "id": uuid7(),
                "person_id": holder[0],
                "organisation_id": holder[1],
                "permission": permission,
                "valid_from": start,
                "valid_to": end,
                "opened_by": change.id,
            }
            for permission, start, end in opened
        ]
    if closing:
        session.execute(update(AdminGrant), [{"id": id_, "closed_by": change.id} for id_ in closing])
    if opening:
        session.execute(insert(AdminGrant), opening)


def _difference(held: Mapping[UUID, Permit], wanted: set[Permit], now: datetime) -> tuple[list[UUID], list[Permit]]:
    closing, kept, cut = [], set(), []
    for id_, permit in held.items():
        permission, start, end = permit
        if permit in wanted:
            kept.add(permit)
        elif end > now or any(name == permission and since == start for name, since, _ in wanted):
            closing.append(id_)
            if start < now and not any(name == permission for name, _, _ in wanted):
                cut.append((permission, start, now))
    return closing, sorted(wanted - kept) + cut
