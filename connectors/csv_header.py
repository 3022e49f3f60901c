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
from connectors.signs import composed

_COLUMN_NAME = re.compile(r"[A-Za-z_.]{1,40}")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file must look like.

    ``columns`` are its names, case-sensitive and in order; ``delimiters`` those it may have. ``code_column`` alone may
    hold a personal identity code. Columns in ``dropped`` are never handed on, nor are columns after the agreed ones
    whose names begin with ``extension``. ``trailer`` says that a last line ``#rows`` may declare the number of rows. No
    sign without width may be in the columns ``keys``. In a ``loose`` file the columns are found by name, whatever
    others there are and in whatever order, and a row may lack empty fields at its end; one that is read ``by_name`` is
    as loose in its header alone. Where columns are ``optional``, though none be, all stand in any order among others,
    with the capitals agreed. Of a ``free`` one every column with a name of its own is taken. ``days`` are the columns
    in which a cell of a spreadsheet may be a day.
    """

    columns: tuple[str, ...]
    delimiters: str = ";,\t"
    code_column: str | None = None
    dropped: frozenset[str] = frozenset()
    extension: str | None = None
    trailer: bool = False
    keys: tuple[str, ...] = ()
    loose: bool = False
    by_name: bool = False
    optional: frozenset[str] | None = None
    free: bool = False
    days: frozenset[str] = frozenset()


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
    if layout.free:
        return _free_header(text, delimiter or layout.delimiters)
    agreed = {name.lower() for name in layout.columns}
    delimiter, names = max(
        ((each, _split(text, each)) for each in delimiter or layout.delimiters),
        key=lambda found: len(agreed.intersection(name.strip().lower() for name in found[1])),
    )
    expected = list(layout.columns)
    if layout.optional is not None:
        return _partial_header(names, layout, delimiter, file, line)
    if (layout.loose or layout.by_name) and (found := named_header(names, layout, delimiter)) is not None:
        return found
    if layout.by_name:
        missing = missing_of(names, layout)
        most = 2 * len(missing) > len(expected)
        raise Malformed(_no_header(layout, file, line) if most else lacking(missing, file, line))
    extensions = names[len(expected) :] if layout.extension else []
    if names[: len(expected)] != expected or not all(name.startswith(str(layout.extension)) for name in extensions):
        raise Malformed(_wrong_header(names, layout, file, line))
    if not layout.extension and len(names) != len(expected):
        raise Malformed(_wrong_header(names, layout, file, line))
    return _header(
        delimiter, names, {i for i, name in enumerate(names) if name in layout.dropped or i >= len(expected)}
    )


def _partial_header(names: list[str], layout: Layout, delimiter: str, file: str, line: int) -> Header:
    """Accept a header that has every column but the optional ones, and none of them twice."""
    needed = [name for name in layout.columns if name not in (layout.optional or ())]
    if 2 * sum(name in names for name in needed) < len(needed):
        raise Malformed(_no_header(layout, file, line))
    wrong = [name for name in layout.columns if names.count(name) not in ((1,) if name in needed else (0, 1))]
    if wrong:
        raise Malformed(
            Problem(
                "The header lacks these columns, or has one of them twice: %(missing)s.",
                "Write the column names exactly as agreed, capital letters too.",
                file,
                line,
                params={"missing": ", ".join(wrong)},
            )
        )
    read = set(layout.columns) - layout.dropped
    return _header(delimiter, names, {i for i, name in enumerate(names) if name not in read})


def _free_header(text: str, delimiters: str) -> Header:
    delimiter, names = max(((each, _split(text, each)) for each in delimiters), key=lambda found: len(found[1]))
    return free_header(names, delimiter)


def free_header(names: list[str], delimiter: str = "") -> Header:
    """Return the header of a table whose columns nobody agreed: those with a name of their own."""
    folded = [_folded(name) for name in names]
    return _header(delimiter, names, {i for i, name in enumerate(folded) if not name or folded.count(name) > 1})


def named_header(names: list[str], layout: Layout, delimiter: str = "") -> Header | None:
    """Return the header with the columns of ``layout`` wherever they stand, whatever their capitals; None when one is
    not there just once."""
    found = _by_name(names, list(layout.columns))
    if found is None:
        return None
    return _header(delimiter, found, {i for i, name in enumerate(found) if name not in layout.columns})


def missing_of(names: list[str], layout: Layout) -> list[str]:
    """Return the columns of ``layout`` that are not among ``names`` just once, whatever their capitals."""
    written = [_folded(name) for name in names]
    return [name for name in layout.columns if written.count(_folded(name)) != 1]


def lacking(missing: list[str], file: str, line: int) -> Problem:
    """Return the problem of a header in which the columns ``missing`` are not found."""
    return Problem(
        "The header lacks these columns, or has one of them twice: %(missing)s.",
        "Write each column name just once, as agreed.",
        file,
        line,
        params={"missing": ", ".join(missing)},
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
    written = {_folded(name): name for name in expected}
    found = [written.get(_folded(name), name) for name in names]
    return found if all(found.count(name) == 1 for name in expected) else None


def _folded(name: str) -> str:
    """Return a column's name as it is compared: without capitals, composed, and with every white space as one space."""
    return " ".join(composed(name).lower().split())


def _split(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _no_header(layout: Layout, file: str, line: int) -> Problem:
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


def _wrong_header(names: list[str], layout: Layout, file: str, line: int) -> Problem:
    missing = [name for name in layout.columns if name not in names]
    if 2 * len(missing) > len(layout.columns):
        return _no_header(layout, file, line)
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
