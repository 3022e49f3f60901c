"""The newest whole file of a folder, or in words why there is none yet."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from connectors.contract import Refused, Retryable, Unreachable
from connectors.drop.order import FINLAND, Order, order_of, unpacked
from connectors.input_file import InputFile
from connectors.problem import Problem

UNFINISHED = (".part", ".partial", ".filepart", ".tmp")
"""What programs that transfer files put after a name until the file is whole."""


@dataclass(frozen=True, slots=True)
class DropFolder:
    """What is read of ``path``: files whose name is like ``pattern``, with ``marker`` only where a file of that ending
    says that they are whole.

    A file must have stood still for ``settle_seconds``, and be at most ``oldest_days`` old (0: of today).
    """

    path: Path
    pattern: str
    marker: str | None = None
    settle_seconds: float = 60
    oldest_days: int | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that is there: how new it is, its size, and whether its name says that it is not whole."""

    path: Path
    order: Order
    size: int
    unfinished: bool

    def open(self) -> InputFile:
        """Open the file; raises ``Retryable`` when it is another than it was when the folder was looked at."""
        file = InputFile(self.path, follow=False)
        now = os.fstat(file.stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.size, self.order.changed):
            file.stream.close()
            raise Retryable(_writing(self.path.name))
        return file


def newest(folder: DropFolder, last: str | None = None) -> Arrival:
    """Return the newest file of ``folder``.

    Raises ``Unreachable`` when none has come, or none of late; ``Retryable`` when the newest is not whole yet, or is
    older than the one that gave the checkpoint ``last``; ``Refused`` when the folder may not be read.
    """
    found = max(_arrivals(folder), key=lambda one: one.order, default=None)
    if found is None:
        raise Unreachable(
            Problem(
                "No file has come whose name is like %(pattern)s.",
                "Check the transfer, and folder and pattern of the settings.",
                field="folder",
                params={"pattern": folder.pattern},
            )
        )
    name = found.path.name
    before = unpacked(last) if last is not None else None
    if before is not None and found.order < before and name != before.name:
        raise Retryable(_stale(name, before))
    if found.unfinished or abs(time.time() - found.order.changed / 1e9) < folder.settle_seconds:
        raise Retryable(_writing(name))
    if folder.marker is not None and not _is_marked(found, folder.marker):
        raise Retryable(_unmarked(name, folder.marker))
    if folder.oldest_days is not None:
        _require_recent(found, folder.oldest_days)
    return found


def _arrivals(folder: DropFolder) -> Iterator[Arrival]:
    try:
        with os.scandir(folder.path) as entries:
            names = [entry.name for entry in entries]
    except PermissionError:
        raise Refused(
            Problem(
                "The folder may not be read.", "Give the account of the service permission to read it.", field="folder"
            )
        ) from None
    except OSError:
        raise Unreachable(
            Problem("The folder is not there.", "Check the setting folder, and that it is mounted.", field="folder")
        ) from None
    for name in names:
        whole = next((name.removesuffix(end) for end in UNFINISHED if name.lower().endswith(end)), None)
        if name.startswith(".") or not name.isprintable() or not fnmatchcase(whole or name, folder.pattern):
            continue
        try:
            status = (folder.path / name).lstat()
        except OSError:
            continue  # taken away since the folder was looked at
        if stat.S_ISREG(status.st_mode):
            order = order_of(name, status.st_mtime_ns)
            yield Arrival(folder.path / name, order, status.st_size, whole is not None)


def _is_marked(found: Arrival, marker: str) -> bool:
    """Whether a file that says so is there, and is no older: one that was left from the last transfer says nothing."""
    for beside in (found.path.name + marker, found.path.stem + marker):
        try:
            status = (found.path.parent / beside).lstat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode) and int(status.st_mtime) >= found.order.changed // 10**9:
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
                found.path.name,
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
