"""Rows of a table as employment records, each with its number as key."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from connectors.contract import Item
from connectors.csv_inspection import readable_key
from connectors.hr.columns import COLUMNS, KEY, KIND
from connectors.problem import Problem
from connectors.records import Record, Rejected, digest_of
from connectors.tables.table import Table


def employments(table: Table, names: Mapping[str, str]) -> Generator[Item, None, int]:
    """Yield every row of ``table``, which has our columns under ``names``, as an item; return how many there were."""
    file, key_column, rows = table.name, names.get(KEY, KEY), 0
    place, order = table.header.columns.index(key_column), _our_order(table, names)
    first_lines: dict[str, int] = {}
    for line, values, problem in table.rows():
        rows += 1
        if problem is not None:
            key = readable_key(values[place], key_column, problem) if len(values) > place else None
            yield Rejected(KIND, key, problem)
            continue
        key = values[place]
        first = first_lines.setdefault(key, line)
        if first != line or not key:
            yield Rejected(KIND, key or None, _wrong_key(key, file, line, first, key_column))
            continue
        values.append("")
        told = [values[at] for at in order]
        yield Record(KIND, key, dict(zip(COLUMNS, told, strict=True)), digest_of(told), file, line)
    return rows


def _our_order(table: Table, names: Mapping[str, str]) -> list[int]:
    """Return where in a row our columns stand; those that it lacks stand after its end."""
    theirs = {name: place for place, name in enumerate(table.header.columns)}
    lacking = len(theirs)
    return [theirs.get(names.get(ours, "") if names else ours, lacking) for ours in COLUMNS]


def _wrong_key(key: str, file: str, line: int, first: int, column: str) -> Problem:
    if not key:
        return Problem(
            "The row has no key.", "Give every employment relationship a number of its own.", file, line, column
        )
    return Problem(
        "The key is already on line %(first)d.",
        "Give every employment relationship a number of its own; send a correction in place of the old row.",
        file,
        line,
        column,
        {"first": first},
    )
