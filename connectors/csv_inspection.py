"""A close look at one CSV row: control characters, and identity codes where none belongs. No value ever gets into a message."""

from __future__ import annotations

import re

from connectors.identity_code import QUICK, holds_code
from connectors.problem import Problem

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but tab and line feed, which a quoted field may hold."""


def inspect(
    values: list[str], columns: tuple[str, ...], code_column: str | None, file: str, line: int
) -> Problem | None:
    """Return what is wrong with ``values``, naming the first such field of ``columns``; None when nothing is."""
    if CONTROL.search("\n".join(values)):
        field = next(c for c, value in zip(columns, values, strict=True) if CONTROL.search(value))
        return Problem(
            "The field holds a control character.",
            "Remove it in the sending system, or send the file in UTF-8.",
            file,
            line,
            field,
        )
    others = [(c, value) for c, value in zip(columns, values, strict=True) if c != code_column]
    if QUICK.search("\n".join(value for _, value in others)) is None:
        return None
    return next((misplaced_code(file, line, c, code_column) for c, value in others if holds_code(value)), None)


def misplaced_code(file: str | None, line: int | None, field: str, code_column: str | None) -> Problem:
    """Return the problem of an identity code in ``field``."""
    if code_column is None:
        return Problem(
            "The field holds something shaped like a personal identity code.",
            "Remove it in the sending system.",
            file,
            line,
            field,
        )
    return Problem(
        "The field holds something shaped like a personal identity code.",
        "Move it to the column %(column)s, or remove it, in the sending system.",
        file,
        line,
        field,
        {"column": code_column},
    )


def readable_key(key: str, column: str, problem: Problem) -> str | None:
    """Return the ``key`` of a row with a ``problem`` if it can be told: the row has all its fields, and ``column`` is a sound one."""
    if problem.field in (None, column) or not key or CONTROL.search(key) or holds_code(key):
        return None
    return key
