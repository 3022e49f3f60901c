"""Random bytes for a load, which draws half a million times."""

from __future__ import annotations

import os
from collections.abc import Callable

Draw = Callable[[int], bytes]
"""Gives so many random bytes that nobody can foresee."""
BLOCK = 65536


class Entropy:
    """Random bytes of the operating system, asked for in blocks: each call to it takes longer than what the bytes are
    for.

    For one load in one thread: two that shared a block (a fork) would draw the same.
    """

    def __init__(self) -> None:
        self._block, self._at = b"", 0

    def __call__(self, size: int) -> bytes:
        """Return the next ``size`` bytes, at most ``BLOCK``; none is given twice."""
        at, end = self._at, self._at + size
        if end > len(self._block):
            self._block, at, end = os.urandom(BLOCK), 0, size
        self._at = end
        return self._block[at:end]
