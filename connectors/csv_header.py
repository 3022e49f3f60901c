"""The header line of a CSV file: found delimiter, and an exact comparison with the columns agreed.

A file whose header is missing has a row of personal data where the header should be, so a name that was not agreed is repeated in
a message only when most of the agreed ones are there and it looks like a column's name.
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

    ``columns`` are its names, case-sensitive and in order; ``delimiters`` those it may have. ``code_column`` alone may hold a
    personal identity code. Columns in ``dropped`` are never handed on, nor are columns after the agreed ones whose names begin
    with ``extension``. ``trailer`` says that a last line ``#rows`` may declare the number of rows.
    """

    columns: tuple[str, ...]
    delimiters: str = ";,"
    code_column: str | None = None
    dropped: frozenset[str] = frozenset()
    extension: str | None = None
    trailer: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was accepted: ``width`` fields a line, of which those at ``dropped`` (highest first) are not read."""

    delimiter: str
    width: int
    columns: tuple[str, ...]
    dropped: tuple[int, ...]
    digest: str


def parse_header(line: str, layout: Layout, file: str) -> Header:
    """Accept the first line of ``file``, or raise ``Malformed`` naming what is missing, unknown, repeated or out of order."""
    delimiter, names = max(
        ((delimiter, _split(line, delimiter)) for delimiter in layout.delimiters),
        key=lambda found: len(set(layout.columns).intersection(found[1])),
    )
    expected = list(layout.columns)
    extensions = names[len(expected) :] if layout.extension else []
    if names[: len(expected)] != expected or not all(name.startswith(str(layout.extension)) for name in extensions):
        raise Malformed(_wrong_header(names, layout, file))
    if not layout.extension and len(names) != len(expected):
        raise Malformed(_wrong_header(names, layout, file))
    dropped = {i for i, name in enumerate(names) if name in layout.dropped or i >= len(expected)}
    return Header(
        delimiter=delimiter,
        width=len(names),
        columns=tuple(name for i, name in enumerate(names) if i not in dropped),
        dropped=tuple(sorted(dropped, reverse=True)),
        digest=sha256("\x1f".join(names).encode()).hexdigest(),
    )


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _wrong_header(names: list[str], layout: Layout, file: str) -> Problem:
    missing = [name for name in layout.columns if name not in names]
    if 2 * len(missing) > len(layout.columns):
        return Problem(
            "The first line is not the header.",
            "Begin the file with the column names, parted by %(delimiters)s: %(columns)s.",
            file,
            1,
            params={"delimiters": " / ".join(layout.delimiters), "columns": ", ".join(layout.columns)},
        )
    if missing:
        return Problem(
            "The header lacks %(missing)s; it has unknown columns: %(unknown)s.",
            "Write the column names exactly as agreed, capital letters too.",
            file,
            1,
            params={"missing": ", ".join(missing), "unknown": _unknown(names, layout)},
        )
    return _wrong_rest(names, layout, file)


def _wrong_rest(names: list[str], layout: Layout, file: str) -> Problem:
    if len(names) == len(layout.columns):
        return Problem(
            "The columns of the header are not in the agreed order.",
            "Write them in this order: %(columns)s.",
            file,
            1,
            params={"columns": ", ".join(layout.columns)},
        )
    return Problem(
        "The header has columns that are not agreed or are there twice: %(unknown)s.",
        "Remove them from the file.",
        file,
        1,
        params={"unknown": _unknown(names, layout)},
    )


def _unknown(names: list[str], layout: Layout) -> str:
    """Name the columns that are too many, by position where the name could be a value."""
    odd = [(i, name) for i, name in enumerate(names, 1) if name not in layout.columns or name in names[: i - 1]]
    return ", ".join(name if _COLUMN_NAME.fullmatch(name) else f"#{i}" for i, name in odd) or "-"
