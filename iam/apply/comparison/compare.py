"""What a declaration would change: the difference between what is stated and what stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from iam import clock
from iam.apply.comparison.draft import Draft
from iam.apply.declared.differing import differing
from iam.apply.declared.shapes import ORDER, Shape
from iam.apply.schema.moments import from_end, from_start

Action = Literal["create", "change", "none"]
QUIET = frozenset(
    {"secret", "password", "settings", "jwks", "metadata", "given_names", "family_name", "email", "person"}
)
"""Fields of which only the name is told."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What applying would do to one thing. ``fields`` tells, for a change, each field's value before and after in
    words, ``told`` line by line what differs in them."""

    kind: str
    key: str
    action: Action
    fields: Mapping[str, tuple[str, str]]
    told: Sequence[str] = ()


def compare(draft: Draft) -> list[Difference]:
    """Return the difference of everything stated, in the order in which it is written."""
    return [
        difference(draft, kind, key, one.shape) for kind in ORDER for key, one in sorted(draft.stated(kind).items())
    ]


def difference(draft: Draft, kind: str, key: str, wanted: Shape) -> Difference:
    """Return what applying one shape would change."""
    standing = draft.standing(kind).get(key)
    if standing is None:
        return Difference(kind, key, "create", {})
    if kind == "client" and "secret" in wanted:
        standing = standing | {"secret": draft.state.secrets.get(key, set())}
    changed = {
        name: (before, value)
        for name, value in wanted.items()
        if (before := _without_history(name, standing.get(name), value)) != value
    }
    fields = {name: _told(name, *pair) for name, pair in changed.items()}
    told = [line for name, pair in changed.items() for line in _lines(name, *pair)]
    return Difference(kind, key, "change" if fields else "none", fields, told)


def _without_history(name: str, standing: Any, wanted: Any) -> Any:
    """Leave out what is over and not stated: it is history, which a declaration need not repeat."""
    if name not in ("affiliations", "permissions", "opened") or standing is None:
        return standing
    now = clock.now()
    return [row for row in standing if row[-1] > now or row in wanted]


def _told(name: str, before: Any, after: Any) -> tuple[str, str]:
    return ("…", "…") if name in QUIET else (in_words(before), in_words(after))


def _lines(name: str, before: Any, after: Any) -> Iterable[str]:
    return [name] if name in QUIET else differing(name, before, after, in_words)


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
