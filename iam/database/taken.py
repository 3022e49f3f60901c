"""What two wrote at the same moment: the database takes the first, and refuses the second one of the same key."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

_UNIQUE = ("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
"""What PostgreSQL and SQLite call it."""


def is_taken(error: BaseException) -> bool:
    """Whether something was refused because there is one of that key."""
    cause = error.orig if isinstance(error, IntegrityError) else error
    return any(getattr(cause, name, None) in _UNIQUE for name in ("sqlstate", "sqlite_errorname"))
