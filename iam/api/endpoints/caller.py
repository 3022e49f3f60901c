"""Who calls: an administrator, by an access token of ours that an application got for them (RFC 6750), or a client with
grants of its own, by the token that it got for itself.

The token is for this API and no other (its audience), lives no longer than the sign-in it came from, and lets its
bearer do what its scope names, never more than the person may do on the pages, or the client was granted. Cookies count
for nothing here.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request

from connectors.problem import Problem
from iam import clock
from iam.access.administration import PERMISSIONS
from iam.access.client_asker import client_asker
from iam.errors import AvainError, Denied, NotFound
from iam.oidc.issuing import bearer, mint
from iam.oidc.issuing.bearer import Bearer
from iam.oidc.server import provider
from iam.tokens import foreign, secret, session as login_sessions, witness
from iam.tokens.session import LoginSession
from iam.web import context, guard

NAME = "api"
PATH = "/api/v1"
STEP_UP_SECONDS = 300
"""A step-up asks for a proof that is at most this old (RFC 9470)."""


class NoToken(AvainError):
    """No access token came, or one that is not ours, not for this API, or worth nothing any more."""

    code = "invalid-token"
    status = 401

    def __init__(self) -> None:
        super().__init__(Problem("There is no access token, or it is not valid here.", "Get a new token."))


class TooNarrow(Denied):
    """The token's scope does not name the permission that this needs."""

    code = "insufficient-scope"

    def __init__(self, permission: str) -> None:
        super().__init__(
            Problem(
                "The access token's scope does not have %(permission)s.",
                "Get a token with that scope.",
                params={"permission": permission},
            )
        )


def init(app: Flask) -> None:
    """Ask who calls before ``guard`` asks what they may; to be said before ``guard.init``."""
    app.before_request(_admit)
    app.after_request(_challenge)


def audience() -> str:
    """Return what an access token for this API names as its audience."""
    return provider().issuer.administration


def called_by() -> str:
    """Return who calls as one name: the client, and the person it calls for."""
    return f"{g.client_id} {g.person_id or ''}".strip()


def scope() -> tuple[str, ...]:
    """Return the permissions that the token's scope names."""
    found: tuple[str, ...] = g.scope
    return found


def _admit() -> None:
    """Take the token; raises ``NoToken`` or ``TooNarrow``."""
    if request.blueprint != NAME:
        return
    if "\x00" in request.path:
        # PostgreSQL takes no NUL, and no key has one.
        raise NotFound
    g.login = g.person_id = None
    permission = guard.permission_of(current_app.view_functions[str(request.endpoint)])
    if permission is None:
        return
    g.challenge = "Bearer"
    token = _token()
    if token is None:
        raise NoToken
    g.challenge = 'Bearer error="invalid_token"'
    shown = _shown(token)
    g.client_id = shown.client.client_id
    if shown.grant is None:
        _for_itself(shown)
    else:
        g.login = _login(shown)
        g.person_id = g.login.person_id
    g.scope = mint.scopes_of(str(shown.claims.get("scope", "")), PERMISSIONS)
    g.challenge = f'Bearer error="insufficient_user_authentication", max_age="{STEP_UP_SECONDS}"'
    _narrow(g.scope, permission)


def _token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _shown(token: str) -> Bearer:
    """Return what a token stands on; raises ``NoToken``."""
    shown = bearer.read(context.db(), provider().issuer, token, clock.now())
    if shown is None or shown.claims.get("aud") != audience() or not _witnessed(token):
        raise NoToken
    return shown


def _login(shown: Bearer) -> LoginSession:
    """Return the sign-in that a person's token came from; raises ``NoToken``."""
    stood = shown.standing
    if stood is None or stood.grant.session_id is None:
        raise NoToken
    login = login_sessions.get(context.db(), stood.grant.session_id)
    if login is None or (stood.grant.capacity_id is not None and stood.capacity is None):
        raise NoToken
    return login


def _for_itself(shown: Bearer) -> None:
    """Let a client in with what it was granted: it proved itself when it got the token."""
    g.acting_client = shown.client.client_id
    fresh = clock.now().timestamp() - int(shown.claims["iat"]) <= STEP_UP_SECONDS
    guard.let_in(client_asker(context.db(), shown.client.client_id), fresh=fresh)


def _witnessed(token: str) -> bool:
    """Whether the independent witness accepts our own signature, for this audience."""
    if token.startswith(secret.PREFIXES["access"]):
        return True
    session, key_id = context.db(), foreign.key_id(token)
    published = provider().issuer.keyring.listed(lambda: session)
    return any(one["kid"] == key_id and witness.accepts(token, one, audience()) for one in published)


def _narrow(scopes: tuple[str, ...], permission: str) -> None:
    """Let the caller do what the scope names, no more; raises ``TooNarrow``."""
    if permission not in scopes and "admin" not in scopes:
        g.challenge = f'Bearer error="insufficient_scope", scope="{permission}"'
        raise TooNarrow(permission)
    guard.narrow(scopes if "admin" not in scopes else [*PERMISSIONS])


def _challenge(response: Response) -> Response:
    """Say how to prove more, where that was missing (RFC 6750 section 3)."""
    challenge = g.get("challenge")
    if challenge is not None and (response.status_code == 401 or "insufficient_scope" in challenge):
        response.headers["WWW-Authenticate"] = challenge
    return response
