"""Client registration (RFC 7591) and its management by the client itself (RFC 7592)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from iam.oidc.clients import (
    documents as client_document,
    initial_tokens as registration_terms,
    self_service as self_registration,
)
from iam.oidc.clients.documents import METADATA, BadDocument
from iam.oidc.clients.self_service import RegisteredDocument
from iam.oidc.endpoints.protocol import protocol
from iam.oidc.model import Client
from iam.oidc.server import provider
from iam.tokens.secret import PREFIXES
from iam.web import context, extension

_LONGEST_TOKEN = 128


def _refusing(view: Callable[..., Response]) -> Callable[..., Response]:
    """Answer a refused registration as RFC 7591 section 3.2.2 says; nothing of it stays."""

    @wraps(view)
    def answer(**place: str) -> Response:
        try:
            return view(**place)
        except BadDocument as error:
            extension.abandon()
            return _json(400, {"error": error.error, "error_description": _sayable(str(error))})

    return answer


@protocol
@_refusing
def register() -> Response:
    """Register a client of the initial access token's application (RFC 7591 section 3)."""
    session, egress = context.db(), context.settings().egress
    token = _token("initial")
    on = registration_terms.of_token(session, token) if token else None
    if token is None or on is None:
        return _no_token()
    document = registration_terms.read(_body(), on, egress)
    session.rollback()
    sector = registration_terms.sector(document, on, egress)
    made = self_registration.register(session, token, document, sector, provider().actor)
    return _said(201, made) if made is not None else _no_token()


@protocol
@_refusing
def registration(client_id: str) -> Response:
    """Show, replace or end a registration, to the holder of the client's own management token (RFC 7592 section 2)."""
    token = _token("management")
    client = self_registration.find(context.db(), client_id, token) if token else None
    if token is None or client is None:
        return _no_token()
    if request.method == "DELETE":
        self_registration.remove(context.db(), client, provider().actor)
        return _json(204, "")
    if request.method == "PUT":
        return _replace(client_id, client, token)
    return _said(200, self_registration.shown(context.db(), client, token))


def _replace(client_id: str, client: Client, token: str) -> Response:
    session, egress = context.db(), context.settings().egress
    given, on = _body(), registration_terms.of_client(session, client)
    secret = self_registration.check_own(session, client, given)
    document = registration_terms.read(given, on, egress)
    session.rollback()
    sector = registration_terms.sector(document, on, egress)
    found = self_registration.find(session, client_id, token)
    if found is None:
        return _no_token()
    return _said(200, self_registration.amend(session, found, document, sector, provider().actor, token, secret))


def _token(kind: str) -> str | None:
    """Return the bearer token of the header when it is of this kind; a token anywhere else is none (RFC 6750 section
    2.1)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    value = value.strip()
    ours = scheme.lower() == "bearer" and value.startswith(PREFIXES[kind]) and value.isascii()
    return value if ours and len(value) <= _LONGEST_TOKEN else None


def _body() -> dict[str, Any]:
    if request.mimetype != "application/json":
        raise BadDocument(METADATA, "Send the registration as application/json.")
    request.max_content_length = client_document.LONGEST
    try:
        return client_document.parse(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise BadDocument(METADATA, "The registration is too long.") from None


def _said(status: int, one: RegisteredDocument) -> Response:
    said: dict[str, Any] = {**one.document}
    if one.secret is not None:
        said |= {"client_secret": one.secret, "client_secret_expires_at": 0}
    uri = f"{context.settings().issuer}/oauth2/register/{one.client_id}"
    return _json(status, said | {"registration_access_token": one.token, "registration_client_uri": uri})


def _no_token() -> Response:
    """The same answer whatever is wrong with the token or the client (RFC 7592 section 2)."""
    given = "Authorization" in request.headers
    headers = [("WWW-Authenticate", 'Bearer error="invalid_token"' if given else "Bearer")]
    return _json(401, {"error": "invalid_token"}, headers)


def _json(status: int, payload: Any, headers: list[tuple[str, str]] | None = None) -> Response:
    kind = [("Content-Type", "application/json")]
    return provider().handle_response(status, payload, [*kind, *(headers or [])])


def _sayable(text: str) -> str:
    """What may stand in a description: no quotation mark, no backslash, ASCII (RFC 6749 section 5.2)."""
    return "".join(c for c in text if " " <= c <= "~" and c not in '"\\')
