"""Reading an authorization request at the browser's door: who asks, whether it is in order, and where a refusal
goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from authlib.oauth2 import OAuth2Error
from flask import request
from werkzeug.wrappers import Response

from iam.oidc import asking
from iam.oidc.asking import Asked
from iam.oidc.authorization import passage, response as answer
from iam.oidc.authorization.passage import Passage
from iam.oidc.authorization.refusal import BadRequestUri, check_resources
from iam.oidc.authorization.response import Answer
from iam.oidc.claims import requested as claims_request
from iam.oidc.claims.requested import ClaimsRequest
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.endpoints import page
from iam.oidc.server import Provider, provider
from iam.oidc.wire import parameters
from iam.oidc.wire.request import ProviderRequest

OUR_OWN = (passage.PARAMETER, "lang")
"""Parameters that our pages add to an address."""


@dataclass(frozen=True, slots=True)
class Validated:
    """A request whose client, redirect URI, scope and PKCE are in order. ``mode`` says how it is answered.

    ``passed`` is how far it has come on our pages, None at first.
    """

    client: RegisteredClient
    asked: Asked
    scope: str
    mode: str
    claims: ClaimsRequest
    passed: Passage | None

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters that count."""
        return self.asked.parameters

    @property
    def receives(self) -> str:
        """The scope with what counts as scope besides: what the application receives when it is answered."""
        allowed = self.claims.allowed(self.client.scope)
        return claims_request.received(self.scope, allowed, capacity=not self.client.is_ours)

    def refused(self, error: str, description: str = "") -> Answer:
        """Return the answer that there is no code."""
        state = self.parameters.get("state")
        return answer.refused(
            self.parameters["redirect_uri"], self.mode, provider().issuer.url, state, error, description
        )


def validate(handle: str | None) -> Validated | Response:
    """Return the request when it is in order; otherwise the answer: to the application only when its address is proved
    to be its own.

    ``handle`` is what a page of ours brings back.
    """
    server = provider()
    try:
        given = parameters.single(request.args.lists())
        listed = parameters.resources(request.args.getlist("resource"))
    except parameters.BadParameters as error:
        return page.broken(str(error))
    given = {name: value for name, value in given.items() if name not in OUR_OWN}
    passed = passage.unseal(server.issuer.passage_key, handle, passage.digest(asking.carried(given, listed)))
    counted: Mapping[str, str] = given
    try:
        asked = asking.resolve(server, given, listed, late=passed is not None)
        counted = asked.parameters
        oauth = ProviderRequest(server.issuer.url, counted)
        server.get_consent_grant(oauth)
        check_resources(oauth.client, asked.resources)
    except OAuth2Error as error:
        return _refuse(server, counted, error)
    claims = claims_request.parse(counted.get("claims"))
    return Validated(oauth.client, asked, oauth.scope, counted.get("response_mode", "query"), claims, passed)


def _refuse(server: Provider, given: Mapping[str, str], error: OAuth2Error) -> Response:
    """Tell the application, when the request names one of its own addresses; otherwise the person."""
    client, address = server.query_client(given.get("client_id", "")), error.redirect_uri
    if client is not None and not address and client.check_redirect_uri(given.get("redirect_uri", "")):
        address = given["redirect_uri"]
    only = "The only response_type is code."
    description = only if error.error == "unsupported_response_type" else str(error.get_error_description() or "")
    if not address or client is None:
        return (
            page.used_up(client)
            if isinstance(error, BadRequestUri)
            else page.broken(description or str(error.error), client)
        )
    web = address.startswith(("https://", "http://"))
    mode = "form_post" if given.get("response_mode") == "form_post" and web else "query"
    name = "invalid_request" if "response_type" not in given else str(error.error)
    return page.send(answer.refused(address, mode, server.issuer.url, given.get("state"), name, description), client)
