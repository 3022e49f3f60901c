"""Rows of a CSV file with an exactly known header: streamed, numbered, and each bad one told apart with its line and field.

A file without quotes, as most are, goes the fast way: lines are split, and controls and identity codes are looked for in whole
chunks; only a chunk that shows something is looked at row by row. From the first quote on, the csv module reads.

A trailer line ``#rows;1448`` (with the file's delimiter) may end the file and declares how many rows it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from connectors.contract import Malformed
from connectors.csv_header import Layout, parse_header
from connectors.csv_inspection import inspect
from connectors.csv_quoted import quoted_rows
from connectors.csv_text import ByteSource, Chunk, CsvText
from connectors.identity_code import MARK, MARKS
from connectors.problem import Problem

__all__ = ["TRAILER", "CsvFile", "Layout", "Row"]

Row = tuple[int, list[str], Problem | None]
"""The 1-based line it begins on, its values in the order of ``CsvFile.header.columns``, and what is wrong with it, if anything."""

TRAILER = "#rows"


class CsvFile:
    """The rows of ``stream``, whose header must be as ``layout`` says; ``name`` is the file's name in problems.

    The header is read at once. Raises ``Malformed`` here and while iterating ``rows`` when the file as a whole cannot be read.
    """

    def __init__(self, stream: ByteSource, name: str, layout: Layout) -> None:
        self.name = name
        self._layout = layout
        self._text = CsvText(stream, name)
        self._chunks = iter(self._text)
        first = next(self._chunks, None)
        if first is None:
            raise Malformed(Problem("The file is empty.", "Ask for the file again.", name))
        line, _, rest = first.text.partition("\n")
        self.header = parse_header(line, layout, name)
        if rest:
            self._chunks = chain((Chunk(rest, 2, first.marks, first.whole),), self._chunks)
        self.declared: int | None = None
        """Number of rows that the trailer states, known after the last row."""
        self._last_line = 1
        self._broken_line = 0

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the file, known after the last row."""
        return self._text.digest

    @property
    def finished(self) -> bool:
        """Whether the file ended with a line break and its last row had every field; known after the last row."""
        return self._text.whole and self._broken_line != self._last_line

    def rows(self) -> Iterator[Row]:
        """Yield every row once; blank lines and the trailer are none."""
        for chunk in self._chunks:
            if '"' in chunk.text:
                yield from self._quoted(chunk)
            else:
                yield from self._plain(chunk)

    def _plain(self, chunk: Chunk) -> Iterator[Row]:
        delimiter, width, dropped = self.header.delimiter, self.header.width, self.header.dropped
        rows = [line.split(delimiter) for line in _lines(chunk)]
        close = self._needs_close_look(chunk, rows)
        for line, values in enumerate(rows, chunk.line):
            if len(values) != width or self.declared is not None or not chunk.whole:
                yield from self._odd(line, line, values, whole=chunk.whole)
                continue
            for position in dropped:
                del values[position]
            yield line, values, self._inspect(line, values) if close else None
            self._last_line = line

    def _quoted(self, chunk: Chunk) -> Iterator[Row]:
        """Read ``chunk`` and everything after it with quotes."""
        cut: list[int] = []
        lines = (line for each in chain((chunk,), self._chunks) for line in _ended_lines(each, cut))
        for line, last, values in quoted_rows(lines, chunk.line, self.header.delimiter):
            if values is None or len(values) != self.header.width or self.declared is not None or last in cut:
                yield from self._odd(line, last, values, whole=last not in cut)
                continue
            for position in self.header.dropped:
                del values[position]
            yield line, values, self._inspect(line, values)
            self._last_line = last

    def _odd(self, line: int, last: int, values: list[str] | None, *, whole: bool) -> Iterator[Row]:
        """Yield a row that is not as it should be, with its problem; a blank line and the trailer yield nothing."""
        if values is not None and not "".join(values).strip():
            return
        if self.declared is not None:
            raise Malformed(self._after_trailer(line))
        self._last_line = last
        if values is not None and self._is_trailer(values):
            self.declared = int(values[1])
            return
        self._broken_line = last
        yield line, values or [], self._broken(line, values, whole)

    def _is_trailer(self, values: list[str]) -> bool:
        if not self._layout.trailer or values[0] != TRAILER or len(values) < 2 or any(values[2:]):
            return False
        return values[1].isascii() and values[1].isdigit() and len(values[1]) <= 12

    def _inspect(self, line: int, values: list[str]) -> Problem | None:
        return inspect(values, self.header.columns, self._layout.code_column, self.name, line)

    def _needs_close_look(self, chunk: Chunk, rows: list[list[str]]) -> bool:
        """Say whether a control, or an identity code outside its own column, may be in the chunk."""
        if b"\0" in chunk.marks:
            return True
        codes = chunk.marks.count(MARK)
        if not codes or self._layout.code_column is None:
            return bool(codes)
        place = self._layout.columns.index(self._layout.code_column)
        own = "\n".join([values[place] for values in rows if len(values) > place])
        return codes != own.encode("utf-8").translate(MARKS).count(MARK)

    def _broken(self, line: int, values: list[str] | None, whole: bool) -> Problem:
        if not whole:
            return Problem(
                "The last line does not end with a line break: the file may be cut.",
                "Ask for the whole file again; its last line too must end with a line break.",
                self.name,
                line,
            )
        if values is None:
            return Problem(
                "The quotes of the line do not close as they should.",
                "Write a quote inside a quoted field twice.",
                self.name,
                line,
            )
        return Problem(
            "The line has %(found)d fields where the header has %(expected)d.",
            "Correct the line in the sending system; a field that holds the delimiter needs quotes.",
            self.name,
            line,
            params={"found": len(values), "expected": self.header.width},
        )

    def _after_trailer(self, line: int) -> Problem:
        return Problem("The file goes on after its trailer line.", "Ask for the whole file again.", self.name, line)


def _lines(chunk: Chunk) -> list[str]:
    lines = chunk.text.split("\n")
    if chunk.whole:
        lines.pop()
    return lines


def _ended_lines(chunk: Chunk, cut: list[int]) -> Iterator[str]:
    """Yield the lines with their ends; the number of a last line that has none goes into ``cut``."""
    if not chunk.whole:
        cut.append(chunk.line)
    for line in _lines(chunk):
        yield line + "\n"
