"""What differs between two values of a field, and nothing of what is the same in both. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

Words = Callable[[Any], str]
"""How a value is written."""
SHORT, AROUND = 60, 20
"""Texts of so many characters are told whole; of longer ones what differs, with so many characters around it."""
Parts = Mapping[str, Sequence[str]]
"""What the parts of a field's rows are called; of others they have numbers."""
NO_PARTS: Parts = {}


def differing(name: str, before: Any, after: Any, words: Words, parts: Parts = NO_PARTS) -> Iterator[str]:
    """Yield a line for each thing that differs: ``pattern.bind.a.occupation: lehtori → rehtori``, ``members: + aino, −
    eero``."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            if before.get(key) != after.get(key):
                yield from differing(f"{name}.{key}", before.get(key), after.get(key), words, parts)
    elif _is_many(before) and _is_many(after):
        yield from _of_many(name, list(before), list(after), words, parts)
    elif _is_row(before) and _is_row(after):
        yield from _of_rows(name, before, after, words, parts)
    else:
        yield f"{name}: {' → '.join(_apart(words(before), words(after)))}"


def _of_many(name: str, before: list[Any], after: list[Any], words: Words, parts: Parts) -> Iterator[str]:
    gone, come = [one for one in before if one not in after], [one for one in after if one not in before]
    if len(gone) == len(come) == 1 and not _is_told_whole(gone[0]):
        yield from differing(name, gone[0], come[0], words, parts)
    elif gone or come:
        yield f"{name}: {', '.join([*(f'+ {words(one)}' for one in come), *(f'− {words(one)}' for one in gone)])}"
    else:
        yield f"{name}: {words(before)} → {words(after)}"


def _of_rows(name: str, before: Any, after: Any, words: Words, parts: Parts) -> Iterator[str]:
    rows = [_with_interval(row) for row in (before, after)]
    called = parts.get(name, ())
    for n, (one, other) in enumerate(zip(*rows, strict=False)):
        if one != other:
            yield from differing(f"{name}.{called[n] if n < len(called) else n + 1}", one, other, words, parts)


def _with_interval(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row with the two instants at its end, if it has them, as one thing."""
    return (*row[:-2], row[-2:]) if _is_interval(row[-2:]) else row


def _is_many(value: Any) -> bool:
    return isinstance(value, list | set | frozenset) or (
        isinstance(value, tuple) and bool(value) and all(isinstance(one, tuple) for one in value)
    )


def _is_row(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) > 1 and not _is_interval(value)


def _is_told_whole(value: Any) -> bool:
    """Whether it is one thing, or a pair of a kind that has no parts of its own to be told."""
    return not isinstance(value, Mapping) and not (_is_row(value) and len(value) > 2)


def _is_interval(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(one, datetime) for one in value)


def _apart(before: str, after: str) -> tuple[str, str]:
    """Cut what two long texts begin and end with alike, but for some of it."""
    if max(len(before), len(after)) <= SHORT:
        return before, after
    same = _alike(before, after)
    first, last = max(0, same - AROUND), max(0, _alike(before[same:][::-1], after[same:][::-1]) - AROUND)
    return _cut(before, first, last), _cut(after, first, last)


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    ends = (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(ends, min(len(one), len(other)))


def _cut(text: str, first: int, last: int) -> str:
    return f"{'…' * (first > 0)}{text[first : len(text) - last]}{'…' * (last > 0)}"
