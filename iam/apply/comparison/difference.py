"""A difference between what is stated and what stands, and how a value in it is read by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from iam.apply.schema.moments import from_end, from_start

Action = Literal["create", "change", "none"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What applying would do to one thing. ``fields`` tells, for a change, each field's value before and after in
    words, ``told`` line by line what differs in them; ``values`` holds both as they are stated (before: None for what
    is new), for whoever says it in sentences."""

    kind: str
    key: str
    action: Action
    fields: Mapping[str, tuple[str, str]]
    told: Sequence[str] = ()
    values: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


def in_words(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {in_words(part)}" for name, part in value.items())
    if isinstance(value, tuple) and len(value) >= 2 and all(isinstance(part, datetime) for part in value[-2:]):
        return " ".join([*(in_words(part) for part in value[:-2]), _interval(value[-2], value[-1])]).strip()
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_ordered(value)) or "–"
    return value.isoformat() if isinstance(value, date) else str(value)


def _ordered(values: Iterable[Any]) -> list[str]:
    return [in_words(value) for value in values]


def _interval(start: datetime, end: datetime) -> str:
    return f"{from_start(start) or ''}…{from_end(end) or ''}"
