"""Tokens that somebody else signed, a client or an upstream provider: read strictly, with the keys that signer
published.

Our own tokens name one key of ours and its one algorithm (``jose``). Others may leave out the key's id or its
algorithm: then the key's kind says what it can have signed with. Whose a token must be, for whom and when is its
reader's to check.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from iam.tokens import jose

SKEW = timedelta(seconds=30)
"""How far a signer's clock may be ahead or behind."""

_KINDS = {"RSA": ("RS256", "PS256"), "EC": ("ES256",)}
"""Algorithms a key may be used with that does not name its own."""


def verify(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    types: Collection[str],
    algorithm: str | None = None,
    ignored: Collection[str] = (),
) -> jose.Claims:
    """Return the claims of a token that one of ``keys`` signed, of one of these ``typ`` or of none; raises
    ``jose.BadToken``.

    ``algorithm`` is the only one to accept, where the signer registered one. ``ignored`` are header members that are
    not looked at.
    """
    header = _part(token, 0)
    typ = header.get("typ")
    if typ is not None and not (isinstance(typ, str) and typ in types):
        raise jose.BadToken("another kind of token")
    if algorithm is not None and header.get("alg") != algorithm:
        raise jose.BadToken("another algorithm than the registered one")
    return jose.verify(token, typ, _candidates(keys, header), ignored)


def key_id(token: str) -> str | None:
    """Return the key a token names, unverified; None when it names none. Raises ``jose.BadToken`` when it cannot be
    read."""
    kid = _part(token, 0).get("kid")
    return kid if isinstance(kid, str) and kid else None


def subject(token: str) -> str | None:
    """Return whom a token claims to be of, unverified, to find the signer by; raises ``jose.BadToken`` when it cannot
    be read.

    None when it does not say, or says what no database takes for text.
    """
    name = _part(token, 1).get("sub")
    return name if isinstance(name, str) and name.isascii() and name.isprintable() else None


def instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return the moment a claim names, None when it is left out; raises ``jose.BadToken`` for what is no moment of the
    next two centuries (security JW-04)."""
    value = claims.get(name)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < 2**33:  # infinity, no number and numbers of any length fall outside
        raise jose.BadToken("a time that is none")
    return datetime.fromtimestamp(value, UTC)


def check_begun(claims: Mapping[str, Any], at: datetime, *names: str) -> None:
    """Raise ``jose.BadToken`` when one of these claims names a moment that has not come yet."""
    for name in names:
        begins = instant(claims, name)
        if begins is not None and begins > at + SKEW:
            raise jose.BadToken("from the future")


def check_lasts(claims: Mapping[str, Any], at: datetime) -> datetime | None:
    """Return when the token ends, None when it does not say; raises ``jose.BadToken`` when that is past."""
    expires = instant(claims, "exp")
    if expires is not None and expires <= at - SKEW:
        raise jose.BadToken("expired")
    return expires


def _candidates(keys: Sequence[Mapping[str, Any]], header: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the keys the header may mean, each with one algorithm; without ``kid`` only when there is one of its
    kind."""
    asked = str(header.get("alg"))
    prepared = [
        {**key, "alg": key.get("alg", asked if asked in _KINDS.get(str(key.get("kty")), ()) else None)}
        for key in keys
        if "d" not in key and key.get("use", "sig") == "sig"
    ]
    if header.get("kid") is not None:
        return prepared
    fitting = [{name: value for name, value in key.items() if name != "kid"} for key in prepared if key["alg"] == asked]
    return fitting if len(fitting) == 1 else []


def _part(token: str, n: int) -> dict[str, Any]:
    if len(token) > jose.MAX_TOKEN or token.count(".") != 2 or not token.isascii():
        raise jose.BadToken("not a compact signed token")
    try:
        value = json.loads(urlsafe_b64decode(token.split(".")[n] + "=="))
    except (ValueError, RecursionError) as error:
        raise jose.BadToken("not a compact signed token") from error
    if not isinstance(value, dict):
        raise jose.BadToken("not a compact signed token")
    return value
