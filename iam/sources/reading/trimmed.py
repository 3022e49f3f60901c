"""The text of a record's columns as it is taken: trimmed, in NFC, and without signs that nobody sees.

No value may hold a control or a sign that turns the direction of text. A sign without width is left out of a name, a
title or how to reach somebody, with a warning; whatever is compared (keys, codes, days, kinds) is refused with one.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from unicodedata import is_normalized

from connectors import signs
from connectors.problem import Problem
from connectors.records import Value
from iam.sources.reading.matching import Kind, columns_of

Row = Mapping[str | None, str | None]
"""The trimmed text of each column, None where it is empty; there is none of a column that has no name."""


class Unseen(Exception):
    """A value holds a sign that it may not hold; ``column`` says which, ``sign`` its number in Unicode."""

    def __init__(self, column: str, sign: str) -> None:
        super().__init__(column)
        self.column, self.sign = column, sign


def trimmer(kind: Kind) -> Callable[[Mapping[str, Value]], tuple[Row, tuple[Problem, ...]]]:
    """Return the function that takes the fields of a record of ``kind`` and warns of signs left out; it raises
    ``Unseen``."""
    free = _free(kind)
    compared = frozenset(column for _, column in columns_of(kind, "")) - free

    def trim(fields: Mapping[str, Value]) -> tuple[Row, tuple[Problem, ...]]:
        row: dict[str | None, str | None] = {
            name: ((value if value.__class__ is str else value[0]).strip() or None) if value else None
            for name, value in fields.items()
        }
        if _is_plain("".join([text for text in row.values() if text])):
            return row, ()
        warnings = tuple(problem for column in free if (problem := _clean(row, column)) is not None)
        for column in compared:
            _require_seen(row, column)
        return row, warnings

    return trim


def _is_plain(text: str) -> bool:
    """Whether there is nothing in a row's text to be refused, left out or written otherwise: told quickly for what most
    rows hold."""
    if not text.isprintable():
        return False
    if text.isascii():
        return True
    try:
        # Whatever of ISO-8859-1 can be printed is in NFC and seen.
        text.encode("iso-8859-1")
    except UnicodeEncodeError:
        return is_normalized("NFC", text) and not signs.UNSEEN.search(text)
    return True


def _free(kind: Kind) -> frozenset[str]:
    """The columns of which nothing is compared: names, titles, how to reach somebody."""
    p, named = kind.person, list[str | None]()
    if p is not None:
        named += [p.given_names, p.call_name, p.family_name, p.email, p.phone]
    named += [kind.affiliation.title] if kind.affiliation is not None else []
    named += [kind.group.name] if kind.group is not None else []
    return frozenset(column for column in named if column is not None)


def _clean(row: dict[str | None, str | None], column: str) -> Problem | None:
    """Write a free text as it is taken; return the warning of what was left out."""
    text = row.get(column)
    if text is None:
        return None
    if found := signs.FORBIDDEN.search(text):
        raise Unseen(column, signs.name_of(found[0]))
    cleaned = signs.without_unseen(text)
    row[column] = signs.composed(cleaned).strip() or None
    if cleaned == text:
        return None
    found = signs.UNSEEN.search(text)
    return Problem(
        "A sign that cannot be seen (U+%(sign)s) was left out.",
        "Remove it in the sending system.",
        field=column,
        params={"sign": signs.name_of(found[0]) if found else ""},
    )


def _require_seen(row: dict[str | None, str | None], column: str) -> None:
    text = row.get(column)
    if text is None:
        return
    if found := signs.FORBIDDEN.search(text) or signs.UNSEEN.search(text):
        raise Unseen(column, signs.name_of(found[0]))
    row[column] = signs.composed(text)
