"""Turns at checking passwords: as many at once as there are processors, some waiting, and the rest told at once to come
again.

A rush of sign-ins thus takes neither every thread nor every database connection: whoever is signed in already is
answered as before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

AT_ONCE = min(8, max(2, os.cpu_count() or 2))
"""Passwords that a process checks at the same time; one more would only make the others slower."""
WAITING = 32
"""How many more may wait for their turn; a process has more threads than both together (``listen.threads``)."""
LONGEST = 5.0
"""Seconds that anybody waits at most."""
COME_AGAIN = 5
"""Seconds after which whoever got no turn is asked to try again."""


class Busy(Exception):
    """Too many wait already, or it took too long."""


class Turns:
    """The turns of one process."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING, longest: float = LONGEST) -> None:
        self._inside, self._places, self._longest = (
            BoundedSemaphore(at_once),
            BoundedSemaphore(at_once + waiting),
            longest,
        )

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn and have it for the block; raises ``Busy``. To be asked for before anything else is held."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            if not self._inside.acquire(timeout=self._longest):
                raise Busy
            try:
                yield
            finally:
                self._inside.release()
        finally:
            self._places.release()


TURNS = Turns()
"""This process's."""
