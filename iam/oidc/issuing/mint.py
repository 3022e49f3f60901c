"""Makes tokens: RFC 9068 access tokens, ID tokens, and the answer of the token endpoint."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from iam.database.statement import Statement
from iam.oidc.claims import compose as claims, requested as claims_request
from iam.oidc.claims.compose import Claims, Told
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.oidc.model import OpaqueToken
from iam.tokens import jose, secret
from iam.tokens.grant import Grant

ACCESS, IDENTITY = "at+jwt", "JWT"
"""The header ``typ`` of each kind of token; a token of one kind is refused as another (security JW-02)."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """On what occasion tokens are made: the grant, the scopes of these tokens, the request's nonce, how the person
    signed in.

    ``resource`` is for whom the access token is; None: for the client's own application.
    """

    client: RegisteredClient
    grant: Grant
    scopes: tuple[str, ...]
    at: datetime
    nonce: str | None = None
    amr: tuple[str, ...] = ()
    resource: str | None = None

    @property
    def asked(self) -> Collection[str]:
        """The claims that the ID token tells one by one; none without an ID token."""
        return self.grant.claims.get("id_token", ()) if "openid" in self.scopes else ()

    @property
    def received(self) -> str:
        """The scopes with what counts as scope besides (``claims_request.received``)."""
        capacity = self.grant.capacity_id is not None
        return claims_request.received(" ".join(self.scopes), self.asked, capacity=capacity)


def answer(
    session: Session, issuer: Issuer, occasion: Occasion, told: Told, shown: Told, refresh_token: str | None
) -> Claims:
    """Return the token endpoint's answer (RFC 6749 section 5.1, OIDC Core section 3.1.3.3).

    ``told`` is for the client, ``shown`` for the audience of the access token.
    """
    key = issuer.keyring.signer(session, occasion.client.id_token_alg)
    ends = min(_ends(issuer, occasion, told), _ends(issuer, occasion, shown))
    access = _access_token(session, key, occasion.client, access_claims(issuer, occasion, shown, ends))
    found: Claims = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": int(ends.timestamp()) - int(occasion.at.timestamp()),
        "scope": " ".join(occasion.scopes),
    }
    if "openid" in occasion.scopes:
        found["id_token"] = jose.sign(
            key, IDENTITY, id_claims(issuer, occasion, told, ends) | {"at_hash": jose.half_hash(access)}
        )
    if refresh_token is not None:
        found["refresh_token"] = refresh_token
    return found


def _access_token(session: Session, key: jose.Key, client: RegisteredClient, said: Claims) -> str:
    """Return an access token that says this: signed, or without any content where the client's setting says so."""
    if client.token_format == "jwt":  # noqa: S105 - a format, no password
        return jose.sign(key, ACCESS, said)
    token = secret.new("access")
    _KEEP.run(session, hash=secret.hash_of(token), claims=said, expires_at=datetime.fromtimestamp(said["exp"], UTC))
    return token


_KEEP = Statement(lambda: insert(OpaqueToken), tuple)


def access_claims(issuer: Issuer, occasion: Occasion, told: Told, ends: datetime) -> Claims:
    """Return the claims of an access token for whom it is (RFC 9068 section 2.2); another audience gets them under
    their own names."""
    own = occasion.resource in (None, occasion.client.audience)
    said = claims.of_token(told, occasion.scopes, occasion.client.mapper if own else {}, issuer.userinfo)
    return (
        said
        | _common(issuer, occasion, told, ends)
        | {
            "aud": occasion.resource or occasion.client.audience,
            "client_id": occasion.client.client_id,
            "jti": token_id(occasion.grant.id),
            "scope": " ".join(occasion.scopes),
        }
    )


def id_claims(issuer: Issuer, occasion: Occasion, told: Told, ends: datetime) -> Claims:
    """Return the claims of an ID token (OIDC Core section 2), without ``at_hash``."""
    said = claims.of_token(told, occasion.scopes, occasion.client.mapper, issuer.userinfo, occasion.asked)
    extra: Claims = {"aud": occasion.client.client_id}
    if occasion.nonce is not None:
        extra["nonce"] = occasion.nonce
    if occasion.amr:
        extra["amr"] = list(occasion.amr)
    return said | _common(issuer, occasion, told, ends) | extra


def _common(issuer: Issuer, occasion: Occasion, told: Told, ends: datetime) -> Claims:
    grant = occasion.grant
    found: Claims = {
        "iss": issuer.url,
        "sub": told.subject,
        "iat": int(occasion.at.timestamp()),
        "exp": int(ends.timestamp()),
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": grant.acr,
    }
    if grant.session_id is not None:
        found["sid"] = issuer.sid(occasion.client.sector, grant.session_id)
    return found


def _ends(issuer: Issuer, occasion: Occasion, told: Told) -> datetime:
    latest = min(occasion.at + timedelta(seconds=issuer.lives.access_seconds), occasion.grant.expires_at)
    return claims.first_end(told, occasion.received.split(), latest)


def for_itself(
    session: Session, issuer: Issuer, client: RegisteredClient, scope: str, resource: str | None, at: datetime
) -> Claims:
    """Return the answer for a client that acts for itself (RFC 6749 section 4.4): no person, no role, no refresh
    token."""
    stamp, seconds = int(at.timestamp()), issuer.lives.access_seconds
    said = {
        "iss": issuer.url,
        "sub": client.client_id,
        "aud": resource or client.audience,
        "client_id": client.client_id,
        "iat": stamp,
        "exp": stamp + seconds,
        "jti": token_id(None),
        "scope": scope,
    }
    token = _access_token(session, issuer.keyring.signer(session, client.id_token_alg), client, said)
    return {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": scope}


def token_id(grant_id: UUID | None) -> str:
    """Return a fresh ``jti``; it tells the grant, so that ending the grant is felt by every token from it."""
    return f"{grant_id.hex if grant_id else ''}.{secrets.token_urlsafe(12)}"


def grant_of(jti: Any) -> UUID | None:
    """Return the grant that a ``jti`` of ours tells; None for a client acting for itself."""
    head = str(jti).partition(".")[0]
    return UUID(hex=head) if len(head) == 32 else None


def scopes_of(scope: str, within: Collection[str] | None = None) -> tuple[str, ...]:
    """Return a scope's words, those ``within`` only when given."""
    return tuple(word for word in scope.split() if within is None or word in within)
