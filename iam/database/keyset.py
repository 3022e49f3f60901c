"""Lists in pages: rows in the order of their keys from a row that was seen, without counting and without offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select, and_, or_
from sqlalchemy.orm import Session

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: the rows after one row, or before one, or (neither) from the start; ``size`` rows, 1 to
    1000."""

    after: UUID | None = None
    before: UUID | None = None
    size: int = 50


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Rows in order; ids of the first and the last; whether there are rows before and after."""

    rows: list[Row]
    first: UUID | None
    last: UUID | None
    earlier: bool
    later: bool


def keyset(
    session: Session, query: Select[Any], keys: tuple[Any, ...], cursor: Cursor, *, newest_first: bool = False
) -> Slice[Any]:
    """Return a slice of ``query``, which selects one entity (or a row that begins with one) and has no order of its
    own.

    ``keys`` are not-null columns, the last of them the unique id of the entity. Two statements: where the seen row
    stands (found by ``query`` itself, so that a row the asker may not see is no place to start from), and the rows.
    """
    backwards = cursor.before is not None and cursor.after is None
    seen = _standing(session, query, keys, cursor)
    backwards = backwards and seen is not None
    descending = newest_first != backwards
    if seen is not None:
        query = query.where(beyond(keys, seen, descending))
    ordered = query.order_by(*(key.desc() if descending else key.asc() for key in keys)).limit(cursor.size + 1)
    found = list(session.execute(ordered))
    more, found = len(found) > cursor.size, found[: cursor.size]
    if backwards:
        found.reverse()
    ids = [getattr(row[0], keys[-1].key) for row in found]
    rows = [row[0] if len(row) == 1 else row for row in found]
    earlier = more if backwards else seen is not None
    return Slice(
        rows, ids[0] if ids else None, ids[-1] if ids else None, earlier and bool(ids), bool(ids) if backwards else more
    )


def _standing(session: Session, query: Select[Any], keys: tuple[Any, ...], cursor: Cursor) -> tuple[Any, ...] | None:
    anchor = cursor.after or cursor.before
    if anchor is None:
        return None
    found = session.execute(query.with_only_columns(*keys).where(keys[-1] == anchor).limit(1)).one_or_none()
    return tuple(found) if found is not None else None


def beyond(keys: tuple[Any, ...], seen: tuple[Any, ...], descending: bool = False) -> Any:
    """Return the condition that a row stands after the one whose ``keys`` are ``seen``; before it when the order is
    ``descending``."""
    # Spelled out for columns of which none may be compared as a row value with different types; SQLite and PostgreSQL
    # both use the index.
    first, value = keys[0], seen[0]
    past = first < value if descending else first > value
    if len(keys) == 1:
        return past
    return and_(first <= value if descending else first >= value, or_(past, beyond(keys[1:], seen[1:], descending)))
