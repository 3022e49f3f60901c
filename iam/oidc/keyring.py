"""Signing keys of one process, read again every few seconds. A key is published before it signs and long after, so this is safe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from iam.tokens import jose, keys
from iam.vault import Vault

SECONDS, PUBLIC_SECONDS = 10.0, 1.0
"""How long a process believes what it read of the keys that sign, and of those that verify: one that was removed is felt at once."""


class Keyring:
    """The keys that sign now and those that verify."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._signers: dict[str, tuple[float, jose.Key]] = {}
        self._public: tuple[float, list[dict[str, Any]]] = (0.0, [])

    def signer(self, session: Session, algorithm: str) -> jose.Key:
        """Return the key that signs with ``algorithm``, read at most ``SECONDS`` ago."""
        read_at, key = self._signers.get(algorithm, (0.0, None))
        if key is None or time.monotonic() - read_at > SECONDS:
            key = keys.current(session, self._vault, algorithm)
            self._signers[algorithm] = time.monotonic(), key
        return key

    def public(self, session: Session) -> list[dict[str, Any]]:
        """Return the published keys, as they are now."""
        found = keys.published(session)
        self._public = time.monotonic(), found
        return found

    def listed(self, session: Callable[[], Session]) -> list[dict[str, Any]]:
        """Return the published keys, read at most ``PUBLIC_SECONDS`` ago; ``session`` is asked for only when they must be read."""
        read_at, found = self._public
        return found if found and time.monotonic() - read_at <= PUBLIC_SECONDS else self.public(session())

    def verify(self, session: Session, token: str, typ: str) -> jose.Claims:
        """Return the claims of a token that we signed; raises ``jose.BadToken``. An unknown key is looked for once more."""
        read_at, found = self._public
        if found and time.monotonic() - read_at <= PUBLIC_SECONDS:
            try:
                return jose.verify(token, typ, found)
            except jose.BadToken as error:
                if str(error) != "unknown key":
                    raise
        return jose.verify(token, typ, self.public(session))
