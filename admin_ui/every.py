"""Whole lists, batch by batch, for files: what the reader of an export sees is what the pages show, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from admin_ui.exports import BATCH
from iam.database.keyset import Cursor, keyset


def batches(session: Session, query: Any, keys: tuple[Any, ...], *, newest_first: bool = False) -> Iterator[list[Any]]:
    """Yield the rows of a list in batches; two statements a batch, and the session keeps none of them."""
    last = None
    while True:
        found = keyset(session, query, keys, Cursor(after=last, size=BATCH), newest_first=newest_first)
        if found.rows:
            yield found.rows
        if not found.later:
            return
        last = found.last
        session.expunge_all()


def every(session: Session, query: Any, keys: tuple[Any, ...], *, newest_first: bool = False) -> Iterator[Any]:
    """Yield the rows of a list one by one."""
    for batch in batches(session, query, keys, newest_first=newest_first):
        yield from batch
