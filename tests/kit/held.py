"""What tests of rights look at: the assignments there are, and what a person holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.access.right import rights
from iam.database.base import Base


def open_assignments(session: Session) -> list[Assignment]:
    """The assignments that stand."""
    session.expire_all()
    return list(
        session.scalars(select(Assignment).where(Assignment.closed_by.is_(None)).order_by(Assignment.valid_from))
    )


def times(session: Session) -> list[tuple[datetime, datetime]]:
    """From when to when the standing assignments hold."""
    return [(row.valid_from, row.valid_to) for row in open_assignments(session)]


def contents(session: Session) -> set[tuple[Any, ...]]:
    """What the standing assignments say, whatever their ids and whoever wrote them."""
    columns = [column for column in Assignment.__table__.columns if column.key not in ("id", "opened_by", "closed_by")]
    return {tuple(row) for row in session.execute(select(*columns).where(Assignment.closed_by.is_(None)))}


def roles_of(session: Session, person_id: UUID, at: datetime) -> set[str]:
    """The roles a person holds at ``at``, with the organisations."""
    return {f"{right.role_key}@{right.scope_key}" for right in rights(session, person_id, None, at)}


def row_counts(session: Session) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }


class Statements:
    """Counts the statements that a session's connection is given inside the block."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self.texts: list[str] = []

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.texts.append(statement)

    def __enter__(self) -> Self:
        event.listen(self._connection, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_error: object) -> None:
        event.remove(self._connection, "before_cursor_execute", self._note)

    def __len__(self) -> int:
        return len(self.texts)
