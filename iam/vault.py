"""The vault: one key file wraps every other key; identity codes are sealed and found by keyed hash.

A person's values are sealed with AES-256-GCM under a key of their own, wrapped by the vault. Other secrets (cookies, token
families, signing keys) use keys derived from the same file by HKDF, one per purpose, so that no key serves two.
"""

from __future__ import annotations

import hmac
import os
from base64 import b64decode, b64encode
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
KEY_BYTES = 32


class VaultError(Exception):
    """A key file that cannot be used, or a sealed value that does not open. The message names no value."""


class Vault:
    """Seals, opens and finds personal values; derives keys by purpose."""

    def __init__(self, root: bytes) -> None:
        if len(root) != KEY_BYTES:
            raise VaultError(f"the vault's key must be {KEY_BYTES} bytes in base64")
        self._root = root
        self._wrapping = AESGCM(self.derive("wrap"))
        self._mac = self.derive("mac")

    @classmethod
    def open(cls, path: Path) -> Vault:
        """Return the vault of the key file at ``path``, made (mode 0600) when missing; raises ``VaultError``."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _create(path)
        try:
            return _cached(path, path.stat().st_mtime_ns)
        except (OSError, ValueError) as error:
            raise VaultError(f"the key file {path.name} cannot be read: {type(error).__name__}") from None

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes of key for ``purpose`` (RFC 5869)."""
        return HKDF(SHA256(), KEY_BYTES, None, f"avain/{purpose}".encode()).derive(self._root)

    def mac(self, kind: str, issuer: str, value: str) -> bytes:
        """Return the keyed hash by which ``value`` is found; separators count, so codes that differ in them stay two."""
        return hmac.digest(self._mac, f"{kind}\x1f{issuer}\x1f{value}".encode(), "sha256")

    def new_key(self) -> tuple[bytes, bytes]:
        """Return a fresh key and the same wrapped for storage."""
        key = os.urandom(KEY_BYTES)
        return key, self.wrap(key)

    def wrap(self, secret: bytes) -> bytes:
        """Return ``secret`` sealed under the vault's own key."""
        nonce = os.urandom(_NONCE)
        return nonce + self._wrapping.encrypt(nonce, secret, None)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return what ``wrap`` sealed; raises ``VaultError`` when it was sealed with another key file or altered."""
        try:
            return self._wrapping.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], None)
        except InvalidTag:
            raise VaultError("a sealed value does not open with this key file") from None


def seal(key: bytes, context: str, text: str) -> bytes:
    """Return ``text`` sealed with ``key``; ``context`` (a kind) must be the same when it is opened."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), context.encode())


def unseal(key: bytes, context: str, sealed: bytes) -> str:
    """Return what ``seal`` sealed; raises ``VaultError``."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], context.encode()).decode()
    except InvalidTag:
        raise VaultError("a sealed value does not open with its key") from None


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")


@lru_cache(maxsize=4)
def _cached(path: Path, _changed: int) -> Vault:
    return Vault(b64decode(path.read_bytes().strip(), validate=True))
