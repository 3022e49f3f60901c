"""The pushed authorization request endpoint (RFC 9126)."""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response

from iam.oidc import asking
from iam.oidc.authorization import pushed as par
from iam.oidc.authorization.pushed import Pushed
from iam.oidc.authorization.refusal import check_resources
from iam.oidc.endpoints.protocol import protocol
from iam.oidc.issuing.grants import AUTH_METHODS
from iam.oidc.server import provider
from iam.oidc.wire.request import ProviderRequest, body, resources

_AUTHENTICATION = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


@protocol
def push() -> Response:
    """Check an authorization request now and answer with the address under which the browser brings it (section 2)."""
    server, form = provider(), body()
    client = server.authenticate_client(ProviderRequest(server.issuer.url, form), AUTH_METHODS, "par")
    if "request_uri" in form:
        raise InvalidRequestError("A pushed request holds no request_uri.")
    given = {name: value for name, value in form.items() if name not in _AUTHENTICATION} | {
        "client_id": client.client_id
    }
    asked = asking.opened(server, client, given, resources())
    try:
        server.get_consent_grant(ProviderRequest(server.issuer.url, asked.parameters))
    except OAuth2Error as error:
        # There is nobody to redirect: the client itself asks.
        error.redirect_uri = None
        raise
    check_resources(client, asked.resources)
    uri = par.push(server.session, client.client_id, Pushed(dict(asked.parameters), list(asked.resources)))
    answered = server.handle_response(
        201, {"request_uri": uri, "expires_in": par.SECONDS}, [("Content-Type", "application/json")]
    )
    answered.headers["Cache-Control"] = "no-store"
    return answered
