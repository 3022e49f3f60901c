"""Somebody else's public keys as a JWK set (RFC 7517 section 5): only known members, all public, RSA keys of a sound
size.

What comes from outside is copied member by member: nothing deep, huge or unprintable is kept.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from iam.texts import N_

MOST, MOST_FETCHED = 20, 50
"""Keys that one client may state, and that are looked at of a set that was fetched."""

_PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y")}
_CURVES: Mapping[str, type[ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
}
_ELLIPTIC = [("EC", name) for name in _CURVES]
_COMMON = ("kty", "kid", "use", "alg")
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_NO_SET = N_("This is no JWK set."), N_("Write it as keys: a list of public keys (RFC 7517 section 5).")
_LEAST_BITS, _MOST_BITS, _LONGEST = 2048, 8192, 2048


class BadKeys(ValueError):
    """No JWK set that we take; ``str()`` is a message id, ``remedy`` another."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def public_keys(document: Any) -> list[dict[str, str]]:
    """Return the keys of a JWK set that we can use; raises ``BadKeys`` for what is none, holds a private key or a weak
    one.

    Keys of other kinds and curves are left out (RFC 7517 section 5).
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST or not all(isinstance(key, dict) for key in keys):
        raise BadKeys(*_NO_SET)
    if any(_PRIVATE & key.keys() for key in keys):
        raise BadKeys(
            N_("This holds a private or secret key."),
            N_("State only the public part, and replace the key: it has leaked."),
        )
    return [_public_key(key) for key in keys if _is_known(key)]


def usable_keys(document: Any) -> list[dict[str, str]]:
    """Return the keys of a fetched JWK set that can verify a signature; the others, whatever is wrong with them, are
    left out.

    Raises ``BadKeys`` for what is no JWK set.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise BadKeys(*_NO_SET)
    found = []
    for key in keys[:MOST_FETCHED]:
        if (
            isinstance(key, dict)
            and not _PRIVATE & key.keys()
            and key.get("use", "sig") == "sig"
            and _is_known(key)
            and key.get("crv") in (None, "P-256")
        ):
            with suppress(BadKeys):
                found.append(_public_key(key))
    return found


def _is_known(key: Mapping[str, Any]) -> bool:
    return key.get("kty") == "RSA" or (key.get("kty"), key.get("crv")) in _ELLIPTIC


def _public_key(key: Mapping[str, Any]) -> dict[str, str]:
    kept = {name: key[name] for name in (*_COMMON, *_PUBLIC[key["kty"]]) if name in key}
    if not all(isinstance(value, str) and value.isprintable() and len(value) <= _LONGEST for value in kept.values()):
        raise _unusable()
    try:
        bits = _rsa_bits(kept) if kept["kty"] == "RSA" else _curve_bits(kept)
    except (ValueError, KeyError) as error:
        raise _unusable() from error
    if kept["kty"] == "RSA" and not _LEAST_BITS <= bits <= _MOST_BITS:
        raise BadKeys(N_("This RSA key is too short or too long."), N_("Use one of 2048 to 8192 bits."))
    return kept


def _rsa_bits(key: Mapping[str, str]) -> int:
    n, e = _number(key["n"]), _number(key["e"])
    if _LEAST_BITS <= n.bit_length() <= _MOST_BITS:
        rsa.RSAPublicNumbers(e, n).public_key()  # raises ValueError for an exponent that is none
    return n.bit_length()


def _curve_bits(key: Mapping[str, str]) -> int:
    curve = _CURVES[key["crv"]]()
    ec.EllipticCurvePublicNumbers(
        _number(key["x"]), _number(key["y"]), curve
    ).public_key()  # raises ValueError off the curve
    return curve.key_size


def _number(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def _unusable() -> BadKeys:
    return BadKeys(N_("This holds a key that cannot be read."), N_("State each key as RFC 7517 says."))
