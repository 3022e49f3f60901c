"""What data groups are called and mean, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.role import DataGroup
from iam.texts import in_language


def groups_called(session: Session, keys: Collection[str], language: str) -> dict[tuple[UUID, str], str]:
    """Return what applications call data groups of these keys, by application and key; one statement."""
    if not keys:
        return {}
    rows = session.scalars(select(DataGroup).where(DataGroup.key.in_(keys)))
    return {(row.application_id, row.key): in_language(row.name, language, row.key) for row in rows}


def groups_anywhere(session: Session, keys: Collection[str], language: str) -> dict[str, str]:
    """Return what data groups of these keys are called by whichever applications name them, as in an agreement, which
    speaks of no application; several names with a slash between. One statement."""
    found: dict[str, set[str]] = {}
    for (_, key), name in groups_called(session, keys, language).items():
        found.setdefault(key, set()).add(name)
    return {key: " / ".join(sorted(names)) for key, names in found.items()}


def groups_of(session: Session, application_id: UUID) -> dict[str, DataGroup]:
    """Return the data groups of an application that have a name, by key; one statement."""
    query = select(DataGroup).where(DataGroup.application_id == application_id).order_by(DataGroup.key)
    return {row.key: row for row in session.scalars(query)}
