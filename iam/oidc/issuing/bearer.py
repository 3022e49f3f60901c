"""Access tokens shown to us, and whether what they stand on still stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from iam.database.statement import Statement
from iam.oidc.claims.compose import Told
from iam.oidc.claims.requested import SCOPES
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.oidc.issuing import disclosure, grant_state as standing, mint
from iam.oidc.issuing.grant_state import GrantState
from iam.oidc.model import OpaqueToken
from iam.tokens import jose, secret
from iam.tokens.grant import Grant


@dataclass(frozen=True, slots=True)
class Bearer:
    """A genuine access token of ours that has not expired: its claims, its client, and what its grant stands on (None:
    the client's own token, which has no grant)."""

    claims: Mapping[str, Any]
    client: RegisteredClient
    standing: GrantState | None

    @property
    def grant(self) -> Grant | None:
        """The grant it came from."""
        return self.standing.grant if self.standing is not None else None


def read(session: Session, issuer: Issuer, token: str, at: datetime) -> Bearer | None:
    """Return the access token when it is ours, of this kind, unexpired, and its client in use; None otherwise."""
    claims = _claims(session, issuer, token)
    if claims is None:
        return None
    expires = claims.get("exp")
    if claims.get("iss") != issuer.url or type(expires) is not int or expires <= at.timestamp():
        return None
    client = issuer.clients.get(session, str(claims.get("client_id")))
    if client is None:
        return None
    grant_id = mint.grant_of(claims.get("jti"))
    if grant_id is None:
        return Bearer(claims, client, None)
    found = standing.read(session, grant_id, client, at)
    return Bearer(claims, client, found) if found is not None and found.living else None


def _claims(session: Session, issuer: Issuer, token: str) -> Mapping[str, Any] | None:
    """What an access token says, itself or in our table."""
    if token.startswith(_OPAQUE):
        return _FIND.one(session, of_hash=secret.hash_of(token))
    try:
        return issuer.keyring.verify(session, token, mint.ACCESS)
    except jose.BadToken:
        return None


_OPAQUE = secret.PREFIXES["access"]
_FIND: Statement[Mapping[str, Any]] = Statement(
    lambda: select(OpaqueToken.claims).where(OpaqueToken.hash == bindparam("of_hash")), lambda claims: claims
)


def told(
    session: Session, issuer: Issuer, client: RegisteredClient, stood: GrantState, scopes: tuple[str, ...], at: datetime
) -> Told | None:
    """Return what a token may tell for a living grant now; None when nothing may be told any more.

    Of who the person is a token tells only what was asked one by one (OIDC Core section 5.4): the rest is userinfo's.
    """
    return _told(session, issuer, client, stood, set(scopes) - disclosure.ABOUT_PERSON, at)


def told_whole(
    session: Session, issuer: Issuer, client: RegisteredClient, stood: GrantState, scopes: tuple[str, ...], at: datetime
) -> Told | None:
    """Return what userinfo may tell for a living grant now; None when nothing may be told any more."""
    return _told(session, issuer, client, stood, set(scopes), at)


def _told(
    session: Session, issuer: Issuer, client: RegisteredClient, stood: GrantState, wanted: set[str], at: datetime
) -> Told | None:
    grant = stood.grant
    asked = {SCOPES[name] for names in grant.claims.values() for name in names if name in SCOPES}
    found = disclosure.told(
        session, issuer.capacity_key, client, grant.person_id, grant.capacity_id, wanted | asked, at, standing=stood
    )
    return replace(found, zone=issuer.zone) if found is not None else None
