"""Rows of a table as employment records, each with its key."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from connectors.contract import Item
from connectors.hr.columns import COLUMNS, DAYS, KIND
from connectors.hr.days import in_iso, no_day
from connectors.hr.row_key import RowKey, row_key
from connectors.hr.settings import HrSettings
from connectors.problem import Problem
from connectors.records import Record, Rejected, digest_of
from connectors.tables.table import Table


def employments(table: Table, settings: HrSettings) -> Generator[Item, None, int]:
    """Yield every row of ``table``, which is as the settings say, as an item; return how many there were."""
    names, form, rows = settings.columns, settings.day_form, 0
    key_of = row_key(table.header.columns, names, settings.key_of, form)
    order, days = _our_order(table, names), [COLUMNS.index(column) for column in sorted(DAYS)] if form else []
    first_lines: dict[str, int] = {}
    for line, values, problem in table.rows():
        rows += 1
        if problem is not None:
            yield Rejected(KIND, key_of.readable(values, problem), problem)
            continue
        key = key_of.of(values)
        first = first_lines.setdefault(key, line)
        if first != line or not key:
            yield Rejected(KIND, key or None, _wrong_key(key, table.name, line, first, key_of))
            continue
        values.append("")
        told = [values[at] for at in order]
        wrong = next((at for at in days if not _put(told, at, form)), None)
        if wrong is not None and form is not None:
            column = names.get(COLUMNS[wrong], COLUMNS[wrong])
            yield Rejected(KIND, key, no_day(form, table.name, line, column))
            continue
        yield Record(KIND, key, dict(zip(COLUMNS, told, strict=True)), digest_of(told), table.name, line)
    return rows


def _put(told: list[str], at: int, form: str | None) -> bool:
    """Put a day as it is read everywhere in its place; say whether it is one, or empty."""
    if not told[at].strip():
        return True
    read = in_iso(told[at], form)
    told[at] = read or told[at]
    return read is not None


def _our_order(table: Table, names: Mapping[str, str]) -> list[int]:
    """Return where in a row our columns stand; those that it lacks stand after its end."""
    theirs = {name: place for place, name in enumerate(table.header.columns)}
    lacking = len(theirs)
    return [theirs.get(names.get(ours, "") if names else ours, lacking) for ours in COLUMNS]


def _wrong_key(key: str, file: str, line: int, first: int, key_of: RowKey) -> Problem:
    if not key and key_of.composed:
        return Problem(
            "The row has no key: a column of which it is made is empty, or holds no day.",
            "Fill in each of them in the sending system, or leave it out of key_of.",
            file,
            line,
            key_of.name,
        )
    if not key:
        return Problem(
            "The row has no key.", "Give every employment relationship a number of its own.", file, line, key_of.name
        )
    if key_of.composed:
        return Problem(
            "The key is already on line %(first)d.",
            "Add a column to key_of that tells the two apart; send a correction in place of the old row.",
            file,
            line,
            key_of.name,
            {"first": first},
        )
    return Problem(
        "The key is already on line %(first)d.",
        "Give every employment relationship a number of its own; send a correction in place of the old row.",
        file,
        line,
        key_of.name,
        {"first": first},
    )
