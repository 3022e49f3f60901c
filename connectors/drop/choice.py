"""Which file of a folder is read, or in words why none is yet: the same rules whether the folder lies here or on
another server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Protocol

from connectors.contract import Retryable, Unreachable
from connectors.drop.order import FINLAND, Order, order_of, unpacked
from connectors.problem import Problem

UNFINISHED = (".part", ".partial", ".filepart", ".tmp")
"""What programs that transfer files put after a name until the file is whole."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of a folder: files whose name is like ``pattern``, with ``marker`` only where a file of that ending
    says that they are whole.

    A file must have stood still for ``settle_seconds``, and be at most ``oldest_days`` old (0: of today).
    """

    pattern: str
    marker: str | None = None
    settle_seconds: float = 60
    oldest_days: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of a plain file: its size in bytes, and when it was changed, in nanoseconds since 1970."""

    size: int
    changed: int


class Listing(Protocol):
    """A folder as it is looked at."""

    @property
    def field(self) -> str:
        """The setting that names it, for problems."""

    def names(self) -> list[str]:
        """Return the names of what lies there; raises ``ConnectorError``."""

    def look(self, name: str) -> Look | None:
        """Return what is seen of a plain file; None for anything else, and for one that is gone."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is there: how new it is, its size, and whether its name says that it is not whole."""

    name: str
    order: Order
    size: int
    unfinished: bool

    def require_same(self, now: Look | None) -> None:
        """Raise ``Retryable`` when the file is another than it was when the folder was looked at."""
        if now != Look(self.size, self.order.changed):
            raise Retryable(_writing(self.name))


def newest(folder: Listing, wanted: Wanted, last: str | None = None) -> Arrival:
    """Return the newest file of ``folder``.

    Raises ``Unreachable`` when none has come, or none of late; ``Retryable`` when the newest is not whole yet, or is
    older than the one that gave the checkpoint ``last``; and what looking at the folder raises.
    """
    found = max(_arrivals(folder, wanted.pattern), key=lambda one: one.order, default=None)
    if found is None:
        raise Unreachable(
            Problem(
                "No file has come whose name is like %(pattern)s.",
                "Check the transfer, and folder and pattern of the settings.",
                field=folder.field,
                params={"pattern": wanted.pattern},
            )
        )
    before = unpacked(last) if last is not None else None
    if before is not None and found.order < before and found.name != before.name:
        raise Retryable(_stale(found.name, before))
    if found.unfinished or abs(time.time() - found.order.changed / 1e9) < wanted.settle_seconds:
        raise Retryable(_writing(found.name))
    if wanted.marker is not None and not _is_marked(folder, found, wanted.marker):
        raise Retryable(_unmarked(found.name, wanted.marker))
    if wanted.oldest_days is not None:
        _require_recent(found, wanted.oldest_days)
    return found


def _arrivals(folder: Listing, pattern: str) -> Iterator[Arrival]:
    for name in folder.names():
        whole = next((name.removesuffix(end) for end in UNFINISHED if name.lower().endswith(end)), None)
        if name.startswith(".") or not name.isprintable() or not fnmatchcase(whole or name, pattern):
            continue
        if (seen := folder.look(name)) is not None:
            yield Arrival(name, order_of(name, seen.changed), seen.size, whole is not None)


def _is_marked(folder: Listing, found: Arrival, marker: str) -> bool:
    """Whether a file that says so is there, and is no older: one that was left from the last transfer says nothing."""
    for beside in (found.name + marker, PurePosixPath(found.name).stem + marker):
        seen = folder.look(beside)
        if seen is not None and seen.changed // 10**9 >= found.order.changed // 10**9:
            return True
    return False


def _require_recent(found: Arrival, oldest_days: int) -> None:
    today = datetime.fromtimestamp(time.time(), FINLAND).date()
    if found.order.day < today - timedelta(days=oldest_days):
        day = f"{found.order.day.day}.{found.order.day.month}.{found.order.day.year}"
        raise Unreachable(
            Problem(
                "No new file has come: the newest is of %(day)s.",
                "Check the transfer, and oldest_days of the settings.",
                found.name,
                params={"day": day},
            )
        )


def _stale(name: str, before: Order) -> Problem:
    return Problem(
        "This file is older than %(before)s, which was read last. It is not read.",
        "Put the newer file back or wait for the next one; iam source run --full reads the older one all the same.",
        name,
        params={"before": before.name},
    )


def _writing(name: str) -> Problem:
    return Problem(
        "The newest file is still being written, or was a moment ago.",
        "Run the source again later; settle_seconds says how long a file must have stood still.",
        name,
    )


def _unmarked(name: str, marker: str) -> Problem:
    return Problem(
        "The newest file has no marker %(marker)s yet that says that it is whole.",
        "Run the source again later; the sender leaves the marker after the file.",
        name,
        params={"marker": marker},
    )
