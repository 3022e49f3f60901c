"""Every right of a person with its reasons, in batches, for files: somebody who looks after every school's systems
holds thousands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, tuple_
from sqlalchemy.orm import Session

from iam.access.explanation.explain import Explanation, explain
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role, RoleClosure
from iam.access.right import held
from iam.database.keyset import beyond
from iam.directory.organisation import Organisation

SIZE = 200
"""Rights in a batch."""
_KEYS: tuple[Any, ...] = (Application.key, Role.key, Organisation.key, Assignment.capacity_id)
_RIGHT: tuple[Any, ...] = (RoleClosure.included_id, Assignment.scope_id, Assignment.capacity_id)


def explain_each(
    session: Session, person_id: UUID, *, at: datetime, application_key: str | None = None
) -> Iterator[list[Explanation]]:
    """Yield what ``explain`` returns, batch by batch; some statements a batch, and the session keeps none of them."""
    query = (
        held(at)
        .with_only_columns(*_KEYS, *_RIGHT)
        .distinct()
        .join(RoleClosure, RoleClosure.role_id == Assignment.role_id)
        .join(Role, and_(Role.id == RoleClosure.included_id, ~Role.retired))
        .join(Application, Application.id == Role.application_id)
        .join(Organisation, Organisation.id == Assignment.scope_id)
        .where(Assignment.person_id == person_id)
        .order_by(*_KEYS)
        .limit(SIZE)
    )
    if application_key is not None:
        query = query.where(Application.key == application_key)
    rows = session.execute(query).all()
    while rows:
        these = tuple_(*_RIGHT).in_([tuple(row[len(_KEYS) :]) for row in rows])
        yield explain(session, person_id, at=at, among=these)
        session.expunge_all()
        rows = (
            session.execute(query.where(beyond(_KEYS, tuple(rows[-1][: len(_KEYS)])))).all()
            if len(rows) == SIZE
            else []
        )
