"""What discovery says (OpenID Connect Discovery 1.0, RFC 8414): only what is really offered."""

from __future__ import annotations

from typing import Any

from iam.oidc.authorization.response import MODES
from iam.oidc.claims.compose import MAPPABLE, VERIFIED
from iam.oidc.clients.registered import ANNOUNCED
from iam.oidc.fields.columns import AUTH_METHODS, GRANT_TYPES
from iam.signin.factors.levels import LEVELS
from iam.texts import LANGUAGES
from iam.tokens.jose import ALGORITHMS

CONFIDENTIAL = [method for method in AUTH_METHODS if method != "none"]
_PROTOCOL = ("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "sid")


def authorization_server(issuer: str) -> dict[str, Any]:
    """Return the metadata of RFC 8414 section 2."""
    algorithms = list(ALGORITHMS)
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth2/authorize",
        "token_endpoint": f"{issuer}/oauth2/token",
        "jwks_uri": f"{issuer}/oauth2/jwks",
        "introspection_endpoint": f"{issuer}/oauth2/introspect",
        "revocation_endpoint": f"{issuer}/oauth2/revoke",
        "scopes_supported": list(ANNOUNCED),
        "response_types_supported": ["code"],
        "response_modes_supported": list(MODES),
        "grant_types_supported": list(GRANT_TYPES),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": CONFIDENTIAL,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "registration_endpoint": f"{issuer}/oauth2/register",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth2/par",
        "require_pushed_authorization_requests": False,
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        "require_signed_request_object": False,
        "request_object_signing_alg_values_supported": algorithms,
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": list(LANGUAGES),
    }


def openid_provider(issuer: str) -> dict[str, Any]:
    """Return the metadata of OpenID Connect Discovery 1.0 section 3 and RP-Initiated Logout 1.0 section 2.1."""
    return authorization_server(issuer) | {
        "userinfo_endpoint": f"{issuer}/oauth2/userinfo",
        "end_session_endpoint": f"{issuer}/oauth2/logout",
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(ALGORITHMS),
        "acr_values_supported": list(LEVELS),
        "claim_types_supported": ["normal", "distributed"],
        "claims_supported": [*_PROTOCOL, *MAPPABLE, *VERIFIED],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }
