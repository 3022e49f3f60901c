"""What all files together state, by kind and key: items merged where several make one thing, refused where they
contradict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.problem import Problem
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Interval, Shape, interval
from iam.apply.schema.item import Dated


@dataclass(slots=True)
class Stated:
    """One thing as stated: its shape, where it stands, and the items it was stated by."""

    shape: Shape
    where: Where
    items: list[tuple[Any, Where]]


Things = Mapping[str, Stated]
"""What is stated of one kind, by key."""
Items = Sequence[tuple[Any, Where]]
"""The items of one section, with their places."""


@dataclass(slots=True)
class Declaration:
    """Everything stated, by kind and key. ``broken`` are the top-level keys under which an item could not be read."""

    things: dict[str, dict[str, Stated]] = field(default_factory=lambda: defaultdict(dict))
    problems: list[Problem] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def __getitem__(self, kind: str) -> dict[str, Stated]:
        return self.things[kind]

    def add(self, kind: str, key: str, shape: Shape, item: Any, where: Where) -> None:
        """State one thing; a second statement of the same is a problem."""
        first = self.things[kind].get(key)
        if first is None:
            self.things[kind][key] = Stated(shape, where, [(item, where)])
        else:
            self.problems.append(
                where.problem(
                    "This is stated twice; first at %(first)s.",
                    "Remove one of them.",
                    first=_elsewhere(first.where, where),
                )
            )

    def merge(self, kind: str, key: str, item: Any, where: Where) -> Stated:
        """State one thing of which there may be several items."""
        stated = self.things[kind].setdefault(key, Stated({}, where, []))
        stated.items.append((item, where))
        if isinstance(item, Dated):
            self.problems += empty_interval(interval(item), where)
        return stated

    def gather(self, kind: str, key: str, name: str, item: Dated, where: Where) -> None:
        """State that one thing holds in an item's time too; its times are kept, sorted, under ``name``."""
        shape = self.merge(kind, key, item, where).shape
        shape[name] = sorted([*shape.get(name, ()), interval(item)])


def _elsewhere(first: Where, second: Where) -> str:
    return first.words if first.file == second.file else f"{first.file}, {first.words}"


def empty_interval(given: Interval, where: Where) -> Iterator[Problem]:
    """Yield a problem when an interval ends before it begins."""
    if given[0] >= given[1]:
        yield where.at("to").problem("This ends before it begins.", "Write a last day that is not before the first.")


def one_each(kind: str, naming: str, shape: Callable[[Any], Shape]) -> Callable[[Declaration, Items], None]:
    """Return how a kind is declared of which each item is one thing, named by its field ``naming``."""

    def declare(found: Declaration, items: Items) -> None:
        for item, where in items:
            found.add(kind, getattr(item, naming), shape(item), item, where)

    return declare
