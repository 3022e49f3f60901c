"""Signing keys for tests: a few made once a worker and used in turn, for making or reading an RSA key costs more than most tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import cycle
from typing import Any

from joserfc import jwk

from iam.database.types import uuid7
from iam.tokens import jose

SIZE = 6
"""Keys of each algorithm; as many in a row are all different."""


class KeyPool:
    """Stands in for ``jose.generate`` and ``jose.load``. Where a random id is asked for, as for our own keys, its keys bring theirs."""

    def __init__(self) -> None:
        self._make, self._read = jose.generate, jose.load
        self._turns: dict[str, Any] = {}
        self._made: dict[str, jwk.Key] = {}

    def generate(self, algorithm: str, kid: str) -> jwk.Key:
        """Return a private key of the algorithm: one of the pool's, or under a name that a test gives a fresh one."""
        if len(kid) != len(uuid7().hex):
            return self._make(algorithm, kid)
        if algorithm not in self._turns:
            self._turns[algorithm] = cycle(range(SIZE))
        kid = f"{algorithm.lower()}-{next(self._turns[algorithm])}"
        if kid not in self._made:
            self._made[kid] = self._make(algorithm, kid)
        return self._made[kid]

    def load(self, text_or_dict: str | Mapping[str, Any]) -> jwk.Key:
        """Return the key of a JWK; the pool's own private keys are not read again."""
        data = json.loads(text_or_dict) if isinstance(text_or_dict, str) else text_or_dict
        known = self._made.get(str(data.get("kid"))) if "d" in data else None
        return known if known is not None and known.as_dict(private=True) == data else self._read(data)
