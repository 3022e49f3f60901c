"""Commands on the grants of administrators, and of clients: a permission over a part of the tree, for a time. They take
sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant, ClientGrant
from iam.change import Change
from iam.database.types import uuid7

Holder = tuple[UUID, UUID]
"""A person and the organisation whose part of the tree it is."""
Caller = tuple[str, UUID, UUID]
"""A client, the organisation whose part of the tree it is, and the one that answers for it."""
Permit = tuple[str, datetime, datetime]
"""A permission, and from when to when it is held."""
Who = TypeVar("Who", Holder, Caller)
_OF_PERSONS = AdminGrant, ("person_id", "organisation_id")
_OF_CLIENTS = ClientGrant, ("client_id", "organisation_id", "owner_id")


def grants(session: Session, person_ids: Collection[UUID] | None = None) -> dict[Holder, dict[UUID, Permit]]:
    """Return the open grants by holder and id: of these persons, or all. One query."""
    return _grants(session, *_OF_PERSONS, person_ids)


def client_grants(session: Session, client_ids: Collection[str] | None = None) -> dict[Caller, dict[UUID, Permit]]:
    """Return the open grants of these clients, or all, by holder and id. One query."""
    return _grants(session, *_OF_CLIENTS, client_ids)


def set_grants(session: Session, change: Change, stated: Mapping[Holder, Collection[Permit]]) -> None:
    """Make ``stated`` all that these holders may there: a permission that is left out ends now, what is over stays."""
    _set(session, change, *_OF_PERSONS, stated, grants(session, {person_id for person_id, _ in stated}))


def set_client_grants(session: Session, change: Change, stated: Mapping[Caller, Collection[Permit]]) -> None:
    """Make ``stated`` all that these clients may there, as ``set_grants``."""
    _set(session, change, *_OF_CLIENTS, stated, client_grants(session, {client_id for client_id, _, _ in stated}))


def _grants(session: Session, model: Any, names: Sequence[str], of: Collection[Any] | None) -> dict[Any, Any]:
    query = select(model).where(model.closed_by.is_(None)).order_by(model.permission, model.valid_from)
    if of is not None:
        query = query.where(getattr(model, names[0]).in_(of))
    found: dict[Any, dict[UUID, Permit]] = {}
    for row in session.scalars(query):
        holder = tuple(getattr(row, name) for name in names)
        found.setdefault(holder, {})[row.id] = (row.permission, row.valid_from, row.valid_to)
    return found


def _set(
    session: Session,
    change: Change,
    model: Any,
    names: Sequence[str],
    stated: Mapping[Who, Collection[Permit]],
    standing: Mapping[Who, Mapping[UUID, Permit]],
) -> None:
    closing: list[UUID] = []
    opening: list[dict[str, Any]] = []
    for holder, wanted in stated.items():
        closed, opened = _difference(standing.get(holder, {}), set(wanted), clock.now())
        closing += closed
        who = dict(zip(names, holder, strict=True)) | {"opened_by": change.id}
        opening += [
            {"id": uuid7(), "permission": permission, "valid_from": start, "valid_to": end, **who}
            for permission, start, end in opened
        ]
    if closing:
        session.execute(update(model), [{"id": id_, "closed_by": change.id} for id_ in closing])
    if opening:
        session.execute(insert(model), opening)


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
