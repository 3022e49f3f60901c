"""What a token is, what may be told of it now, and giving it back (RFC 7662, RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.oidc.claims import compose as claims
from iam.oidc.claims.compose import Claims
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.oidc.issuing import bearer, disclosure, grant_state as standing, mint
from iam.oidc.issuing.grant_state import GrantState
from iam.tokens import grant as grants, jose
from iam.tokens.grant import Grant

KEPT = ("iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope", "sid", "acr", "auth_time")
"""Claims of an access token that introspection repeats; what it says of rights is read afresh."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A genuine, living token: an access token with its claims, or a refresh token (no claims)."""

    client: RegisteredClient
    standing: GrantState | None
    claims: Mapping[str, Any] | None

    @property
    def grant(self) -> Grant | None:
        """The grant it came from; None for a client's own token."""
        return self.standing.grant if self.standing is not None else None

    def concerns(self, client: RegisteredClient) -> bool:
        """Whether ``client`` may know of the token: an access token by its audience, a refresh token only its own
        client."""
        if self.claims is None:
            return self.client.client_id == client.client_id
        return self.claims.get("aud") == client.audience


def find(session: Session, issuer: Issuer, token: str) -> Shown | None:
    """Return the token when it is genuine and living; None for anything else. The kind is told by its form, never by a
    hint."""
    parsed = grants.parse(token, issuer.refresh_key)
    if parsed is None:
        found = bearer.read(session, issuer, token, clock.now())
        return Shown(found.client, found.standing, found.claims) if found else None
    family = _family(session, issuer, parsed[0])
    newest = family is not None and family.grant is not None and family.grant.generation == parsed[1]
    return family if newest else None


def find_family(session: Session, issuer: Issuer, token: str) -> Shown | None:
    """Return a token as ``find`` does, a genuine refresh token also when a newer one has taken its place: its family
    lives."""
    parsed = grants.parse(token, issuer.refresh_key)
    return find(session, issuer, token) if parsed is None else _family(session, issuer, parsed[0])


def _family(session: Session, issuer: Issuer, grant_id: UUID) -> Shown | None:
    grant = grants.get(session, grant_id)
    client = issuer.clients.get(session, grant.client_id) if grant is not None else None
    stood = standing.read(session, grant_id, client, clock.now()) if client is not None else None
    return Shown(client, stood, None) if client is not None and stood is not None and stood.living else None


def describe(session: Session, issuer: Issuer, token: Shown) -> Claims | None:
    """Return what holds of the token now; None when what it stands on has ended meanwhile."""
    if token.standing is None or token.grant is None:
        return {**_kept(token.claims or {}), "token_type": "Bearer"}
    scopes = mint.scopes_of(str(token.claims["scope"]) if token.claims else token.grant.scope)
    told = bearer.told(session, issuer, token.client, token.standing, scopes, clock.now())
    if told is None:
        return None
    if token.claims is None:
        expires = int(token.grant.expires_at.timestamp())
        return {
            "iss": issuer.url,
            "client_id": token.client.client_id,
            "sub": told.subject,
            "scope": token.grant.scope,
            "exp": expires,
        }
    audience, mapper = str(token.claims.get("aud")), token.client.mapper
    if audience != token.client.audience:
        told = disclosure.for_audience(session, issuer.capacity_key, told, token.grant.person_id, audience, clock.now())
        mapper = {}
    said = claims.of_token(told, scopes, mapper, issuer.userinfo)
    return {**said, **_kept(token.claims), "token_type": "Bearer"}


def _kept(said: Mapping[str, Any]) -> Claims:
    return {name: said[name] for name in KEPT if name in said}


def hinted(session: Session, issuer: Issuer, id_token: str) -> Claims | None:
    """Return the claims of an ID token that we issued, expired or not, also with a key that signs no more; None for
    anything else (signed userinfo never expires)."""
    try:
        said = issuer.keyring.hint(session, id_token, mint.IDENTITY)
    except jose.BadToken:
        return None
    return said if said.get("iss") == issuer.url and "exp" in said else None


def revoke(session: Session, token: Shown, actor: Actor) -> None:
    """End the token's grant and write the event; nothing for a client's own token."""
    if token.grant is not None and grants.revoke(session, grant_id=token.grant.id):
        envelope = {"client": token.client.client_id, "grant": str(token.grant.id)}
        log.write(session, "oidc:token:revoked", actor, subject_id=token.grant.person_id, envelope=envelope)
