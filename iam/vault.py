"""The vault: one key file wraps every other key; identity codes are sealed and found by keyed hash.

A person's values are sealed with AES-256-GCM under a key of their own, wrapped by the vault. Other secrets (cookies,
token families, signing keys) use keys derived from the same file by HKDF, one per purpose, so that no key serves two.

What is sealed is bound to its row (``row``): put into another row it does not open. Such values begin with ``MARK``.
What was sealed before, and what a run stages of persons whose row is not known yet, has no mark and opens anywhere; the
worker binds it (``iam.sealed``).
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

from iam.database.entropy import Draw

MARK = b"AVAIN\x00\x02\x00"
"""How a sealed value begins that is bound to its row."""
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
    def open(cls, path: Path, *, make: bool = True) -> Vault:
        """Return the vault of the key file at ``path``; raises ``VaultError``.

        A missing one is made (mode 0600) unless ``make`` is False. Whoever has a database asks ``sealed.vault``
        instead.
        """
        if not make and not path.exists():
            raise VaultError(f"the key file {path.name} is missing")
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
        """Return the keyed hash by which ``value`` is found; separators count, so codes that differ in them stay
        two."""
        return hmac.digest(self._mac, f"{kind}\x1f{issuer}\x1f{value}".encode(), "sha256")

    def check(self) -> bytes:
        """Return what tells this vault from another without telling anything of its key."""
        return self.derive("check")

    def new_key(self, draw: Draw = os.urandom) -> tuple[bytes, bytes]:
        """Return a fresh key and the same wrapped for storage; ``draw`` gives random bytes."""
        key = draw(KEY_BYTES)
        return key, _sealed(self._wrapping, key, None, None, draw)

    def wrap(self, secret: bytes, row: str | None = None) -> bytes:
        """Return ``secret`` sealed under the vault's own key, bound to ``row``; without one it opens in any row."""
        return _sealed(self._wrapping, secret, row, None, os.urandom)

    def unwrap(self, wrapped: bytes, row: str) -> bytes:
        """Return what ``wrap`` sealed for ``row`` or for any; raises ``VaultError`` when it is another row's or key
        file's, or altered."""
        try:
            return _opened(self._wrapping, wrapped, row, None)
        except InvalidTag:
            raise VaultError("a sealed value does not open with this key file") from None


def row(table: str, key: object) -> str:
    """Return the name of a row that a sealed value is bound to; ``key`` never changes while the row lives."""
    return f"{table}/{key}"


def is_bound(sealed: bytes) -> bool:
    """Whether a sealed value is bound to a row."""
    return sealed.startswith(MARK)


def seal(key: bytes, context: str, text: str, row: str | None = None, draw: Draw = os.urandom) -> bytes:
    """Return ``text`` sealed with ``key``, bound to ``row``; without one ``context`` (a kind) must be the same when it
    is opened. ``draw`` gives random bytes."""
    return _sealed(AESGCM(key), text.encode(), row, context.encode(), draw)


def unseal(key: bytes, context: str, sealed: bytes, row: str) -> str:
    """Return what ``seal`` sealed; raises ``VaultError``."""
    try:
        return _opened(AESGCM(key), sealed, row, context.encode()).decode()
    except InvalidTag:
        raise VaultError("a sealed value does not open with its key") from None


def _sealed(cipher: AESGCM, secret: bytes, row: str | None, context: bytes | None, draw: Draw) -> bytes:
    nonce = draw(_NONCE)
    if row is None:
        return nonce + cipher.encrypt(nonce, secret, context)
    return MARK + nonce + cipher.encrypt(nonce, secret, row.encode())


def _opened(cipher: AESGCM, sealed: bytes, row: str, context: bytes | None) -> bytes:
    about = row.encode() if is_bound(sealed) else context
    rest = sealed.removeprefix(MARK) if is_bound(sealed) else sealed
    return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], about)


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")


@lru_cache(maxsize=4)
def _cached(path: Path, _changed: int) -> Vault:
    return Vault(b64decode(path.read_bytes().strip(), validate=True))
