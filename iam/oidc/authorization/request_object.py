"""Authorization requests that a client has signed, by value (RFC 9101, OIDC Core section 6.1). Nothing is ever
fetched."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from iam.oidc.authorization.refusal import BadRequestObject
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.wire import parameters
from iam.tokens import foreign, jose

_TYPES = frozenset({"JWT", "oauth-authz-req+jwt"})
_OWN = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti", "sub"})
"""Claims of the object itself; all others are parameters of the request."""


def read(
    text: str, keys: Callable[[str], Sequence[Mapping[str, Any]]], client: RegisteredClient, issuer: str, at: datetime
) -> tuple[dict[str, str], list[str]]:
    """Return the parameters and the resources that a client's signed request holds; raises ``BadRequestObject``.

    ``keys`` finds the client's for a token. Only what was signed counts: parameters beside the object are not looked at
    (RFC 9101 section 6.3).
    """
    try:
        claims = foreign.verify(text, keys(text), _TYPES, client.extra.get("request_object_signing_alg"))
        _meant(claims, client.client_id, issuer, at)
        return _parameters(claims)
    except (jose.BadToken, parameters.BadParameters) as error:
        raise BadRequestObject(f"The request object was not accepted: {error}.".replace("..", ".")) from None


def _meant(claims: Mapping[str, Any], client_id: str, issuer: str, at: datetime) -> None:
    """Check whose it is, for whom, and when (RFC 9101 section 5.2)."""
    if claims.get("client_id") != client_id or claims.get("iss", client_id) != client_id:
        raise jose.BadToken("another client's request")
    # A client's assertion names the client there: what proves a client at the token endpoint starts no sign-in (RFC
    # 9101 section 10.8).
    if claims.get("sub") == client_id:
        raise jose.BadToken("its sub is the client")
    audience = claims.get("aud", issuer)
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise jose.BadToken("for somebody else")
    foreign.check_lasts(claims, at)
    foreign.check_begun(claims, at, "iat", "nbf")
    if "request" in claims or "request_uri" in claims:
        raise jose.BadToken("a request within a request")


def _parameters(claims: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    resources = claims.get("resource", [])
    told = {name: value for name, value in claims.items() if name not in _OWN and name != "resource"}
    pairs = [(name, [_text(value)]) for name, value in told.items()]
    listed = resources if isinstance(resources, list) else [resources]
    return parameters.single(pairs), parameters.resources([_text(one) for one in listed])


def _text(value: Any) -> str:
    """A parameter as it would stand in an address: numbers in digits, groups (``claims``) as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) or (isinstance(value, int) and not isinstance(value, bool)):
        return json.dumps(value)
    raise jose.BadToken("a parameter that is no text")
