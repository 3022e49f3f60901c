"""Bringing a set of fact versions to what is stated: what is not stated any more is closed, what is new is opened.

Pure comparison over whole sets, then at most two statements. A version that already says what is stated is left alone,
so that stating the same twice writes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Table, bindparam, insert, update
from sqlalchemy.orm import Session

from iam.change import Change
from iam.database.types import uuid7

Stated = Mapping[str, Any]
"""One version as it should be open: column values, ``valid_from`` and ``valid_to`` among them."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many versions a command opened and closed."""

    opened: int = 0
    closed: int = 0

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)

    def __add__(self, other: Written) -> Written:
        return Written(self.opened + other.opened, self.closed + other.closed)


def restate(
    session: Session,
    change: Change,
    table: Table,
    current: Sequence[Row[Any]],
    stated: Iterable[Stated],
    alike: Sequence[Sequence[str]],
) -> Written:
    """Make ``stated`` the open versions instead of ``current`` (rows of ``table``, all of them open) and return what
    that took.

    A new version continues the fact of a closed one (keeps its ``fact_id``) when both agree in the columns of
    ``alike``, tried in that order; else it is a new fact. Every item of ``stated`` names the same columns.
    """
    closing, opening = _apart(current, list(stated))
    _continue_facts(closing, opening, alike)
    close(session, change, table, [row.version_id for row in closing])
    if opening:
        session.execute(insert(table), [{"version_id": uuid7(), "opened_by": change.id, **row} for row in opening])
    return Written(len(opening), len(closing))


def close(session: Session, change: Change, table: Table, version_ids: Sequence[UUID]) -> None:
    """Close versions of ``table`` by their ids, in one statement."""
    if version_ids:
        query = update(table).where(table.c.version_id == bindparam("closing")).values(closed_by=change.id)
        session.execute(query, [{"closing": version_id} for version_id in version_ids])


def _apart(current: Sequence[Row[Any]], stated: list[Stated]) -> tuple[list[Row[Any]], list[dict[str, Any]]]:
    columns = tuple(stated[0]) if stated else ()
    standing: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
    for row in current:
        standing[tuple(getattr(row, column) for column in columns)].append(row)
    opening = []
    for wanted in stated:
        same = standing.get(tuple(wanted[column] for column in columns))
        if same:
            same.pop()
        else:
            opening.append(dict(wanted))
    return [row for rows in standing.values() for row in rows], opening


def _continue_facts(
    closing: Sequence[Row[Any]], opening: Sequence[dict[str, Any]], alike: Sequence[Sequence[str]]
) -> None:
    free = list(closing)
    for columns in alike:
        by_columns: dict[tuple[Any, ...], list[Row[Any]]] = defaultdict(list)
        for row in free:
            by_columns[tuple(getattr(row, column) for column in columns)].append(row)
        for wanted in opening:
            rows = by_columns.get(tuple(wanted[column] for column in columns))
            if rows and "fact_id" not in wanted:
                wanted["fact_id"] = rows.pop(0).fact_id
        free = [row for rows in by_columns.values() for row in rows]
    for wanted in opening:
        wanted.setdefault("fact_id", uuid7())


def ending(
    current: Sequence[Row[Any]], stated: Sequence[Stated], columns: Sequence[str], alike: Sequence[str], now: datetime
) -> tuple[list[Row[Any]], list[Stated]]:
    """Return which of ``current`` a list replaces, and what then stands, when leaving something out of a list ends it
    now.

    A running row that the list corrects (same ``alike`` columns, same start or overlapping time) gives way to it; one
    that it leaves out is cut off at ``now``, or dropped when it has not begun. A row that is over stays history unless
    corrected. ``columns`` are those that every item of ``stated`` names.
    """
    unmatched = _uncorrected(current, stated, alike)
    kept = [row for row in unmatched if row.valid_to <= now]
    cut = [
        {column: getattr(row, column) for column in columns} | {"valid_to": now}
        for row in unmatched
        if row.valid_from < now < row.valid_to
    ]
    gone = {row.version_id for row in kept}
    return [row for row in current if row.version_id not in gone], [*stated, *cut]


def _uncorrected(current: Sequence[Row[Any]], stated: Sequence[Stated], alike: Sequence[str]) -> list[Row[Any]]:
    by_columns: dict[tuple[Any, ...], list[Stated]] = defaultdict(list)
    for item in stated:
        by_columns[tuple(item[column] for column in alike)].append(item)
    left = list(current)
    for corrects in (_same_start, _overlap):
        rest = []
        for row in left:
            candidates = by_columns.get(tuple(getattr(row, column) for column in alike), [])
            partner = next((item for item in candidates if corrects(item, row)), None)
            if partner is None:
                rest.append(row)
            else:
                candidates.remove(partner)
        left = rest
    return left


def _same_start(item: Stated, row: Row[Any]) -> bool:
    return bool(item["valid_from"] == row.valid_from)


def _overlap(item: Stated, row: Row[Any]) -> bool:
    return bool(item["valid_from"] < row.valid_to and row.valid_from < item["valid_to"])
