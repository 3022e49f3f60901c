"""Rows copied into a table are read back as they were, whatever their texts hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, MetaData, String, Table, Uuid, select
from sqlalchemy.orm import Session

from iam.database.bulk import copy_rows
from iam.database.copy_text import BLOCK, blocks
from iam.database.types import UtcDateTime

NAMES = ("n", "text", "id", "yes", "raw", "day", "at")
KINDS = (Integer, String, Uuid, Boolean, LargeBinary, Date, UtcDateTime)
COPIED = Table(
    "copied",
    MetaData(),
    *(Column(name, kind()) for name, kind in zip(NAMES, KINDS, strict=True)),
    prefixes=["TEMPORARY"],
)
FULL = (UUID(int=7), True, b"\x00\\x\xff", date(2026, 9, 15), datetime(2026, 9, 15, 8, 30, 0, 5, tzinfo=UTC))
ABSENT = (None, None, None, None, None)
TEXTS = ["", "Åbo", "\\N", "\\.", "tab\tand\r\nline", "back\\slash", "it's", '"', None]


def _told(session: Session, rows: list[tuple[Any, ...]]) -> list[Any]:
    COPIED.create(session.connection())
    assert copy_rows(session, COPIED, NAMES, rows) == len(rows)
    return [tuple(row) for row in session.execute(select(COPIED).order_by(COPIED.c.n))]


@pytest.mark.parametrize("values", [FULL, ABSENT])
def test_every_kind_of_value_comes_back_as_it_was(session: Session, values: tuple[Any, ...]) -> None:
    rows = [(n, text, *values) for n, text in enumerate(TEXTS)]
    assert _told(session, rows) == rows


def test_columns_in_which_some_values_are_absent_come_back_as_they_were(session: Session) -> None:
    rows = [(n, text, *(FULL if n % 2 else ABSENT)) for n, text in enumerate(TEXTS)]
    assert _told(session, rows) == rows


def test_no_row_is_lost_between_blocks() -> None:
    found = list(blocks([(n,) for n in range(BLOCK + 1)]))
    assert [n for _, n in found] == [BLOCK, 1]
    assert "".join(text for text, _ in found).split() == [str(n) for n in range(BLOCK + 1)]
