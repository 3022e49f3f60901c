"""What a declaration would change: the difference between what is stated and what stands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from iam import clock
from iam.apply.comparison.difference import Difference, in_words
from iam.apply.comparison.draft import Draft
from iam.apply.declared.differing import differing
from iam.apply.declared.shapes import Shape
from iam.apply.kind import Kind
from iam.apply.registry import KINDS


def compare(draft: Draft) -> list[Difference]:
    """Return the difference of everything stated, in the order in which it is written."""
    return [
        difference(kind, key, draft.standing(kind.name).get(key), one.shape)
        for kind in KINDS
        for key, one in sorted(draft.stated(kind.name).items())
    ]


def difference(kind: Kind, key: str, standing: Shape | None, wanted: Shape) -> Difference:
    """Return what applying one shape would change; nothing stands for None."""
    if standing is None:
        new = {name: (None, value) for name, value in wanted.items()}
        return Difference(kind.name, key, "create", {}, values=_open(kind, new))
    changed = {
        name: (before, value)
        for name, value in wanted.items()
        if (before := _without_history(kind, name, standing.get(name), value)) != value
    }
    fields = {name: _told(kind, name, *pair) for name, pair in changed.items()}
    told = [line for name, pair in changed.items() for line in _lines(kind, name, *pair)]
    return Difference(kind.name, key, "change" if fields else "none", fields, told, _open(kind, changed))


def _open(kind: Kind, values: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    return {name: pair for name, pair in values.items() if name not in kind.quiet}


def _without_history(kind: Kind, name: str, standing: Any, wanted: Any) -> Any:
    """Leave out what is over and not stated: it is history, which a declaration need not repeat."""
    if name not in kind.history or standing is None:
        return standing
    now = clock.now()
    return [row for row in standing if row[-1] > now or row in wanted]


def _told(kind: Kind, name: str, before: Any, after: Any) -> tuple[str, str]:
    return ("…", "…") if name in kind.quiet else (in_words(before), in_words(after))


def _lines(kind: Kind, name: str, before: Any, after: Any) -> Iterable[str]:
    return [name] if name in kind.quiet else differing(name, before, after, in_words, kind.parts)
