"""The userinfo endpoint (OIDC Core section 5.3)."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response, request

from iam import clock
from iam.audit import log
from iam.oidc.claims import compose as claims, requested as claims_request
from iam.oidc.claims.compose import Claims
from iam.oidc.endpoints.protocol import protocol
from iam.oidc.issuing import bearer, mint
from iam.oidc.issuing.bearer import Bearer
from iam.oidc.server import provider
from iam.oidc.wire.request import body
from iam.tokens import jose
from iam.web import context


@protocol
def userinfo() -> Response:
    """Tell the bearer of an access token with scope ``openid`` about the person, as things are now."""
    context.writes_last()
    server, now = provider(), clock.now()
    token = _token()
    if token is None:
        return _refused(401, None)
    shown = bearer.read(server.session, server.issuer, token, now)
    # A token for another application's interface is shown by that one, if at all: it is told nothing here.
    if shown is None or shown.claims.get("aud") != shown.client.audience:
        return _refused(401, "invalid_token")
    scopes = mint.scopes_of(str(shown.claims.get("scope", "")))
    if shown.standing is None or "openid" not in scopes:
        return _refused(403, "insufficient_scope")
    told = bearer.told_whole(server.session, server.issuer, shown.client, shown.standing, scopes, now)
    if told is None:
        return _refused(401, "invalid_token")
    names = shown.standing.grant.claims.get("userinfo", ())
    _record(shown, claims_request.received(" ".join(scopes), names, capacity=told.capacity is not None))
    return _answer(shown, claims.of_userinfo(told, scopes, shown.client.mapper, names))


def _answer(shown: Bearer, said: Claims) -> Response:
    """The claims as JSON, or signed where the client registered so (OIDC Core section 5.3.2)."""
    server, algorithm = provider(), shown.client.userinfo_alg
    if algorithm is None:
        return server.handle_response(200, said, [("Content-Type", "application/json")])
    key = server.issuer.keyring.signer(server.session, algorithm)
    signed = jose.sign(key, mint.IDENTITY, {**said, "iss": server.issuer.url, "aud": shown.client.client_id})
    return server.handle_response(200, signed, [("Content-Type", "application/jwt")])


def _token() -> str | None:
    """Return the token, sent in exactly one way: the header, or the body of a post (RFC 6750 section 2); never the
    address."""
    scheme, _, header = request.headers.get("Authorization", "").partition(" ")
    posted = body().get("access_token") if request.method == "POST" and request.mimetype else None
    if scheme.lower() != "bearer":
        return posted
    if posted is not None:
        raise InvalidRequestError("Send the access token in one way only.")
    return header.strip()


def _refused(status: int, error: str | None) -> Response:
    challenge = f'Bearer error="{error}"' if error else "Bearer"
    headers = [("Content-Type", "application/json"), ("WWW-Authenticate", challenge)]
    return provider().handle_response(status, {"error": error} if error else {}, headers)


def _record(shown: Bearer, received: str) -> None:
    server = provider()
    envelope = {"client": shown.client.client_id, "scope": received}
    subject_id = shown.grant.person_id if shown.grant else None
    log.write(server.session, "oidc:userinfo:disclosed", server.actor, subject_id=subject_id, envelope=envelope)
