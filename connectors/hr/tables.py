"""Which reader a file needs: what it begins with tells it, never its name."""

from __future__ import annotations

import os

from connectors.contract import Malformed
from connectors.csv_file import CsvFile, Layout
from connectors.hr.columns import CODE, KEY, layout
from connectors.hr.settings import HrSettings, fixed_lines
from connectors.input_file import InputFile
from connectors.problem import Problem
from connectors.tables.fixed_width import FixedWidth
from connectors.tables.sheet import Sheet
from connectors.tables.table import Table
from connectors.tables.workbook import is_spreadsheet

_BEGINNING = 512


def table_of(file: InputFile, settings: HrSettings, asked: Layout | None = None) -> Table:
    """Return the rows of ``file``, to be closed; raises ``Malformed`` where they cannot be read.

    Its columns are as the settings say, or as ``asked``; those of a file of fixed width are always as they say.
    """
    asked = asked or layout(settings.columns, settings.key_of)
    beginning = os.pread(file.stream.fileno(), _BEGINNING, 0)
    if is_spreadsheet(beginning):
        return Sheet(file, asked, settings.sheet)
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise Malformed(
            Problem(
                "This is a web page or XML, whatever the file's name says.",
                "Some systems write a web page and call it .xls: let it write CSV or .xlsx.",
                file.name,
            )
        )
    if settings.fixed_width:
        lines = fixed_lines(settings)
        keys = settings.key_of or (KEY,)
        return FixedWidth(file.stream, file.name, lines, keys=keys, code_column=CODE, encoding=settings.encoding)
    return CsvFile(file.stream, file.name, asked, settings.encoding)
