"""Rows of CSV text with quotes (RFC 4180), resuming at the next line after a row whose quotes are broken."""

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


def quoted_rows(lines: Iterator[str], line: int, delimiter: str) -> Iterator[tuple[int, int, list[str] | None]]:
    """Yield ``(first line, last line, values)`` of every row of ``lines``, the first of which has the number ``line``.

    ``values`` is None where the quotes are broken; that row is taken to be one line long, so that nothing after it is lost.
    """
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.taken.clear()
        values: list[str] | None
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            source.take_back_all_but_first()
            values = None
        yield line, line + len(source.taken) - 1, values
        line += len(source.taken)
