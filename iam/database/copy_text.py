"""Rows as the text that PostgreSQL's COPY reads, made column by column: a value at a time costs twice as much."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from types import NoneType
from typing import Any
from uuid import UUID

BLOCK = 5000
"""Rows of one block of text."""
_ABSENT = "\\N"
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def blocks(rows: Iterable[Sequence[Any]]) -> Iterator[tuple[str, int]]:
    """Yield the text of ``rows`` in blocks, each with its number of rows; raises ``KeyError`` for a type that no column
    has."""
    rest = iter(rows)
    while block := list(islice(rest, BLOCK)):
        columns = [_column(values) for values in zip(*block, strict=True)]
        yield "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n", len(block)


def _column(values: Sequence[Any]) -> Iterable[str]:
    kinds = set(map(type, values))
    if kinds <= {str, NoneType}:
        return _texts(values, NoneType in kinds)
    if kinds == {UUID}:
        return [f"{value.int:032x}" for value in values]
    if len(kinds) == 1:
        return map(_WRITTEN[kinds.pop()], values)
    return [_WRITTEN[value.__class__](value) for value in values]


def _texts(values: Sequence[Any], some_absent: bool) -> Sequence[str]:
    if _SPECIAL.search("".join(filter(None, values))) is not None:
        return [_WRITTEN[value.__class__](value) for value in values]
    return [_ABSENT if value is None else value for value in values] if some_absent else values


def _text(value: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], value)


_repeated = lru_cache(maxsize=65536)(str)
"""Days and instants are few in a load and each is written many times."""

_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    NoneType: lambda _: _ABSENT,
    str: _text,
    UUID: lambda value: value.hex,
    bool: lambda value: "t" if value else "f",
    int: str,
    bytes: lambda value: "\\\\x" + value.hex(),
    date: _repeated,
    datetime: _repeated,
}
