"""An upstream's ID token: read strictly and believed only when every check holds (OpenID Connect Core 3.1.3.7; OI-07, JW-01 to JW-04)."""

from __future__ import annotations

import hmac
import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from iam.tokens import jose

SKEW = timedelta(seconds=30)
"""How far a provider's clock may be ahead or behind."""
OLDEST = timedelta(minutes=10)
"""How long ago a token that was just fetched may say it was issued; some providers date theirs back by five minutes."""
METHODS = ("pwd", "pin", "otp", "mfa", "hwk", "swk", "fpt", "face", "iris", "vbm", "sc", "sms", "tel", "kba", "mca")
"""Words of RFC 8176 that are kept. ``user`` is not: it would make a passkey of ours out of a key that we know nothing of."""
_ALGORITHMS = {"RSA": ("RS256", "PS256"), "EC": ("ES256",)}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say: who issued it, for whom, to which request; ``since`` when a fresh sign-in was asked for."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None = None
    since: datetime | None = None


def kid_of(token: str) -> str:
    """Return the key that a token names, unverified; raises ``jose.BadToken`` when it names none."""
    kid = _header(token).get("kid")
    if not isinstance(kid, str) or not kid:
        raise jose.BadToken("names no key")
    return kid


def verify(token: str, keys: Sequence[Mapping[str, str]], expected: Expected, at: datetime) -> dict[str, Any]:
    """Return the claims of a token that one of the provider's ``keys`` signed and that is as ``expected``; raises ``jose.BadToken``."""
    header = _header(token)
    typ, algorithm = header.get("typ"), header.get("alg")
    if typ not in (None, "JWT"):
        raise jose.BadToken("another kind of token")
    fitting = [
        {**key, "alg": str(algorithm)}
        for key in keys
        if algorithm in _ALGORITHMS[key["kty"]] and key.get("alg", algorithm) == algorithm
    ]
    claims = jose.verify(token, typ, fitting)  # type: ignore[arg-type]  # a missing typ must be missing there too
    _whose(claims, expected)
    _when(claims, expected, at)
    _bound(claims, expected)
    return claims


def methods(claims: Mapping[str, Any]) -> list[str]:
    """Return what a verified token says was done, in words that we know: ``amr`` (RFC 8176).

    A one-time code alone is one factor, though beside our own password it would be the second: it counts only with a password.
    """
    told = claims.get("amr")
    done = [one for one in METHODS if isinstance(told, list) and one in told]
    return [one for one in done if one != "otp" or {"pwd", "pin", "mfa"} & set(done)]


def _whose(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise jose.BadToken("another issuer")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise jose.BadToken("no subject")
    audience, party = claims.get("aud"), claims.get("azp")
    listed = isinstance(audience, list) and expected.client_id in audience
    if audience != expected.client_id and not (listed and (audience == [expected.client_id] or party is not None)):
        raise jose.BadToken("another audience")
    if party is not None and party != expected.client_id:
        raise jose.BadToken("another authorized party")


def _when(claims: Mapping[str, Any], expected: Expected, at: datetime) -> None:
    expires, issued, begins = _instant(claims, "exp"), _instant(claims, "iat"), _instant(claims, "nbf")
    if expires is None or expires <= at - SKEW:
        raise jose.BadToken("expired")
    if issued is None or not at - OLDEST - SKEW <= issued <= at + SKEW:
        raise jose.BadToken("issued long ago, or from the future")
    if begins is not None and begins > at + SKEW:
        raise jose.BadToken("from the future")
    if expected.since is not None:
        signed_in = _instant(claims, "auth_time")
        if signed_in is None or signed_in < expected.since - SKEW:
            raise jose.BadToken("no fresh sign-in")


def _bound(claims: Mapping[str, Any], expected: Expected) -> None:
    nonce, half = claims.get("nonce"), claims.get("at_hash")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise jose.BadToken("another nonce")
    if half is not None and (expected.access_token is None or half != _half_hash(expected.access_token)):
        raise jose.BadToken("another access token")


def _half_hash(access_token: str) -> str:
    digest = sha256(access_token.encode()).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 <= value < 2**33:
        raise jose.BadToken("a time that is none")
    return datetime.fromtimestamp(value, UTC)


def _header(token: str) -> dict[str, Any]:
    if len(token) > jose.MAX_TOKEN or token.count(".") != 2 or not token.isascii():
        raise jose.BadToken("not a compact signed token")
    try:
        value = json.loads(urlsafe_b64decode(token.split(".")[0] + "=="))
    except (ValueError, RecursionError) as error:
        raise jose.BadToken("not a compact signed token") from error
    if not isinstance(value, dict):
        raise jose.BadToken("not a compact signed token")
    return value
