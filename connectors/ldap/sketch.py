"""A sketch of a set, small enough for a checkpoint, from which what is gone can be told.

An invertible Bloom look-up table: every element is added into three cells, each holding a count, the exclusive or of
the elements and of their checks. Subtracting the sketch of the new set from that of the old leaves the difference,
which is peeled off from cells that hold one element. About 50 differences fit; with more there is no answer, and the
set must be read in full.
"""

from __future__ import annotations

from base64 import b85decode, b85encode
from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct
from typing import Self

WIDTH = 33
"""Bytes of an element."""
CELLS = 81
_ROWS = 3
_CHECK = 3
_CELL = 2 + WIDTH + _CHECK
_WRAP = 1 << 16
_ROW = CELLS // _ROWS
_DIGEST = Struct(f">{_ROWS}I")


class Sketch:
    """A sketch of a set of elements of ``WIDTH`` bytes."""

    def __init__(self, elements: Iterable[bytes] = ()) -> None:
        self._counts = [0] * CELLS
        self._sums = [0] * CELLS
        self._checks = [0] * CELLS
        for element in elements:
            self._add(int.from_bytes(element, "big"), element, 1)

    def __str__(self) -> str:
        """Return the sketch as text of 3,848 characters."""
        cells = zip(self._counts, self._sums, self._checks, strict=True)
        return b85encode(
            b"".join(
                (count % _WRAP).to_bytes(2, "big") + total.to_bytes(WIDTH, "big") + check.to_bytes(_CHECK, "big")
                for count, total, check in cells
            )
        ).decode("ascii")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the sketch that ``str`` wrote; raises ``ValueError`` for any other text."""
        data = b85decode(text)
        if len(data) != CELLS * _CELL:
            raise ValueError("not a sketch")
        found = cls()
        for i in range(CELLS):
            cell = data[i * _CELL : (i + 1) * _CELL]
            found._counts[i] = int.from_bytes(cell[:2], "big")
            found._sums[i] = int.from_bytes(cell[2 : 2 + WIDTH], "big")
            found._checks[i] = int.from_bytes(cell[2 + WIDTH :], "big")
        return found

    def less(self, elements: Iterable[bytes]) -> Sketch:
        """Return this set without ``elements``; one that is not in it comes to be in it minus once."""
        left = Sketch()
        left._counts, left._sums, left._checks = [*self._counts], [*self._sums], [*self._checks]
        for element in elements:
            left._add(int.from_bytes(element, "big"), element, -1)
        return left

    def difference(self, now: Sketch) -> tuple[set[bytes], set[bytes]] | None:
        """Return the elements of this set that ``now`` lacks, and those that only ``now`` has.

        None when the sets differ by too much to tell.
        """
        left = Sketch()
        for i in range(CELLS):
            left._counts[i] = (self._counts[i] - now._counts[i]) % _WRAP
            left._sums[i] = self._sums[i] ^ now._sums[i]
            left._checks[i] = self._checks[i] ^ now._checks[i]
        return left._peel()

    def _peel(self) -> tuple[set[bytes], set[bytes]] | None:
        gone, new = set[bytes](), set[bytes]()
        waiting = list(range(CELLS))
        steps = 0
        while waiting and steps < 10 * CELLS:
            cell = waiting.pop()
            count = self._counts[cell]
            element = self._sums[cell].to_bytes(WIDTH, "big")
            if count not in (1, _WRAP - 1) or self._checks[cell] != _hash(element)[1]:
                continue
            steps += 1
            (gone if count == 1 else new).add(element)
            self._add(self._sums[cell], element, -1 if count == 1 else 1)
            waiting.extend(_hash(element)[0])
        return None if any(self._counts) or any(self._sums) else (gone, new)

    def _add(self, number: int, element: bytes, count: int) -> None:
        cells, check = _hash(element)
        for cell in cells:
            self._counts[cell] = (self._counts[cell] + count) % _WRAP
            self._sums[cell] ^= number
            self._checks[cell] ^= check


def _hash(element: bytes) -> tuple[tuple[int, int, int], int]:
    """Return the cell of the element in each row, and its check."""
    digest = blake2b(element, digest_size=_DIGEST.size + _CHECK).digest()
    one, two, three = _DIGEST.unpack_from(digest)
    return (one % _ROW, _ROW + two % _ROW, 2 * _ROW + three % _ROW), int.from_bytes(digest[_DIGEST.size :], "big")
