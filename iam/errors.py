"""Errors as types with a code. ``web`` turns them into HTTP, ``cli`` into exit codes; their text never leaves as it
stands."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.problem import Problem


class AvainError(Exception):
    """Base of all expected errors: a stable ``code``, an HTTP ``status``, an ``exit_code``, and problems told to the
    person."""

    code = "error"
    status = 500
    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(str(problem) for problem in problems) or self.code)
        self.problems: Sequence[Problem] = problems


class Invalid(AvainError):
    """What was given makes no sense; the problems say where and how to mend it. Nothing was changed."""

    code = "invalid"
    status = 422
    exit_code = 2


class NotFound(AvainError):
    """There is no such thing, or it lies outside the asker's part: the two look the same."""

    code = "not-found"
    status = 404
    exit_code = 2


class Denied(AvainError):
    """The asker may not do this."""

    code = "denied"
    status = 403


class Conflict(AvainError):
    """Somebody else changed it first, or its state does not allow this now."""

    code = "conflict"
    status = 409


class Unavailable(AvainError):
    """Something we depend on does not answer; trying again may help."""

    code = "unavailable"
    status = 503


class Held(AvainError):
    """The guard stopped a change; it waits for a second administrator."""

    code = "held"
    status = 409
    exit_code = 3
