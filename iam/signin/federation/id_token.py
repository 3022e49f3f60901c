"""An upstream's ID token: read strictly and believed only when every check holds (OpenID Connect Core 3.1.3.7; OI-07,
JW-01 to JW-04)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from iam.tokens import foreign, jose
from iam.tokens.foreign import SKEW

OLDEST = timedelta(minutes=10)
"""How long ago a token that was just fetched may say it was issued; some providers date theirs back by five minutes."""
CERTIFICATE = ("x5t", "x5t#S256", "x5c")
"""Header members by which Entra ID and AD FS name the key's certificate. The key is found by ``kid``; these are not
looked at."""
METHODS = ("pwd", "pin", "otp", "mfa", "hwk", "swk", "fpt", "face", "iris", "vbm", "sc", "sms", "tel", "kba", "mca")
"""Words of RFC 8176 that are kept. ``user`` is not: it would make a passkey of ours out of a key that we know nothing
of."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the token must say: who issued it, for whom, to which request; ``since`` when a fresh sign-in was asked
    for."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None = None
    since: datetime | None = None


def kid_of(token: str) -> str:
    """Return the key that a token names, unverified; raises ``jose.BadToken`` when it names none."""
    kid = foreign.key_id(token)
    if kid is None:
        raise jose.BadToken("names no key")
    return kid


def verify(token: str, keys: Sequence[Mapping[str, str]], expected: Expected, at: datetime) -> dict[str, Any]:
    """Return the claims of a token that one of the provider's ``keys`` signed and that is as ``expected``; raises
    ``jose.BadToken``."""
    kid_of(token)
    claims = foreign.verify(token, keys, ("JWT",), ignored=CERTIFICATE)
    _whose(claims, expected)
    _when(claims, expected, at)
    _bound(claims, expected)
    return claims


def methods(claims: Mapping[str, Any]) -> list[str]:
    """Return what a verified token says was done, in words that we know: ``amr`` (RFC 8176).

    A one-time code alone is one factor, though beside our own password it would be the second: it counts only with a
    password.
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
    if foreign.check_lasts(claims, at) is None:
        raise jose.BadToken("expired")
    issued = foreign.instant(claims, "iat")
    if issued is None or not at - OLDEST - SKEW <= issued <= at + SKEW:
        raise jose.BadToken("issued long ago, or from the future")
    foreign.check_begun(claims, at, "nbf")
    if expected.since is not None:
        signed_in = foreign.instant(claims, "auth_time")
        if signed_in is None or signed_in < expected.since - SKEW:
            raise jose.BadToken("no fresh sign-in")


def _bound(claims: Mapping[str, Any], expected: Expected) -> None:
    nonce, half = claims.get("nonce"), claims.get("at_hash")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise jose.BadToken("another nonce")
    if half is not None and (expected.access_token is None or half != jose.half_hash(expected.access_token)):
        raise jose.BadToken("another access token")
