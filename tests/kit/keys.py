"""Signing keys for tests: a few made once a worker and used in turn, for making or reading an RSA key costs more than
most tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from joserfc import jwk

from iam.database.types import uuid7
from iam.tokens import jose

SIZE = 6
"""Keys of each algorithm; as many in a row are all different."""


class KeyPool:
    """Stands in for ``jose.generate`` and ``jose.load``. Each of our own keys has the name asked for, and the numbers
    of one of a few."""

    def __init__(self) -> None:
        self._make, self._read = jose.generate, jose.load
        self._turns: dict[str, count[int]] = {}
        self._numbers: dict[tuple[str, int], jwk.Key] = {}
        self._given: dict[str, jwk.Key] = {}

    def generate(self, algorithm: str, kid: str) -> jwk.Key:
        """Return a private key of the algorithm: with numbers of the pool, or under a name that a test gives a fresh
        one."""
        if len(kid) != len(uuid7().hex):
            return self._make(algorithm, kid)
        turn = next(self._turns.setdefault(algorithm, count())) % SIZE
        if (algorithm, turn) not in self._numbers:
            self._numbers[algorithm, turn] = self._make(algorithm, kid)
        numbers: Any = self._numbers[algorithm, turn]
        self._given[kid] = type(numbers)(numbers.raw_value, numbers.as_dict(private=True) | {"kid": kid})
        return self._given[kid]

    def load(self, text_or_dict: str | Mapping[str, Any]) -> jwk.Key:
        """Return the key of a JWK; the pool's own private keys are not read again."""
        data = json.loads(text_or_dict) if isinstance(text_or_dict, str) else text_or_dict
        known = self._given.get(str(data.get("kid"))) if "d" in data else None
        return known if known is not None and known.as_dict(private=True) == data else self._read(data)
