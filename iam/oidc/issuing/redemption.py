"""What a taken code or a refresh token gives: the grant, the tokens and the event, in the caller's one transaction."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.oidc.authorization.code import Code
from iam.oidc.claims.compose import Claims
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.oidc.issuing import bearer, disclosure, grant_state as standing, mint
from iam.oidc.issuing.grant_state import GrantState
from iam.tokens import grant as grants
from iam.tokens.grant import Grant

ISSUED = "oidc:token:issued"


class Ended(Exception):
    """What the grant stands on has come to an end: the session, the capacity, the right to enter, or the grant
    itself."""


def of_code(
    session: Session, issuer: Issuer, client: RegisteredClient, code: Code, resource: str | None, actor: Actor
) -> Claims:
    """Return the tokens for a code that was just taken, for ``resource`` (None: the client's own interface); raises
    ``Ended``."""
    now = clock.now()
    scopes = mint.scopes_of(code.scope)
    lasting = "offline_access" in scopes and "refresh_token" in client.grants
    seconds = issuer.lives.refresh_seconds if lasting else issuer.lives.access_seconds
    grant = Grant(
        id=code.grant_id,
        person_id=code.person_id,
        client_id=client.client_id,
        capacity_id=code.capacity_id,
        session_id=code.session_id,
        scope=code.scope,
        auth_time=code.auth_time,
        acr=code.acr,
        created_at=now,
        expires_at=now + timedelta(seconds=seconds),
        resources=list(code.resources),
        claims=dict(code.claims),
        device_until=code.device_until,
    )
    grants.store(session, grant)
    stood = _alive(session, grant, standing.read(session, grant.id, client, now))
    occasion = mint.Occasion(client, grant, scopes, now, code.nonce, code.amr, resource)
    refresh_token = grants.token_of(grant.id, 0, issuer.refresh_key) if lasting else None
    return _answer(session, issuer, occasion, stood, refresh_token, actor, "authorization_code")


def of_refresh(
    session: Session,
    issuer: Issuer,
    client: RegisteredClient,
    token: str,
    stood: GrantState,
    scopes: tuple[str, ...] | None,
    resource: str | None,
    actor: Actor,
) -> Claims:
    """Return the tokens for a refresh token and its successor, with ``scopes`` narrowed when given; raises ``Ended``.

    ``stood`` is what its grant was just found to stand on. A token of an older generation is a replay: its family is
    ended, and the event says so (RFC 9700 section 4.14.2).
    """
    rotation = grants.rotate(session, token, client.client_id, issuer.refresh_key)
    if rotation is None:
        raise Ended
    grant = rotation.grant
    if rotation.token is None:
        envelope = {"client": client.client_id, "grant": str(grant.id), "kind": "refresh"}
        log.write(session, "oidc:token:replayed", actor, subject_id=grant.person_id, envelope=envelope)
        raise Ended
    _alive(session, grant, stood)
    now = clock.now()
    asked = scopes or mint.scopes_of(grant.scope)
    occasion = mint.Occasion(client, grant, asked, now, amr=stood.amr, resource=resource)
    return _answer(session, issuer, occasion, stood, rotation.token, actor, "refresh_token")


def _alive(session: Session, grant: Grant, found: GrantState | None) -> GrantState:
    """Return what a grant was found to stand on; ends it and raises ``Ended`` when that is gone."""
    if found is None or not found.living:
        grants.revoke(session, grant_id=grant.id)
        raise Ended
    return found


def _answer(
    session: Session,
    issuer: Issuer,
    occasion: mint.Occasion,
    stood: GrantState,
    refresh_token: str | None,
    actor: Actor,
    by: str,
) -> Claims:
    grant, client = occasion.grant, occasion.client
    told = bearer.told(session, issuer, client, stood, occasion.scopes, occasion.at)
    if told is None:
        grants.revoke(session, grant_id=grant.id)
        raise Ended
    envelope = {
        "client": client.client_id,
        "grant": str(grant.id),
        "by": by,
        "scope": occasion.received,
        "capacity": str(grant.capacity_id) if grant.capacity_id else None,
    }
    log.write(session, ISSUED, actor, subject_id=grant.person_id, envelope=envelope)
    elsewhere = occasion.resource not in (None, client.audience)
    shown = (
        disclosure.for_audience(
            session, issuer.capacity_key, told, grant.person_id, str(occasion.resource), occasion.at
        )
        if elsewhere
        else told
    )
    return mint.answer(session, issuer, occasion, told, shown, refresh_token)


def for_itself(
    session: Session, issuer: Issuer, client: RegisteredClient, scope: str, resource: str | None, actor: Actor
) -> Claims:
    """Return a token for a client that acts for itself."""
    log.write(session, ISSUED, actor, envelope={"client": client.client_id, "by": "client_credentials", "scope": scope})
    return mint.for_itself(session, issuer, client, scope, resource, clock.now())
