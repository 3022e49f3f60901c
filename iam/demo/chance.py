"""Choices that look random and are not: a hash of seed, stream and index."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


def value(seed: str, stream: str, index: int | str, n: int) -> int:
    """Return a number in ``[0, n)``: the first 8 bytes, big-endian, of SHA-256 over ``seed/stream/index``, modulo
    ``n``."""
    return int.from_bytes(sha256(f"{seed}/{stream}/{index}".encode()).digest()[:8], "big") % n


@dataclass(frozen=True, slots=True)
class Weighted:
    """Options with whole weights of at least 1, ready to be picked from many times."""

    options: tuple[str, ...]
    bounds: tuple[int, ...]

    @staticmethod
    def of(weights: Sequence[tuple[str, int]]) -> Weighted:
        """Build from ``(option, weight)`` pairs; at least one."""
        return Weighted(tuple(option for option, _ in weights), tuple(accumulate(weight for _, weight in weights)))


@dataclass(frozen=True, slots=True)
class Chance:
    """The choices of one seed."""

    seed: str

    def below(self, stream: str, index: int | str, n: int) -> int:
        """Return a number in ``[0, n)``."""
        return value(self.seed, stream, index, n)

    def pick(self, stream: str, index: int | str, options: Sequence[T]) -> T:
        """Return one of ``options``, each as likely as the others."""
        return options[value(self.seed, stream, index, len(options))]

    def weigh(self, stream: str, index: int | str, weighted: Weighted) -> str:
        """Return one option, as likely as its weight says."""
        return weighted.options[bisect_right(weighted.bounds, value(self.seed, stream, index, weighted.bounds[-1]))]
