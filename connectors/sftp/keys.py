"""Keys of SSH: the one by which a server proves itself, and the one that the service signs in with."""

from __future__ import annotations

import base64
import binascii
import io
import re
from dataclasses import dataclass
from hashlib import sha256

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

KINDS = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Kinds of keys that a server may have, with the algorithms it proves them by; ``ssh-rsa`` with SHA-1 is none."""
LEAST_BITS = 2048
"""Of an RSA key."""
_FINGERPRINT = re.compile(r"SHA256:([A-Za-z0-9+/]{43})=?")
_ARMOUR = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ExpectedKey:
    """The key that a server must have: its fingerprint, and its kind where that is known."""

    fingerprint: str
    kind: str | None = None


def expected(text: str) -> ExpectedKey | None:
    """Return what a line of a public key (also one of ``known_hosts``) or a fingerprint asks for; None for neither."""
    if found := _FINGERPRINT.fullmatch(text.strip()):
        return ExpectedKey(f"SHA256:{found[1]}")
    words = text.split()
    at = next((n for n, word in enumerate(words[:-1]) if word in KINDS), None)
    if at is None or at > 1 or "\n" in text.strip():
        return None
    try:
        data = base64.b64decode(words[at + 1], validate=True)
    except (binascii.Error, ValueError):
        return None
    name = words[at].encode()
    if not data.startswith(len(name).to_bytes(4, "big") + name):
        return None
    return ExpectedKey(fingerprint(data), words[at])


def fingerprint(key: bytes) -> str:
    """Return the fingerprint of a public key, as ``ssh-keygen -l`` tells it."""
    return "SHA256:" + base64.b64encode(sha256(key).digest()).decode().rstrip("=")


def private_key(text: str) -> paramiko.PKey | None:
    """Return the key that ``text`` holds, whose line breaks may be lost; None where it holds none that can be used."""
    found = _ARMOUR.search(text)
    if found is None:
        return None
    body = "".join(found[2].split())
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    armoured = f"-----BEGIN {found[1]}-----\n{lines}\n-----END {found[1]}-----\n"
    try:
        return _usable(_loaded(armoured.encode()))
    except (ValueError, TypeError, UnsupportedAlgorithm, paramiko.SSHException):
        return None


def _loaded(data: bytes) -> object:
    try:
        return serialization.load_ssh_private_key(data, password=None)
    except ValueError:
        return serialization.load_pem_private_key(data, password=None)


def _usable(key: object) -> paramiko.PKey | None:
    """Return a key as the protocol's library takes it, which does not read every form."""
    if isinstance(key, rsa.RSAPrivateKey):
        kind: type[paramiko.PKey] = paramiko.RSAKey
        if key.key_size < LEAST_BITS:
            return None
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        kind = paramiko.ECDSAKey
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        kind = paramiko.Ed25519Key
    else:
        return None
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return kind.from_private_key(io.StringIO(written.decode()))
