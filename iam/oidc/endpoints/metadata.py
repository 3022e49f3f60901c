"""Discovery and the published keys."""

from __future__ import annotations

import json
from functools import lru_cache

from flask import Response, jsonify

from iam.oidc import metadata
from iam.oidc.server import provider
from iam.web import context, extension, guard

_SECONDS = 300


@guard.public
@guard.read_only
def openid_configuration() -> Response:
    """Answer OpenID Connect Discovery 1.0 section 4."""
    return _public(Response(_openid_provider(context.settings().issuer), mimetype="application/json"))


@guard.public
@guard.read_only
def oauth_authorization_server() -> Response:
    """Answer RFC 8414 section 3."""
    return _public(Response(_authorization_server(context.settings().issuer), mimetype="application/json"))


@lru_cache(maxsize=4)
def _openid_provider(issuer: str) -> str:
    return json.dumps(metadata.openid_provider(issuer))


@lru_cache(maxsize=4)
def _authorization_server(issuer: str) -> str:
    return json.dumps(metadata.authorization_server(issuer))


@guard.public
@guard.read_only
def jwks() -> Response:
    """Answer with the public keys that verify our tokens (RFC 7517 section 5)."""
    return _public(jsonify(keys=provider().issuer.keyring.remembered(context.db, extension.abandon)))


def _public(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response
