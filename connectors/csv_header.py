"""The header line of a CSV file: found delimiter, and an exact comparison with the columns agreed.

A file whose header is missing has a row of personal data where the header should be, so a name that was not agreed is
repeated in a message only when most of the agreed ones are there and it looks like a column's name.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from hashlib import sha256

from connectors.contract import Malformed
from connectors.problem import Problem

_COLUMN_NAME = re.compile(r"[A-Za-z_.]{1,40}")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file must look like.

    ``columns`` are its names, case-sensitive and in order; ``delimiters`` those it may have. ``code_column`` alone may
    hold a personal identity code. Columns in ``dropped`` are never handed on, nor are columns after the agreed ones
    whose names begin with ``extension``. ``trailer`` says that a last line ``#rows`` may declare the number of rows. No
    sign without width may be in the column ``key``. In a ``loose`` file the columns are found by name, whatever others
    there are and in whatever order.
    """

    columns: tuple[str, ...]
    delimiters: str = ";,\t"
    code_column: str | None = None
    dropped: frozenset[str] = frozenset()
    extension: str | None = None
    trailer: bool = False
    key: str | None = None
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was accepted: ``width`` fields a line, of which those at ``dropped`` (highest first) are not
    read."""

    delimiter: str
    width: int
    columns: tuple[str, ...]
    dropped: tuple[int, ...]
    digest: str


def parse_header(text: str, layout: Layout, file: str, line: int = 1, delimiter: str | None = None) -> Header:
    """Accept the header of ``file``, or raise ``Malformed`` naming what is missing, unknown, repeated or out of order.

    ``text`` is its ``line``; ``delimiter`` is the one that the file itself names.
    """
    agreed = {name.lower() for name in layout.columns}
    delimiter, names = max(
        ((each, _split(text, each)) for each in delimiter or layout.delimiters),
        key=lambda found: len(agreed.intersection(name.strip().lower() for name in found[1])),
    )
    expected = list(layout.columns)
    if layout.loose and (found := _by_name(names, expected)) is not None:
        return _header(delimiter, found, {i for i, name in enumerate(found) if name not in expected})
    extensions = names[len(expected) :] if layout.extension else []
    if names[: len(expected)] != expected or not all(name.startswith(str(layout.extension)) for name in extensions):
        raise Malformed(_wrong_header(names, layout, file, line))
    if not layout.extension and len(names) != len(expected):
        raise Malformed(_wrong_header(names, layout, file, line))
    return _header(
        delimiter, names, {i for i, name in enumerate(names) if name in layout.dropped or i >= len(expected)}
    )


def _header(delimiter: str, names: list[str], dropped: set[int]) -> Header:
    return Header(
        delimiter=delimiter,
        width=len(names),
        columns=tuple(name for i, name in enumerate(names) if i not in dropped),
        dropped=tuple(sorted(dropped, reverse=True)),
        digest=sha256("\x1f".join(names).encode()).hexdigest(),
    )


def _by_name(names: list[str], expected: list[str]) -> list[str] | None:
    """Return ``names`` with the expected ones written as agreed, whatever their capitals; None when one is not there
    just once."""
    written = {name.lower(): name for name in expected}
    found = [written.get(name.strip().lower(), name) for name in names]
    return found if all(found.count(name) == 1 for name in expected) else None


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _wrong_header(names: list[str], layout: Layout, file: str, line: int) -> Problem:
    missing = [name for name in layout.columns if name not in names]
    if 2 * len(missing) > len(layout.columns):
        return Problem(
            "The first line is not the header.",
            "Begin the file with the column names, parted by %(delimiters)s: %(columns)s.",
            file,
            line,
            params={
                "delimiters": " / ".join(layout.delimiters).replace("\t", "TAB"),
                "columns": ", ".join(layout.columns),
            },
        )
    if missing:
        return Problem(
            "The header lacks %(missing)s; it has unknown columns: %(unknown)s.",
            "Write the column names exactly as agreed, capital letters too.",
            file,
            line,
            params={"missing": ", ".join(missing), "unknown": _unknown(names, layout)},
        )
    return _wrong_rest(names, layout, file, line)


def _wrong_rest(names: list[str], layout: Layout, file: str, line: int) -> Problem:
    if len(names) == len(layout.columns):
        return Problem(
            "The columns of the header are not in the agreed order.",
            "Write them in this order: %(columns)s.",
            file,
            line,
            params={"columns": ", ".join(layout.columns)},
        )
    return Problem(
        "The header has columns that are not agreed or are there twice: %(unknown)s.",
        "Remove them from the file.",
        file,
        line,
        params={"unknown": _unknown(names, layout)},
    )


def _unknown(names: list[str], layout: Layout) -> str:
    """Name the columns that are too many, by position where the name could be a value."""
    odd = [(i, name) for i, name in enumerate(names, 1) if name not in layout.columns or name in names[: i - 1]]
    return ", ".join(name if _COLUMN_NAME.fullmatch(name) else f"#{i}" for i, name in odd) or "-"
