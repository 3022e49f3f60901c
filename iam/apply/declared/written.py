"""What stands as it is written out: items without what says nothing, with days where an instant is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from iam.apply.declared.shapes import Shape
from iam.apply.schema.moments import from_end, from_start

Row = dict[str, Any]
"""An item as it is written out."""


def plain(row: Mapping[str, Any]) -> Row:
    """Leave out what says nothing."""
    return {name: value for name, value in row.items() if value not in (None, [], {})}


def dated(start: Any, end: Any) -> Row:
    """Return from which day to which last day something holds, where that is known."""
    return plain({"from": from_start(start), "to": from_end(end)})


def granted(holder: Row, permits: Iterable[tuple[str, datetime, datetime]]) -> Iterator[Row]:
    """Yield what a holder may, an item for each time in which it is the same."""
    by_time: dict[tuple[datetime, datetime], list[str]] = {}
    for permission, start, end in permits:
        by_time.setdefault((start, end), []).append(permission)
    for times, permissions in by_time.items():
        yield holder | {"permissions": permissions} | dated(*times)


def live(shape: Shape) -> Row:
    """Leave out what says nothing, and of what is in use that it is not retired."""
    return plain(shape | {"retired": shape["retired"] or None})
