"""Token, introspection and revocation endpoints."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import ClientCredentialsGrant
from flask import Response, request

from iam.oidc.endpoints.protocol import protocol
from iam.oidc.server import provider
from iam.web import context


@protocol
def token() -> Response:
    """Answer with tokens for a code, a refresh token or a client's own credentials (RFC 6749 section 3.2)."""
    if request.form.get("grant_type") == ClientCredentialsGrant.GRANT_TYPE and "client_assertion" not in request.form:
        context.writes_last()
    return provider().create_token_response()  # type: ignore[no-any-return]


@protocol
def introspect() -> Response:
    """Tell a client what holds of a token (RFC 7662).

    Nothing is written for a client that shows a secret; what a signed assertion leaves behind is.
    """
    if "client_assertion" not in request.form:
        context.read_only()
    return provider().create_endpoint_response("introspection")  # type: ignore[no-any-return]


@protocol
def revoke() -> Response:
    """Take back what a client gives back (RFC 7009)."""
    return provider().create_endpoint_response("revocation")  # type: ignore[no-any-return]
