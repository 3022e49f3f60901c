"""A client's signed assertion (``private_key_jwt``, RFC 7523 and draft-ietf-oauth-rfc7523bis): read strictly, used once."""

from __future__ import annotations

import json
import math
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from iam.oidc.model import AssertionSeen
from iam.tokens import jose
from iam.tokens import secret as secrets

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=5)
SKEW = timedelta(seconds=30)
"""How far a client's clock may be ahead or behind."""

_KINDS = {"RSA": ("RS256", "PS256"), "EC": ("ES256",)}
"""Algorithms a key may be used with that does not name its own."""

_TYPES = frozenset({"JWT", "client-authentication+jwt"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion: its ``jti`` may be used once before ``expires_at``."""

    jti: str
    expires_at: datetime


def subject(token: str) -> str | None:
    """Return whom an assertion claims to be, unverified, to find the client by; None when it cannot be read."""
    claims = _part(token, 1)
    name = claims.get("sub")
    return name if isinstance(name, str) else None


def signed(
    token: str, keys: Sequence[Mapping[str, Any]], types: Collection[str], algorithm: str | None = None
) -> dict[str, Any]:
    """Return the claims of what a client signed with one of its keys, of one of these ``typ`` or of none; raises ``jose.BadToken``.

    ``algorithm`` is the only one the client registered, if it did.
    """
    header = _part(token, 0)
    if algorithm is not None and header.get("alg") != algorithm:
        raise jose.BadToken("another algorithm than the registered one")
    typ = header.get("typ")
    if typ is not None and typ not in types:
        raise jose.BadToken("another kind of token")
    return jose.verify(token, typ, _candidates(keys, header))  # type: ignore[arg-type]  # a missing typ must be missing there too


def key_id(token: str) -> str | None:
    """Return the key a token names, unverified; None when it names none or cannot be read."""
    try:
        kid = _part(token, 0).get("kid")
    except jose.BadToken:
        return None
    return kid if isinstance(kid, str) else None


def verify(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    client_id: str,
    audiences: Collection[str],
    at: datetime,
    algorithm: str | None = None,
) -> Assertion:
    """Return the assertion when it is the client's, for us alone, and fresh; raises ``jose.BadToken``.

    ``audiences`` are our names: the issuer, and the token endpoint's address for a client whose setting says so.
    """
    claims = signed(token, keys, _TYPES, algorithm)
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise jose.BadToken("another client's assertion")
    if claims.get("aud") not in tuple(audiences):
        raise jose.BadToken("the audience must be the issuer alone")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 256:
        raise jose.BadToken("no jti")
    return Assertion(jti, _fresh(claims, at))


def holds(claims: Mapping[str, Any], at: datetime) -> None:
    """Check that what a client signed has begun and not run out, where it says so; raises ``jose.BadToken``."""
    expires = _instant(claims, "exp")
    if expires is not None and expires <= at - SKEW:
        raise jose.BadToken("expired")
    _begun(claims, at)


def _begun(claims: Mapping[str, Any], at: datetime) -> None:
    for name in ("iat", "nbf"):
        instant = _instant(claims, name)
        if instant is not None and instant > at + SKEW:
            raise jose.BadToken("from the future")


def _fresh(claims: Mapping[str, Any], at: datetime) -> datetime:
    expires = _instant(claims, "exp")
    if expires is None or not at - SKEW < expires <= at + LONGEST + SKEW:
        raise jose.BadToken("expired, or living longer than five minutes")
    _begun(claims, at)
    return expires


def _instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not 0 <= value < 2**33
    ):
        raise jose.BadToken("a time that is none")
    return datetime.fromtimestamp(value, UTC)


def _candidates(keys: Sequence[Mapping[str, Any]], header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the registered keys the header may mean, each with one algorithm; without ``kid`` only when there is one of its kind."""
    asked = str(header.get("alg"))
    prepared = [
        {**key, "alg": key.get("alg", asked if asked in _KINDS.get(str(key.get("kty")), ()) else None)}
        for key in keys
        if "d" not in key and key.get("use", "sig") == "sig"
    ]
    if header.get("kid") is not None:
        return prepared
    fitting = [
        {name: value for name, value in key.items() if name != "kid"}
        for key in prepared
        if key["alg"] == header.get("alg")
    ]
    return fitting if len(fitting) == 1 else []


def _part(token: str, n: int) -> dict[str, Any]:
    if len(token) > jose.MAX_TOKEN or token.count(".") != 2:
        raise jose.BadToken("not a compact signed token")
    try:
        value = json.loads(urlsafe_b64decode(token.split(".")[n] + "=="))
    except (ValueError, RecursionError) as error:
        raise jose.BadToken("not a compact signed token") from error
    if not isinstance(value, dict):
        raise jose.BadToken("not a compact signed token")
    return value


def first_use(session: Session, client_id: str, assertion: Assertion) -> bool:
    """Remember the assertion's ``jti``; False when it was used before. One insert decides."""
    row = AssertionSeen(
        client_id=client_id, jti_hash=secrets.hash_of(assertion.jti), expires_at=assertion.expires_at + SKEW
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def tidy(session: Session, at: datetime) -> int:
    """Forget assertions that have expired; return how many."""
    done = session.execute(delete(AssertionSeen).where(AssertionSeen.expires_at < at))
    return int(getattr(done, "rowcount", 0))
