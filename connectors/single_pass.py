"""The one implementation of ``Reading``: a generator of items whose return value is the evidence."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from connectors.contract import Checkpoint, Item
from connectors.records import Evidence

Outcome = tuple[Evidence, Checkpoint | None]


class SinglePass:
    """A ``Reading`` over ``items``: nothing is opened before the first item, and closing it ends the generator."""

    def __init__(self, items: Generator[Item, None, Outcome]) -> None:
        self._items = items
        self._started = False
        self._outcome: Outcome | None = None

    def __iter__(self) -> Iterator[Item]:
        """Yield every item once; a second iteration raises ``RuntimeError``."""
        if self._started:
            raise RuntimeError("a reading is a single pass: it was already begun or closed")
        self._started = True
        self._outcome = yield from self._items

    @property
    def evidence(self) -> Evidence:
        """See ``Reading.evidence``."""
        return self._ended()[0]

    @property
    def checkpoint(self) -> Checkpoint | None:
        """See ``Reading.checkpoint``; like the evidence it is known after the last item only."""
        return self._ended()[1]

    def close(self) -> None:
        """See ``Reading.close``."""
        self._started = True
        self._items.close()

    def _ended(self) -> Outcome:
        if self._outcome is None:
            raise RuntimeError("a reading knows its evidence and checkpoint after the last item only")
        return self._outcome
