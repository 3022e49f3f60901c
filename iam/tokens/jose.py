"""Signing and verifying JWTs with joserfc: the only place that does either in production.

Verification trusts nothing in the token: one algorithm per key, the key found by ``kid`` among our own, ``typ``
demanded, size bounded, members unique, numbers finite (``security`` requirements JW-01 to JW-04).
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

from joserfc import jwk, jws
from joserfc.errors import JoseError
from joserfc.util import urlsafe_b64decode

ALGORITHMS = ("RS256", "ES256", "PS256")
RSA_BITS = 3072
MAX_TOKEN = 16 * 1024
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MEMBERS = frozenset({"alg", "kid", "typ"})
Claims = dict[str, Any]
Key = jwk.Key
PublicKey = Mapping[str, Any]


class BadToken(Exception):
    """A token that is not what it must be; the text says which check failed, never what the token held."""


class UnknownKey(BadToken):
    """A token that says that it was signed by a key which is not among ours, or not for that algorithm."""


def generate(algorithm: str, kid: str) -> Key:
    """Return a fresh private key for RS256 or PS256 (3072 bits) or ES256 (P-256)."""
    fields: Any = {"kid": kid, "alg": algorithm, "use": "sig"}
    if algorithm in ("RS256", "PS256"):
        return jwk.RSAKey.generate_key(RSA_BITS, fields, private=True)
    if algorithm == "ES256":
        return jwk.ECKey.generate_key("P-256", fields, private=True)
    raise ValueError(f"unknown algorithm {algorithm}")


def private_json(key: Key) -> str:
    """Return the private key as JSON, to be sealed at once."""
    return json.dumps(key.as_dict(private=True))


def public_dict(key: Key) -> Claims:
    """Return the public key as a JWK."""
    return dict(key.as_dict(private=False))


def load(text_or_dict: str | Mapping[str, Any]) -> Key:
    """Return the key of a JWK, given as JSON or as a mapping."""
    data = json.loads(text_or_dict) if isinstance(text_or_dict, str) else dict(text_or_dict)
    return jwk.import_key(data)


def _loaded(public_key: PublicKey) -> Key:
    return _imported(json.dumps(public_key, sort_keys=True))


_imported = lru_cache(maxsize=256)(load)


def sign(key: Key, typ: str, claims: Mapping[str, Any]) -> str:
    """Return the compact JWT of ``claims`` with header ``typ`` (``at+jwt``, ``JWT`` …)."""
    header = {"alg": str(key.get("alg")), "kid": str(key.kid), "typ": typ}
    payload = json.dumps(claims, separators=(",", ":"), allow_nan=False).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[header["alg"]])


def verify(token: str, typ: str | None, public_keys: Iterable[PublicKey], ignored: Collection[str] = ()) -> Claims:
    """Return the claims of a token that one of ``public_keys`` signed; raises ``BadToken``. Times and audience are the
    caller's.

    ``typ`` is the header's, None: it must have none. ``ignored`` are header members that may stand there and are not
    looked at.
    """
    return verified(token, typ, public_keys, ignored)[1]


def verified(
    token: str, typ: str | None, public_keys: Iterable[PublicKey], ignored: Collection[str] = ()
) -> tuple[PublicKey, Claims]:
    """Return the key that signed a token, and its claims; else as ``verify``, ``UnknownKey`` when none of the keys can
    have."""
    header = _header(token, ignored)
    if header.get("typ") != typ:
        raise BadToken("another kind of token")
    key = next((k for k in public_keys if k.get("kid") == header.get("kid")), None)
    if key is None or key.get("alg") != header.get("alg") or header.get("alg") not in ALGORITHMS:
        raise UnknownKey("unknown key")
    try:
        result = jws.deserialize_compact(token.encode(), _loaded(key), algorithms=[str(key["alg"])])
    except (JoseError, ValueError, TypeError) as error:
        raise BadToken("the signature does not fit") from error
    return key, json_object(result.payload)


def _header(token: str, ignored: Collection[str] = ()) -> Claims:
    if len(token) > MAX_TOKEN or not _COMPACT.fullmatch(token):
        raise BadToken("not a compact signed token")
    try:
        header = json_object(urlsafe_b64decode(token.partition(".")[0].encode()))
    except (BadToken, ValueError) as error:
        raise BadToken("not a compact signed token") from error
    if not set(header) <= _MEMBERS.union(ignored):
        raise BadToken("a header member that is not allowed")
    return header


def half_hash(token: str) -> str:
    """Return ``at_hash``: the left half of the token's SHA-256 (OIDC Core section 3.1.3.6; every algorithm here uses
    SHA-256)."""
    return urlsafe_b64encode(sha256(token.encode()).digest()[:16]).decode().rstrip("=")


def json_object(payload: bytes | str) -> Claims:
    """Return the JSON object that a text is: members unique, numbers finite, not too deep; raises ``BadToken`` for
    anything else.

    Bytes are UTF-8 without a mark of their order (RFC 8259 section 8.1): what another reader takes for other letters is
    refused.
    """
    try:
        text = payload.decode() if isinstance(payload, bytes) else payload
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadToken("the payload is not a plain JSON object") from error
    if not isinstance(value, dict):
        raise BadToken("the payload is not a plain JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Claims:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(name)
