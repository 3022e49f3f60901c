"""Signing keys for tests: a few made once a worker and used in turn, for a fresh RSA key costs more than most tests."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from joserfc import jwk

from iam.tokens import jose

SIZE = 4
"""Keys of each algorithm; as many in a row are all different."""


class KeyPool:
    """Gives what ``jose.generate`` gives: a private key of the algorithm, under the id asked for."""

    def __init__(self) -> None:
        self._make = jose.generate
        self._pools: dict[str, Any] = {}

    def generate(self, algorithm: str, kid: str) -> jwk.Key:
        """See ``jose.generate``."""
        if algorithm not in self._pools:
            made = [self._make(algorithm, str(n)).as_dict(private=True) for n in range(SIZE)]
            self._pools[algorithm] = cycle(made)
        return jwk.import_key({**next(self._pools[algorithm]), "kid": kid})
