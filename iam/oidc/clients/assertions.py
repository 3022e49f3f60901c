"""A client's signed assertion (``private_key_jwt``, RFC 7523 and draft-ietf-oauth-rfc7523bis): read strictly, used
once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from iam import clock
from iam.oidc.model import AssertionSeen
from iam.tokens import foreign, jose, secret as secrets
from iam.tokens.foreign import SKEW

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=5)
_TYPES = frozenset({"JWT", "client-authentication+jwt"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified assertion: its ``jti`` may be used once before ``expires_at``."""

    jti: str
    expires_at: datetime


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
    claims = foreign.verify(token, keys, _TYPES, algorithm)
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise jose.BadToken("another client's assertion")
    if claims.get("aud") not in tuple(audiences):
        raise jose.BadToken("the audience must be the issuer alone")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 256 or not jti.isprintable():
        raise jose.BadToken("no jti")
    return Assertion(jti, _fresh(claims, at))


def _fresh(claims: Mapping[str, Any], at: datetime) -> datetime:
    expires = foreign.check_lasts(claims, at)
    if expires is None or expires > at + LONGEST + SKEW:
        raise jose.BadToken("living longer than five minutes")
    foreign.check_begun(claims, at, "iat", "nbf")
    return expires


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


def tidy(session: Session) -> int:
    """Forget assertions that have expired; return how many."""
    done = session.execute(delete(AssertionSeen).where(AssertionSeen.expires_at < clock.now()))
    return int(getattr(done, "rowcount", 0))
