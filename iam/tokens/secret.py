"""Random secrets: made, prefixed by kind, and hashed for storage."""

from __future__ import annotations

import secrets
from hashlib import sha256

PREFIXES = {
    "code": "avc_",
    "first-code": "avf_",
    "session": "avs_",
    "refresh": "avr_",
    "client": "avk_",
    "par": "avp_",
    "access": "avo_",
    "initial": "avi_",
    "management": "avm_",
}
"""The prefix of each kind of secret, so that one found in a log can be recognised and a scanner can be told."""


def new(kind: str) -> str:
    """Return a fresh secret of ``kind`` with 256 bits of randomness."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """Return the hash under which a secret is stored. It is random, so one round of SHA-256 is enough."""
    return sha256(secret.encode()).digest()
