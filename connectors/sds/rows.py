"""Rows of School Data Sync as items: one record a row, keyed by its id, or by what it is."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.contract import Item
from connectors.csv_file import Row
from connectors.csv_inspection import readable_key
from connectors.problem import Problem
from connectors.records import Record, Rejected, digest_of
from connectors.roster.checks import wrong_content
from connectors.roster.files import BundleFile
from connectors.roster.keys import joined
from connectors.roster.survey import Survey, base_key
from connectors.sds.files import STANDARD

Fields = dict[str, str]


class SdsRows:
    """Tells the rows of one file; columns that the file lacks are empty."""

    def __init__(self, file: BundleFile, columns: tuple[str, ...], known: Survey) -> None:
        self._file, self._columns, self._known = file, columns, known
        self._repeated = known.repeated.get(file.name, set())
        self._words = {words.column: words.words for words in file.words}
        self._first_lines: dict[str, int] = {}

    def __call__(self, row: Row) -> Iterator[Item]:
        """Yield the one item that a row is."""
        line, values, problem = row
        fields = dict.fromkeys(self._file.columns, "") | dict(zip(self._columns, values, strict=False))
        key = self._key(fields) if problem is None else self._key_beside(problem, fields, len(values))
        problem = problem or self._empty(line, fields) or self._twice(line, key)
        problem = problem or wrong_content(self._file, line, fields, self._known.ids, STANDARD)
        if problem is not None or key is None:
            assert problem is not None
            yield Rejected(str(self._file.kind), key, problem)
            return
        yield Record(str(self._file.kind), key, fields, digest_of(fields.values()), self._file.file, line)

    def _key(self, fields: Fields) -> str | None:
        """Return the row's key; None where a part of it is empty, or a word that the format does not have."""
        for part in self._file.parts:
            words = self._words.get(part)
            if not fields[part] or (words is not None and fields[part].strip().lower() not in words):
                return None
        key = base_key(self._file, fields)
        return key if key not in self._repeated else f"{key}/{joined(*(fields[name] for name in self._file.apart))}"

    def _key_beside(self, problem: Problem, fields: Fields, width: int) -> str | None:
        """Return the key of a row with a ``problem``; None where it cannot be told, or which of several it is."""
        readable = {part: readable_key(fields[part], part, problem) or "" for part in self._file.parts}
        key = self._key(fields | readable | dict.fromkeys(self._file.apart, ""))
        alike = key is None or base_key(self._file, fields | readable) in self._repeated
        return None if alike or (self._file.apart and width < len(self._columns)) else key

    def _empty(self, line: int, fields: Fields) -> Problem | None:
        missing = next((part for part in self._file.parts if not fields[part] and part not in self._words), None)
        if missing is None:
            return None
        return Problem("A value is missing.", "Fill it in where the data comes from.", self._file.file, line, missing)

    def _twice(self, line: int, key: str | None) -> Problem | None:
        first = self._first_lines.setdefault(key, line) if key is not None else line
        if first == line:
            return None
        return Problem(
            "The same is already said on line %(first)d.",
            "Say it once; rows of a file without ids must differ in whom and what they name.",
            self._file.file,
            line,
            self._file.parts[0],
            {"first": first},
        )
