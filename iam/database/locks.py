"""Locks of a transaction by number, held until it ends. SQLite lets one transaction write at a time, so there every
lock is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from iam.database import postgresql
from iam.database.bulk import is_postgresql

Lock = tuple[int, bool]
"""A lock's number, and whether it is shared."""


def take(session: Session, locks: Sequence[Lock], name: str, wait: timedelta, texts: Select[Any] | None = None) -> bool:
    """Take locks in this order, and then an exclusive one for each text that a query gives, always in the same order,
    waiting ``wait`` at most for each; whether they were had.

    ``name`` (48 characters at most) is what ``holders`` tells others of the transaction from now on. Each text is a
    number of its own set; two texts may have the same.
    """
    return not is_postgresql(session) or postgresql.take(session, locks, name, wait, texts)


def try_take(session: Session, locks: Sequence[Lock], text: str | None = None) -> bool:
    """Take the locks, and that of a text, unless anybody has or waits for one; whether they were had."""
    return not is_postgresql(session) or postgresql.try_take(session, locks, text)


def holders(session: Session, lock: int) -> list[str]:
    """Return the names of other transactions that hold a lock."""
    return postgresql.holders(session, lock) if is_postgresql(session) else []
