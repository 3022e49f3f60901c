"""Rows of a CSV file with an exactly known header: streamed, numbered, and each bad one told apart with its line and
field.

A file without quotes, as most are, goes the fast way: lines are split, and controls and identity codes are looked for
in whole chunks; only a chunk that shows something is looked at row by row. From the first quote on, the csv module
reads.

A trailer line ``#rows;1448`` (with the file's delimiter) may end the file and declares how many rows it holds. A first
line ``sep=;``, as Excel writes it, names the delimiter.

A last line without a line break is whole when it has all its fields (RFC 4180 section 2.2). That its last field is cut
cannot be told from the line: what tells it then is the trailer's number, where there is one, or a value that cannot be
read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from connectors.contract import Malformed
from connectors.csv_header import Header, Layout, parse_header
from connectors.csv_inspection import inspect, is_empty, tidied
from connectors.csv_quoted import quoted_rows
from connectors.csv_text import ByteSource, Chunk, CsvText
from connectors.identity_code import MARK, MARKS
from connectors.problem import Problem

__all__ = ["TRAILER", "CsvFile", "Layout", "Row"]

Row = tuple[int, list[str], Problem | None]
"""The 1-based line it begins on, its values in the order of ``CsvFile.header.columns``, and what is wrong with it, if
anything."""

TRAILER = "#rows"
_NAMED_DELIMITER = re.compile(r'"?sep=([;,\t|])"?\s*', re.IGNORECASE)
_EMPTY = ' \t\xa0;,|="'


class CsvFile:
    """The rows of ``stream``, whose header must be as ``layout`` says; ``name`` is the file's name in problems.

    ``encoding`` is the file's where it is not to be found out.

    The header is read at once. Raises ``Malformed`` here and while iterating ``rows`` when the file as a whole cannot
    be read.
    """

    def __init__(self, stream: ByteSource, name: str, layout: Layout, encoding: str | None = None) -> None:
        self.name = name
        self._layout = layout
        self._text = CsvText(stream, name, encoding)
        self._chunks = iter(self._text)
        self.header = self._head(layout)
        self._code_place = self._place_of(layout.code_column)
        self.declared: int | None = None
        """Number of rows that the trailer states, known after the last row."""
        self._last_line = 1
        self._broken_line = 0
        self._open_line = 0
        """The last line, where it has no line break."""
        self._cut_line = 0
        """The last line, where it stops in the middle of a sign."""

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the file, known after the last row."""
        return self._text.digest

    def close(self) -> None:
        """Nothing is held here: whoever opened the stream closes it."""

    @property
    def finished(self) -> bool:
        """Whether the last row has every field; known after the last row."""
        return self._broken_line != self._last_line

    def _head(self, layout: Layout) -> Header:
        """Read the header, which is the first line that says something and names no delimiter."""
        number, delimiter = 1, None
        while (line := self._line()) is not None:
            if found := _NAMED_DELIMITER.fullmatch(line):
                delimiter = found[1]
            elif line.strip(_EMPTY):
                return parse_header(line, layout, self.name, number, delimiter)
            number += 1
        raise Malformed(Problem("The file is empty.", "Ask for the file again.", self.name))

    def _place_of(self, column: str | None) -> int:
        """Return where in a line of the file ``column`` stands."""
        read = [place for place in range(self.header.width) if place not in self.header.dropped]
        return read[self.header.columns.index(column)] if column is not None else 0

    def _line(self) -> str | None:
        """Take one line off the file's beginning."""
        chunk = next(self._chunks, None)
        if chunk is None:
            return None
        line, _, rest = chunk.text.partition("\n")
        if rest:
            self._chunks = chain((replace(chunk, text=rest, line=chunk.line + 1),), self._chunks)
        return line

    def rows(self) -> Iterator[Row]:
        """Yield every row once; empty rows and the trailer are none."""
        for chunk in self._chunks:
            if '"' in chunk.text:
                yield from self._quoted(chunk)
            else:
                yield from self._plain(chunk)

    def _plain(self, chunk: Chunk) -> Iterator[Row]:
        delimiter, width, dropped = self.header.delimiter, self.header.width, self.header.dropped
        rows = [line.split(delimiter) for line in self._lines(chunk)]
        close = self._needs_close_look(chunk, rows)
        close = close or chunk.cut
        for line, values in enumerate(rows, chunk.line):
            if (
                len(values) != width
                or close
                or self.declared is not None
                or values[0] == TRAILER
                or not values[0].strip()
            ):
                if (row := self._close(line, line, values)) is not None:
                    yield row
                continue
            for position in dropped:
                del values[position]
            yield line, values, None
            self._last_line = line

    def _quoted(self, chunk: Chunk) -> Iterator[Row]:
        """Read ``chunk`` and everything after it with quotes."""
        lines = (line + "\n" for each in chain((chunk,), self._chunks) for line in self._lines(each))
        for line, last, values, whole in quoted_rows(lines, chunk.line, self.header.delimiter, self.header.width):
            row = self._close(line, last, values) if whole else self._unquoted(line, values)
            if row is not None:
                yield row

    def _lines(self, chunk: Chunk) -> list[str]:
        lines = chunk.text.split("\n")
        if chunk.ended:
            lines.pop()
        else:
            self._open_line, self._cut_line = chunk.line, chunk.line if chunk.cut else 0
        return lines

    def _close(self, line: int, last: int, values: list[str]) -> Row | None:
        """Return a row that was looked at closely, with its problem; None for an empty row and the trailer."""
        values = tidied(values)
        first = values[0] if values else ""
        if not (first.isascii() and first.strip()) and last != self._cut_line and is_empty(values):
            return None
        if self.declared is not None:
            raise Malformed(self._after_trailer(line))
        self._last_line = last
        if self._layout.loose:
            values = self._filled(values)
        if values[0] == TRAILER and self._is_trailer(values):
            self.declared = int(values[1])
            return None
        if len(values) != self.header.width or last == self._cut_line:
            self._broken_line = last
            return line, values, self._broken(line, values)
        for position in self.header.dropped:
            del values[position]
        return line, values, self._inspect(line, values)

    def _unquoted(self, line: int, values: list[str]) -> Row:
        """Return a row whose quotes are broken after ``values``; the column with the first quote is named where it can
        be told."""
        if self.declared is not None:
            raise Malformed(self._after_trailer(line))
        self._last_line = self._broken_line = line
        values, at = tidied(values), len(values)
        for position in self.header.dropped:
            del values[position : position + 1]
        field = self.header.columns[len(values)] if values and at not in self.header.dropped else None
        cut = line in (self._open_line, self._cut_line)
        return line, values, self._cut(line) if cut else self._open_quote(line, field)

    def _filled(self, values: list[str]) -> list[str]:
        """Return a row of a loose file with as many fields as the header, if it has those that are asked for."""
        asked = next(i for i in reversed(range(self.header.width)) if i not in self.header.dropped)
        filled = values + [""] * (self.header.width - len(values))
        return filled[: self.header.width] if len(values) > asked else values

    def _is_trailer(self, values: list[str]) -> bool:
        if not self._layout.trailer or len(values) < 2 or any(values[2:]):
            return False
        return values[1].isascii() and values[1].isdigit() and len(values[1]) <= 12

    def _inspect(self, line: int, values: list[str]) -> Problem | None:
        return inspect(values, self.header.columns, self._layout.code_column, self.name, line, self._layout.keys)

    def _needs_close_look(self, chunk: Chunk, rows: list[list[str]]) -> bool:
        """Say whether a control, or an identity code outside its own column, may be in the chunk."""
        if b"\0" in chunk.marks:
            return True
        codes = chunk.marks.count(MARK)
        if not codes or self._layout.code_column is None:
            return bool(codes)
        place = self._code_place
        own = "\n".join([values[place] for values in rows if len(values) > place])
        return codes != own.encode("utf-8").translate(MARKS).count(MARK)

    def _broken(self, line: int, values: list[str]) -> Problem:
        if line in (self._open_line, self._cut_line) and len(values) <= self.header.width:
            return self._cut(line)
        return Problem(
            "The line has %(found)d fields where the header has %(expected)d.",
            "Correct the line in the sending system; a field that holds the delimiter needs quotes.",
            self.name,
            line,
            params={"found": len(values), "expected": self.header.width},
        )

    def _cut(self, line: int) -> Problem:
        return Problem(
            "The last line is not whole: the file may be cut.", "Ask for the whole file again.", self.name, line
        )

    def _open_quote(self, line: int, field: str | None) -> Problem:
        return Problem(
            "The quotes of the line do not close as they should.",
            "Write a quote inside a quoted field twice.",
            self.name,
            line,
            field,
        )

    def _after_trailer(self, line: int) -> Problem:
        return Problem("The file goes on after its trailer line.", "Ask for the whole file again.", self.name, line)
