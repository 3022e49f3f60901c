"""A close look at one CSV row: its text in one way of writing, signs that no value may hold, and identity codes where
none belongs.

No value ever gets into a message.
"""

from __future__ import annotations

import re
from unicodedata import is_normalized

from connectors import signs
from connectors.identity_code import QUICK, holds_code
from connectors.problem import Problem

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but tab and line feed, which a quoted field may hold."""
_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')
"""How Excel writes that a number is text."""


def is_empty(values: list[str]) -> bool:
    """Whether a row that was tidied says nothing: it holds only spaces and signs without width."""
    return not signs.bare("".join(values)).strip()


def tidied(values: list[str]) -> list[str]:
    """Return ``values`` in NFC, and those that are Excel's formula of a text, ``="0002"``, as that text."""
    whole = "\n".join(values)
    if '="' in whole:
        values = [found[1].replace('""', '"') if (found := _FORMULA.fullmatch(v)) else v for v in values]
    return values if is_normalized("NFC", whole) else [signs.composed(value) for value in values]


def inspect(
    values: list[str],
    columns: tuple[str, ...],
    code_column: str | None,
    file: str,
    line: int | None,
    keys: tuple[str, ...] = (),
) -> Problem | None:
    """Return what is wrong with ``values``, naming the first such field of ``columns``; None when nothing is.

    ``keys`` are the columns in which no sign without width may be.
    """
    if signs.FORBIDDEN.search("\n".join(values)):
        field, value = next((c, v) for c, v in zip(columns, values, strict=True) if signs.FORBIDDEN.search(v))
        return _control(file, line, field) if CONTROL.search(value) else _unseen(file, line, field, value)
    for key in keys:
        if signs.UNSEEN.search(values[columns.index(key)]):
            return _unseen(file, line, key, values[columns.index(key)])
    others = [(c, value) for c, value in zip(columns, values, strict=True) if c != code_column]
    if QUICK.search("\n".join(value for _, value in others)) is None:
        return None
    return next((misplaced_code(file, line, c, code_column) for c, value in others if holds_code(value)), None)


def _control(file: str, line: int | None, field: str) -> Problem:
    return Problem(
        "The field holds a control character.",
        "Remove it in the sending system, or send the file in UTF-8.",
        file,
        line,
        field,
    )


def _unseen(file: str, line: int | None, field: str, value: str) -> Problem:
    found = signs.FORBIDDEN.search(value) or signs.UNSEEN.search(value)
    assert found is not None
    return Problem(
        "The field holds a sign that cannot be seen (U+%(sign)s).",
        "Write the value anew by hand in the sending system.",
        file,
        line,
        field,
        {"sign": signs.name_of(found[0])},
    )


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
    """Return the ``key`` of a row with a ``problem`` if it can be told: the row has all its fields, and ``column``
    holds one.

    A key with a sign that cannot be seen is refused, but whose it is can be told: the one without that sign.
    """
    if problem.field is None or CONTROL.search(key) or holds_code(key):
        return None
    return signs.bare(key) or None
