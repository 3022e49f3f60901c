"""A hard end for one network operation: it runs in a thread of its own, and when its time is up the socket is closed.

A socket's timeout starts anew with every byte, so a server that drips one byte at a time holds a reader for ever; here
the caller waits for the whole operation and no longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Result = TypeVar("Result")

_ABORTS = 10
_PAUSE = 0.02
"""Seconds between two aborts: a handshake may swap the socket just as the first one closes it."""


class DeadlinePassed(Exception):
    """The operation did not end in time; it was aborted."""


class Deadline:
    """``seconds`` from now, for one operation or for several that share it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left, never below 0."""
        return max(self._end - time.monotonic(), 0)

    def run(self, operation: Callable[[], Result], abort: Callable[[], None]) -> Result:
        """Return what ``operation`` returns or raise what it raises; raise ``DeadlinePassed`` when the time is up.

        ``abort`` must make the operation end soon, from another thread, and may be called repeatedly.
        """
        outcome: SimpleQueue[_Outcome[Result]] = SimpleQueue()
        thread = Thread(target=lambda: outcome.put(_outcome_of(operation)), daemon=True, name="deadline")
        thread.start()
        try:
            return outcome.get(timeout=self.remaining()).get()
        except Empty:
            _end(thread, abort)
            raise DeadlinePassed from None


class _Outcome(Generic[Result]):
    def __init__(self, result: Result | None, error: Exception | None) -> None:
        self._result = result
        self._error = error

    def get(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]  # None only where Result admits it


def _outcome_of(operation: Callable[[], Result]) -> _Outcome[Result]:
    try:
        return _Outcome(operation(), None)
    except Exception as error:  # noqa: BLE001  # handed to the thread that waits
        return _Outcome(None, error)


def _end(thread: Thread, abort: Callable[[], None]) -> None:
    for _ in range(_ABORTS):
        abort()
        thread.join(_PAUSE)
        if not thread.is_alive():
            return
