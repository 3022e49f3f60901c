"""The process that reads one spreadsheet from its standard input and writes its rows as lines of JSON.

The first line is ``{"sheet": name}``, or ``{"wrong": why}``, and then that is all. Each row is a list of cells: a text,
or ``[kind, text]`` where the cell is none. The last line is ``"end"``: without it, the process was ended by its limits.
"""

from __future__ import annotations

import datetime
import io
import json
import resource
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, TextIO

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from connectors.tables import error_cells, old_excel
from connectors.tables.workbook import MOST_BYTES, NotRead, Wrong, parts

MEMORY = 2 << 30
"""Bytes that the process may take."""
SECONDS = 120
"""Of computing, not of waiting."""
MOST_CELLS = 20_000_000
"""Cells of the sheet, empty ones between others too: 500,000 rows of 40 columns."""
EXACT = 10**15
"""A number from here on may have lost its last digits: spreadsheets keep fifteen."""

DAY, ERROR, INEXACT, OTHER = "day", "error", "inexact", "other"
"""Kinds of cells that are neither text nor a number."""

Cell = str | list[str]


def main() -> None:
    """Read standard input within the limits, and write what it holds."""
    for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        _limit(kind, most)
    write(sys.stdin.buffer, sys.argv[1] if len(sys.argv) > 1 else None, sys.stdout)


def _limit(kind: int, most: int) -> None:
    """Set a limit, or keep a lower one under which the service runs already."""
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def write(stream: BinaryIO, sheet: str | None, out: TextIO) -> None:
    """Write the rows of the ``sheet`` (default: the first that is seen) of the spreadsheet in ``stream``."""
    out.writelines(json.dumps(one, separators=(",", ":")) + "\n" for one in _lines(stream, sheet))


def _lines(stream: BinaryIO, wanted: str | None) -> Iterator[Any]:
    try:
        data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise NotRead(Wrong.LARGE)
        book = parts(data)
        if book is None and old_excel.is_locked(data):
            raise NotRead(Wrong.ENCRYPTED)
        table, number = _open(data, wanted)
        failed = old_excel.places(data, number) if book is None else error_cells.places(book, table.name)
        yield {"sheet": table.name}
        yield from _rows(table, failed)
    except NotRead as error:
        yield {"wrong": error.wrong, "sheets": error.sheets}
    except MemoryError:
        yield {"wrong": Wrong.LARGE}
    except PasswordError:
        yield {"wrong": Wrong.ENCRYPTED}
    except BaseException:  # noqa: BLE001  calamine may panic, which is no Exception, and any file may come
        yield {"wrong": Wrong.BROKEN}
    else:
        yield "end"


def _open(data: bytes, wanted: str | None) -> tuple[CalamineSheet, int]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    sheets = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
    seen = [one.name for one in sheets if one.visible == SheetVisibleEnum.Visible]
    name = wanted if wanted is not None else next(iter(seen), None)
    if name is None or name not in [one.name for one in sheets]:
        raise NotRead(Wrong.NO_SHEET, tuple(seen))
    table = book.get_sheet_by_name(name)
    if table.total_height * max(table.total_width, 1) > MOST_CELLS:
        raise NotRead(Wrong.LARGE)
    return table, book.sheet_names.index(name)


def _rows(table: CalamineSheet, failed: set[error_cells.Place]) -> Iterator[list[Cell]]:
    before: list[Cell] = [""] * (table.start[1] if table.start is not None else 0)
    by_row: dict[int, list[int]] = {}
    for row, column in failed:
        by_row.setdefault(row, []).append(column)
    for number, values in enumerate(table.iter_rows()):
        cells = before + [_cell(value) for value in values]
        for column in by_row.get(number, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = [ERROR, ""]
        yield cells


def _cell(value: object) -> Cell:
    if isinstance(value, str):
        return [ERROR, ""] if error_cells.is_error(value) else value
    if isinstance(value, bool):
        return [OTHER, str(value).upper()]
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime.datetime):
        return [DAY, (value.date() if value.time() == datetime.time() else value).isoformat()]
    if isinstance(value, datetime.date):
        return [DAY, value.isoformat()]
    if isinstance(value, datetime.timedelta):
        minutes = round(value.total_seconds() / 60)
        return [OTHER, f"{minutes // 60}:{minutes % 60:02}"]
    return [OTHER, str(value)]


def _number(value: float) -> Cell:
    if not abs(value) < EXACT:
        return [INEXACT, ""]
    return str(int(value)) if value == int(value) else repr(value)


if __name__ == "__main__":
    main()
