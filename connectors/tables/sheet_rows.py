"""The rows of one spreadsheet as its own process gives them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connectors import problem
from connectors.contract import Malformed
from connectors.identity_code import holds_code
from connectors.input_file import InputFile
from connectors.problem import Problem
from connectors.tables.workbook import MOST_BYTES, Wrong

Cell = str | list[str]
"""A text, or ``[kind, text]`` as ``sheet_process`` tells kinds."""
_PACKAGES = Path(problem.__file__).parent.parent
_PROCESS = "connectors.tables.sheet_process"


class SheetRows:
    """The cells of a ``sheet`` of ``file``, row by row; without a name, those of the first that is not hidden.

    ``name`` is that of file and sheet in problems. Raises ``Malformed``, here and while iterating.
    """

    def __init__(self, file: InputFile, sheet: str | None) -> None:
        self._file = file.name
        self.digest = _digest(file)
        """Hexadecimal SHA-256 of the file."""
        descriptor = file.stream.fileno()
        if os.fstat(descriptor).st_size > MOST_BYTES:
            raise Malformed(_wrong(Wrong.LARGE, file.name, ()))
        os.lseek(descriptor, 0, os.SEEK_SET)
        self._process = _started(descriptor, sheet)
        try:
            self.name = self._first()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[list[Cell]]:
        """Yield every row of the sheet, empty ones too, so that the first is its line 1."""
        while (found := self._line()) != "end":
            if isinstance(found, dict):
                raise Malformed(_wrong(found["wrong"], self._file, ()))
            yield found

    def close(self) -> None:
        """End the process, if it has not ended."""
        self._process.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process.wait()

    def _first(self) -> str:
        found = self._line()
        if "wrong" in found:
            raise Malformed(_wrong(found["wrong"], self._file, found.get("sheets", ())))
        return self._file if holds_code(found["sheet"]) else f"{self._file} [{found['sheet']}]"

    def _line(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise Malformed(_wrong(Wrong.LARGE, self._file, ()))
        return json.loads(line)


def _digest(file: InputFile) -> str:
    digest = hashlib.sha256()
    while part := file.stream.read(1 << 20):
        digest.update(part)
    return digest.hexdigest()


def _started(descriptor: int, sheet: str | None) -> subprocess.Popen[bytes]:
    """Start the process on an open file; of this one's environment, which holds secrets, it is given nothing."""
    command = [sys.executable, "-P", "-m", _PROCESS, *([] if sheet is None else [sheet])]
    return subprocess.Popen(  # noqa: S603  the command is our own; a sheet's name is no option of it
        command,
        stdin=descriptor,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(_PACKAGES)},
    )


def _wrong(wrong: str, file: str, sheets: tuple[str, ...]) -> Problem:
    if wrong == Wrong.ENCRYPTED:
        return Problem("The spreadsheet has a password.", "Send it without one, over a protected transfer.", file)
    if wrong == Wrong.LARGE:
        return Problem(
            "The spreadsheet is larger than is read, or pretends to be.",
            "Send one sheet with the columns needed and no others, or send CSV.",
            file,
        )
    if wrong == Wrong.BINARY:
        return Problem("This is a binary spreadsheet (.xlsb).", "Save it as .xlsx, or send CSV.", file)
    if wrong == Wrong.NO_SHEET:
        return Problem(
            "The spreadsheet has no such sheet; it has: %(sheets)s.",
            "Correct the setting sheet, or the name of the sheet.",
            file,
            field="sheet",
            params={"sheets": ", ".join(sheet for sheet in sheets if not holds_code(sheet)) or "-"},
        )
    return Problem("The spreadsheet is cut or broken.", "Ask for the whole file again.", file)
