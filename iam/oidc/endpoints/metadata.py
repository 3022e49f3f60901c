"""Discovery and the published keys."""

from __future__ import annotations

from flask import Response, jsonify

from iam.oidc import metadata
from iam.oidc.server import provider
from iam.web import context, guard

_SECONDS = 300


@guard.public
@guard.read_only
def openid_configuration() -> Response:
    """Answer OpenID Connect Discovery 1.0 section 4."""
    return _public(jsonify(metadata.openid_provider(context.settings().issuer)))


@guard.public
@guard.read_only
def oauth_authorization_server() -> Response:
    """Answer RFC 8414 section 3."""
    return _public(jsonify(metadata.authorization_server(context.settings().issuer)))


@guard.public
@guard.read_only
def jwks() -> Response:
    """Answer with the public keys that verify our tokens (RFC 7517 section 5)."""
    return _public(jsonify(keys=provider().issuer.keyring.public(context.db())))


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
