"""A sheet of a spreadsheet as rows of text: the header is the first row that holds the columns needed, and each row
that cannot be read is told with its row number and field."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from connectors.contract import Malformed
from connectors.csv_file import TRAILER, Row
from connectors.csv_header import Header, Layout, free_header, lacking, missing_of, named_header
from connectors.csv_inspection import inspect, is_empty, tidied
from connectors.input_file import InputFile
from connectors.problem import Problem
from connectors.tables.sheet_rows import Cell, SheetRows

TITLES = 50
"""Rows in which the header is looked for."""


class Sheet:
    """The rows of a sheet of ``file``; columns are found by name, whatever others there are and in whatever order.

    The header is read at once. Raises ``Malformed`` here and while iterating ``rows`` when the file as a whole cannot
    be read. To be closed in any case.
    """

    finished = True
    """What is cut cannot be unpacked, and is refused as a whole."""

    def __init__(self, file: InputFile, layout: Layout, sheet: str | None) -> None:
        self._layout = layout
        self._source = SheetRows(file, sheet)
        self.name = self._source.name
        self.declared: int | None = None
        self._rows: Iterator[tuple[int, list[Cell]]] = enumerate(iter(self._source), 1)
        try:
            self._line, self.header, self._places = self._head()
        except BaseException:
            self.close()
            raise

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the file."""
        return self._source.digest

    def close(self) -> None:
        """End the process that reads; may be called at any time, more than once."""
        self._source.close()

    def _head(self) -> tuple[int, Header, tuple[int, ...]]:
        """Find the header, and where in a row each of its columns stands."""
        if self._layout.free:
            return self._filled()
        best: tuple[int, list[str]] = 1, []
        for line, cells in islice(self._rows, TITLES):
            names = [_plain(cell) for cell in cells]
            header = named_header(names, self._layout)
            if header is not None:
                places = [place for place in range(len(names)) if place not in header.dropped]
                return line, header, tuple(places)
            if len(missing_of(names, self._layout)) < len(missing_of(best[1], self._layout)):
                best = line, names
        raise Malformed(self._no_header(*best))

    def _filled(self) -> tuple[int, Header, tuple[int, ...]]:
        """Take for the header of a table whose columns nobody agreed the first row that fills more than half of what
        any does: titles above it do not, and a column may lack a name."""
        first = [(line, cells, [_plain(cell).strip() for cell in cells]) for line, cells in islice(self._rows, TITLES)]
        most = max((sum(map(bool, texts)) for _, _, texts in first), default=0)
        line, _, names = next((row for row in first if 2 * sum(map(bool, row[2])) > most), (1, [], []))
        self._rows = chain([(n, cells) for n, cells, _ in first if n > line], self._rows)
        header = free_header(names)
        return line, header, tuple(place for place in range(len(names)) if place not in header.dropped)

    def rows(self) -> Iterator[Row]:
        """Yield every row once; one that says nothing in the columns needed is none, nor is the trailer."""
        try:
            for line, cells in self._rows:
                if self._is_trailer(cells):
                    continue
                read = [cells[place] if place < len(cells) else "" for place in self._places]
                values = tidied([_plain(cell) for cell in read])
                if is_empty(values) and all(isinstance(cell, str) for cell in read):
                    continue
                if self.declared is not None:
                    raise Malformed(self._after_trailer(line))
                yield line, values, self._problem(line, read, values)
        finally:
            self.close()

    def _is_trailer(self, cells: list[Cell]) -> bool:
        told = [text for cell in cells if (text := _plain(cell).strip())]
        if not self._layout.trailer or len(told) != 2 or told[0] != TRAILER or self.declared is not None:
            return False
        if not (told[1].isascii() and told[1].isdigit() and len(told[1]) <= 12):
            return False
        self.declared = int(told[1])
        return True

    def _problem(self, line: int, cells: list[Cell], values: list[str]) -> Problem | None:
        for field, cell in zip(self.header.columns, cells, strict=True):
            if not isinstance(cell, str) and (found := self._of_kind(line, field, cell[0])) is not None:
                return found
        return inspect(values, self.header.columns, self._layout.code_column, self.name, line, self._layout.keys)

    def _of_kind(self, line: int, field: str, kind: str) -> Problem | None:
        if kind == "error":
            return Problem(
                "The cell holds an error, or a formula that was not worked out.",
                "Correct the cell in the spreadsheet; an error is not an empty cell.",
                self.name,
                line,
                field,
            )
        if kind == "inexact":
            return Problem(
                "The cell holds a number so long that a spreadsheet loses its last digits.",
                "Make the column text before the numbers are written into it.",
                self.name,
                line,
                field,
            )
        if kind == "day" and field not in self._layout.days:
            return Problem(
                "The cell holds a day where none belongs: the spreadsheet made one of a number.",
                "Make the column text, and write the value anew.",
                self.name,
                line,
                field,
            )
        return None

    def _no_header(self, line: int, names: list[str]) -> Problem:
        missing = missing_of(names, self._layout)
        if 2 * len(missing) > len(self._layout.columns):
            return Problem(
                "None of the first %(rows)d rows holds the column names.",
                "Write the column names into one row: %(columns)s.",
                self.name,
                params={"rows": TITLES, "columns": ", ".join(self._layout.columns)},
            )
        return lacking(missing, self.name, line)

    def _after_trailer(self, line: int) -> Problem:
        return Problem("The file goes on after its trailer line.", "Ask for the whole file again.", self.name, line)


def _plain(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[1]
