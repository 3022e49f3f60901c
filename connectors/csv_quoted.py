"""Rows of CSV text with quotes (RFC 4180), resuming at the next line after a row whose quotes are broken.

A quote that is opened and not closed where it should be swallows the lines after it, up to the next quote. So of a row
that cannot be right, only the first line is given up; each line it took besides is read anew, as the row it is when
nothing came before it.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

MOST_LINES = 50
"""Lines of one row; more means that a quote was opened and never closed."""


class _Lines:
    """Lines for the csv module, which remembers what one row took and can take it back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) == MOST_LINES:
            raise csv.Error("a quote is not closed")
        line = self._back.popleft() if self._back else next(self._lines)
        self.taken.append(line)
        return line

    def take_back_all_but_first(self) -> None:
        self._back.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def quoted_rows(
    lines: Iterator[str], line: int, delimiter: str, width: int
) -> Iterator[tuple[int, int, list[str], bool]]:
    """Yield ``(first line, last line, values, whole)`` of every row of ``lines``, the first of which has the number
    ``line``.

    ``width`` is the number of fields of a row. ``whole`` is false where the quotes are broken; such a row is taken to
    be one line long, so that nothing after it is lost, and ``values`` are then its fields before the first quote, where
    they are certain.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    swallowed = 0
    while True:
        source.taken.clear()
        values: list[str] | None
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            values = None
        taken = source.taken
        if values is not None and (len(taken) > 1 or line <= swallowed) and _is_wrong(values, taken, delimiter, width):
            values = None
        whole = values is not None
        if values is None:
            swallowed = max(swallowed, line + len(taken) - 1)
            source.take_back_all_but_first()
            values = _before_quote(taken[0], delimiter, width)
        yield line, line + len(taken) - 1, values, whole
        line += len(taken)


def _before_quote(line: str, delimiter: str, width: int) -> list[str]:
    """Return the fields before the one with the first quote, if the line has as many delimiters as a row: each then
    parts two fields."""
    return line.partition('"')[0].split(delimiter)[:-1] if line.count(delimiter) == width - 1 else []


def _is_wrong(values: list[str], taken: list[str], delimiter: str, width: int) -> bool:
    """Whether a row of several lines, or one in lines that another had swallowed, is none: its quotes fell together by
    chance.

    A row that took whole rows into a field has as many delimiters in such fields as a row has. Empty rows are left to
    the reader.
    """
    if len(taken) == 1:
        return taken[0].count('"') % 2 == 1
    if not "".join(values).strip():
        return False
    return len(values) != width or sum(value.count(delimiter) for value in values if "\n" in value) >= width - 1
