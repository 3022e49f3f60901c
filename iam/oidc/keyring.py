"""Signing keys of one process, read again every few seconds. A key is published before it signs and long after, so this
is safe."""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from iam.tokens import jose, keys
from iam.vault import Vault

SECONDS, PUBLIC_SECONDS = 10.0, 1.0
"""How long a process believes what it read of the keys that sign, and of those that verify: one that was removed is
felt at once."""
REST = 10.0
"""How long a database that did not answer is not asked again for what can be answered from memory."""
KEPT = 5000
"""Tokens of which a process remembers, by their hash, that the signature was right and what they say."""


class Keyring:
    """The keys that sign now and those that verify."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._signers: dict[str, tuple[float, jose.Key]] = {}
        self._public: tuple[float, list[dict[str, Any]]] = (0.0, [])
        self._asked_at = 0.0
        self._verified: dict[bytes, tuple[jose.PublicKey, jose.Claims]] = {}

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
        """Return the published keys, read at most ``PUBLIC_SECONDS`` ago; ``session`` is asked for only when they must
        be read."""
        read_at, found = self._public
        return found if found and time.monotonic() - read_at <= PUBLIC_SECONDS else self.public(session())

    def hint(self, session: Session, token: str, typ: str) -> jose.Claims:
        """Return the claims of a token that we signed with any key that has not been retired too long; raises
        ``jose.BadToken``."""
        try:
            return self.verify(session, token, typ)
        except jose.UnknownKey:
            return jose.verify(token, typ, keys.past(session))

    def remembered(self, session: Callable[[], Session], give_up: Callable[[], None]) -> list[dict[str, Any]]:
        """Return the published keys as ``listed`` does, and as they were read last while the database does not answer.

        Of parallel requests one asks the database, and the others do not wait for it. ``give_up`` rolls back what
        failed.
        """
        (read_at, found), now = self._public, time.monotonic()
        if found and now - max(read_at, self._asked_at) <= PUBLIC_SECONDS:
            return found
        self._asked_at = now
        try:
            return self.public(session())
        except SQLAlchemyError:
            self._asked_at = time.monotonic() + REST
            if not found:
                raise
            give_up()
            return found

    def verify(self, session: Session, token: str, typ: str) -> jose.Claims:
        """Return the claims of a token that we signed; raises ``jose.BadToken``. An unknown key is looked for once
        more.

        A token comes again and again while it lives: its signature is looked at once, and its key each time.
        """
        seen = sha256(f"{typ} {token}".encode(errors="surrogatepass")).digest()
        published = self.listed(lambda: session)
        key, claims = self._verified.get(seen, ({}, {}))
        if key in published:
            return dict(claims)
        try:
            key, claims = jose.verified(token, typ, published)
        except jose.UnknownKey:
            key, claims = jose.verified(token, typ, self.public(session))
        if len(self._verified) >= KEPT:
            self._verified.clear()
        self._verified[seen] = key, claims
        return dict(claims)
