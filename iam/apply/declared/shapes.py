"""Shapes: what is stated and what stands, brought to the same plain values so that they can be compared and written
out.

A shape is a mapping of field to value. Intervals are pairs of instants, references are keys, lists without an order are
sorted. A field that is not in a stated shape is not asked for (a password that is not given).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from iam.apply.schema.item import Dated, Names
from iam.apply.schema.moments import end_of, start_of

Shape = dict[str, Any]
Interval = tuple[datetime, datetime]


def interval(item: Dated) -> Interval:
    """Return the instants from and to which an item holds."""
    return start_of(item.from_), end_of(item.to)


def names(item: Names | None) -> dict[str, str] | None:
    """Return a name by language."""
    return None if item is None else item.model_dump()


def right_parts(right: str) -> tuple[str, str]:
    """Return the data group and the operation of a right as it is stated, ``oppilaat:read``."""
    group, _, operation = right.partition(":")
    return group, operation
