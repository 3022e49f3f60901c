"""Rows of a OneRoster bundle as items: one record a row, whose first columns are its sourcedId and status."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.contract import Item
from connectors.csv_file import Row
from connectors.csv_inspection import readable_key
from connectors.problem import Problem
from connectors.records import Deleted, Record, Rejected, digest_of
from connectors.roster.checks import wrong_content
from connectors.roster.files import BundleFile
from connectors.roster.survey import TO_BE_DELETED, Survey

Fields = dict[str, str]


class Rows:
    """Tells the rows of one file; ``shape`` makes of a sound row's fields those that are handed on."""

    def __init__(
        self,
        file: BundleFile,
        columns: tuple[str, ...],
        known: Survey,
        version: str,
        shape: Callable[[Fields], Fields] | None = None,
    ) -> None:
        self._file, self._columns, self._known = file, columns, known
        self._standard, self._shape = f"OneRoster {version}", shape
        self._first_lines: dict[str, int] = {}

    def __call__(self, row: Row) -> Iterator[Item]:
        """Yield the one item that a row is."""
        line, values, problem = row
        if problem is not None:
            key = readable_key(values[0], "sourcedId", problem) if values else None
        else:
            key = values[0] or None
            problem = wrong_beginning(self._file, line, values, self._first_lines)
        yield self._item(key, line, values) if problem is None else Rejected(str(self._file.kind), key, problem)

    def _item(self, key: str | None, line: int, values: list[str]) -> Item:
        kind = str(self._file.kind)
        if values[1] == TO_BE_DELETED:
            return Deleted(kind, values[0])
        fields = dict(zip(self._columns, values, strict=True))
        wrong = wrong_content(self._file, line, fields, self._known.ids, self._standard)
        if wrong is not None:
            return Rejected(kind, key, wrong)
        if self._shape is not None:
            fields = self._shape(fields)
        return Record(kind, values[0], fields, digest_of(fields.values()), self._file.file, line)


def wrong_beginning(file: BundleFile, line: int, values: list[str], first_lines: dict[str, int]) -> Problem | None:
    """Return what is wrong with the row's own sourcedId or status; write the status as the standard does."""
    key, status = values[0], values[1].strip().lower()
    if not key:
        return Problem("The row has no sourcedId.", "Give every row one.", file.file, line, "sourcedId")
    first = first_lines.setdefault(key, line)
    if first != line:
        return Problem(
            "The sourcedId is already on line %(first)d.",
            "Give every row of a file a sourcedId of its own.",
            file.file,
            line,
            "sourcedId",
            {"first": first},
        )
    if status not in ("", "active", TO_BE_DELETED):
        return Problem(
            "The status is not one of OneRoster.", "Leave it empty in a bulk file.", file.file, line, "status"
        )
    values[1] = status
    return None
