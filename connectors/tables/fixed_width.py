"""Lines of fixed width as rows of text: a line that is too short or too long is told and not read, since nobody knows
which of its fields stand where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256

from connectors.contract import Malformed
from connectors.csv_file import Row
from connectors.csv_header import Header
from connectors.csv_inspection import inspect, is_empty, tidied
from connectors.csv_text import ByteSource, CsvText
from connectors.problem import Problem
from connectors.tables.fixed_layout import FixedField, FixedLines

_END_OF_FILE = "\x1a"
"""How old systems end a file."""


class FixedWidth:
    """The rows of ``stream`` as ``lines`` says they lie; ``name`` is the file's name in problems.

    No sign without width may be in the fields ``keys``; ``code_column`` alone may hold a personal identity code.
    Iterating ``rows`` raises ``Malformed`` when the file as a whole cannot be read.
    """

    def __init__(
        self,
        stream: ByteSource,
        name: str,
        lines: FixedLines,
        *,
        keys: tuple[str, ...],
        code_column: str | None = None,
        encoding: str | None = None,
    ) -> None:
        self.name = name
        self._lines, self._keys, self._code_column = lines, keys, code_column
        self._text = CsvText(stream, name, encoding)
        told = "\x1f".join(f"{one.name}:{one.start}:{one.length}" for one in lines.fields)
        names = tuple(one.name for one in lines.fields)
        self.header = Header("", len(names), names, (), sha256(told.encode()).hexdigest())
        self.declared: int | None = None
        self._cut = False

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 of the file, known after the last row."""
        return self._text.digest

    @property
    def finished(self) -> bool:
        """Whether the last line is whole, and is the trailer where there is one; known after the last row."""
        return not self._cut and (self._lines.trailer is None or self.declared is not None)

    def close(self) -> None:
        """Nothing is held here: whoever opened the stream closes it."""

    def rows(self) -> Iterator[Row]:
        """Yield every row once; empty lines, the first line where it is none, and the trailer are none."""
        for chunk in self._text:
            lines = chunk.text.split("\n")
            if chunk.ended:
                lines.pop()
            for line, text in enumerate(lines, chunk.line):
                if (
                    not text.strip(f" \t\xa0{_END_OF_FILE}")
                    or self._is_head(line, text)
                    or self._is_trailer(line, text)
                ):
                    continue
                if self.declared is not None:
                    raise Malformed(
                        Problem(
                            "The file goes on after its trailer line.",
                            "Ask for the whole file again.",
                            self.name,
                            line,
                        )
                    )
                row = self._row(line, text, ended=chunk.ended, cut=chunk.cut)
                if row[2] is not None or not is_empty(row[1]):
                    yield row

    def _is_head(self, line: int, text: str) -> bool:
        return line == 1 and self._lines.head is not None and text.startswith(self._lines.head)

    def _is_trailer(self, line: int, text: str) -> bool:
        trailer = self._lines.trailer
        if trailer is None or not text.startswith(trailer.mark) or self.declared is not None:
            return False
        told = text[trailer.start - 1 : trailer.start - 1 + trailer.length]
        if len(told) < trailer.length or not (told.strip().isascii() and told.strip().isdigit()):
            raise Malformed(
                Problem(
                    "The trailer line holds no number of rows where the settings say.",
                    "Check start and length of trailer, and that no row begins with its mark.",
                    self.name,
                    line,
                )
            )
        self.declared = int(told)
        return True

    def _row(self, line: int, text: str, *, ended: bool, cut: bool) -> Row:
        length = self._lines.length
        if not ended and (cut or len(text) < length):
            self._cut = True
            return line, [], self._cut_line(line)
        if len(text) > length or (len(text) < length and not self._lines.trimmed):
            return line, [], self._wrong_length(line, len(text))
        values = tidied([text[one.start - 1 : one.end].strip() for one in self._lines.fields])
        problem = inspect(values, self.header.columns, self._code_column, self.name, line, self._keys)
        for place, one in enumerate(self._lines.fields):
            read = _value(one, values[place])
            if read is None:
                problem = problem or self._unreadable(line, one)
            else:
                values[place] = read
        return line, values, problem

    def _cut_line(self, line: int) -> Problem:
        return Problem(
            "The last line is not whole: the file may be cut.", "Ask for the whole file again.", self.name, line
        )

    def _wrong_length(self, line: int, found: int) -> Problem:
        return Problem(
            "The line has %(found)d signs where %(expected)d are agreed.",
            "Check encoding and line_length of the settings, and the line in the sending system.",
            self.name,
            line,
            params={"found": found, "expected": self._lines.length},
        )

    def _unreadable(self, line: int, one: FixedField) -> Problem:
        if one.day is not None:
            return Problem(
                "The field holds no day of the form %(form)s.",
                "Correct it in the sending system, or day in the settings.",
                self.name,
                line,
                one.name,
                {"form": one.day},
            )
        return Problem(
            "The field holds no number.",
            "Correct it in the sending system, or decimals in the settings.",
            self.name,
            line,
            one.name,
        )


def _value(field: FixedField, text: str) -> str | None:
    """Return what a field's text means, and None where it means nothing."""
    if not text or text in field.blank:
        return ""
    if field.day is not None:
        return _day(text, field.day)
    return text if field.decimals is None else _number(text, field.decimals)


def _day(text: str, form: str) -> str | None:
    if not text.strip("0"):
        return ""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    year, month, day = (text[:4], text[4:6], text[6:]) if form == "yyyymmdd" else (text[4:], text[2:4], text[:2])
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _number(text: str, decimals: int) -> str | None:
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
    if not (digits.isascii() and digits.isdigit()):
        return None
    digits = digits.rjust(decimals + 1, "0")
    whole, rest = digits[: len(digits) - decimals].lstrip("0") or "0", digits[len(digits) - decimals :]
    return sign + (f"{whole}.{rest}" if rest else whole)
