"""CSV that people open in a spreadsheet: separated by semicolons, every cell quoted, and none that could be taken for a
formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
"""What a file begins with, so that spreadsheets read it as UTF-8."""
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "−", "\t", "\r", "\n")
_UNSEEN = " \u00a0\u200b\u200e\u200f\u2060\ufeff'\""
"""What some spreadsheets leave out at the beginning of a cell."""


def written(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def cell(value: object) -> str:
    """Return the text of a cell; one that a spreadsheet could take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(_UNSEEN).startswith(_FORMULA) else text
