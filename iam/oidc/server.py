"""The authorization server on Authlib: which grants and endpoints there are, and how a client proves who it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidGrantError, InvalidRequestError, OAuth2Payload
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Response, current_app, json, request
from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.oidc import client_assertion, client_keys, inspection, mint, parameters
from iam.oidc.claims import Claims
from iam.oidc.client import RegisteredClient
from iam.oidc.client_authentication import Contradiction, Presented, presented
from iam.oidc.grants import AUTH_METHODS, S256, CodeGrant, OwnGrant, RefreshGrant
from iam.oidc.inspection import Shown
from iam.oidc.issuer import Issuer
from iam.tokens import foreign, jose
from iam.web import context

KEY = "avain.oidc"
REFUSED_EVERY = timedelta(minutes=1)
CONFIDENTIAL = [method for method in AUTH_METHODS if method != "none"]


class _Payload(OAuth2Payload):
    """The parameters of a request, already known to come once each."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @property
    def data(self) -> Mapping[str, str]:
        return self._values

    @property
    def datalist(self) -> dict[str, list[str]]:
        return {name: [value] for name, value in self._values.items()}


class ProviderRequest(OAuth2Request):
    """The request at hand as Authlib sees it. Its address is the issuer's, never the Host header's."""

    def __init__(self, issuer: str, values: Mapping[str, str], resources: Sequence[str] = ()) -> None:
        super().__init__(request.method, issuer + request.path, headers=request.headers)
        self.payload = _Payload(values)
        self.resources = resources

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters of the body."""
        return self.payload.data


class Provider(AuthorizationServer):
    """Authlib's server with our clients, our statements and our answers."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__()
        self.issuer = issuer
        self._refused: dict[tuple[str, str], datetime] = {}
        self.register_grant(CodeGrant, [S256(required=True)])
        self.register_grant(RefreshGrant)
        self.register_grant(OwnGrant)
        self.register_endpoint(Introspection)
        self.register_endpoint(Revocation)
        self.register_endpoint(EndSession)

    @property
    def session(self) -> Session:
        """The request's database session."""
        return context.db()

    @property
    def actor(self) -> Actor:
        """A client acts at the protocol endpoints: nobody in particular."""
        return Actor(None, context.request_id(), request.remote_addr or "")

    def keys_of(self, client: RegisteredClient, token: str) -> Sequence[Mapping[str, Any]]:
        """Return the public keys with which a client signs; ``token`` is what it signed. Raises ``jose.BadToken`` when that cannot be read."""
        return client_keys.keys(client, context.settings(), foreign.key_id(token))

    def query_client(self, client_id: str) -> RegisteredClient | None:
        """Return a client in use."""
        return self.issuer.clients.get(self.session, client_id)

    def save_token(self, token: Claims, request_: OAuth2Request) -> None:
        """Nothing: what stands for a token was written before it was made."""

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nothing: what happened is in the audit log."""

    def create_oauth2_request(self, request: Any) -> ProviderRequest:
        """Return the body's parameters, or those given; raises ``InvalidRequestError``."""
        if isinstance(request, ProviderRequest):
            return request
        return ProviderRequest(self.issuer.url, body(), resources())

    def handle_error_response(self, request: ProviderRequest | None, error: OAuth2Error) -> Response:
        """Return the error as JSON, and write the event when a known client was refused a token."""
        if request is not None and request.uri.endswith("/token"):
            self._record_refusal(request, error.error)
        status, payload, headers = error()
        return self.handle_response(status, dict(payload), headers)

    def _record_refusal(self, request: ProviderRequest, error: str) -> None:
        """Write the event; where nobody proved to be the client, one of a kind a minute, so that no stranger fills the log."""
        client, now = request.client or self._named(request), clock.now()
        if client is None:
            return
        refusal = client.client_id, error
        if request.client is None or client.auth == "none":
            if self._refused.get(refusal, clock.LONG_AGO) > now - REFUSED_EVERY:
                return
            self._refused[refusal] = now
        envelope = {"client": client.client_id, "error": error}
        log.write(self.session, "oidc:token:refused", self.actor, envelope=envelope)

    def _named(self, request: ProviderRequest) -> RegisteredClient | None:
        try:
            name = presented(request.headers.get("Authorization"), request.form).client_id
        except Contradiction:
            name = request.form.get("client_id")
        return self.query_client(name) if name else None

    def handle_response(self, status_code: int, payload: Any, headers: Any) -> Response:
        """Return JSON that nobody stores."""
        text = json.dumps(payload) if isinstance(payload, dict) else payload
        response = Response(text, status=status_code, headers=headers)
        response.headers["Cache-Control"], response.headers["Pragma"] = "no-store", "no-cache"
        return response

    def get_token_grant(self, request: ProviderRequest) -> Any:
        """Return the grant that answers a token request; raises ``InvalidRequestError`` or Authlib's ``UnsupportedGrantTypeError``."""
        if request.payload.grant_type is None:
            raise InvalidRequestError("Missing grant_type.")
        return super().get_token_grant(request)

    def authenticate_client(
        self, request: ProviderRequest, methods: list[str], endpoint: str = "token"
    ) -> RegisteredClient:
        """Return the client that proved who it is by its own method; raises ``InvalidClientError`` or ``InvalidRequestError``."""
        try:
            shown = presented(request.headers.get("Authorization"), request.form)
        except Contradiction as error:
            raise InvalidRequestError(str(error)) from None
        client = self.query_client(shown.client_id) if shown.client_id else None
        ours = client is not None and client.auth == shown.method and shown.method in methods
        if client is None or not ours or not self._proves(client, shown):
            raise InvalidClientError("The client did not prove who it is.", status_code=401)
        request.client, request.auth_method = client, shown.method
        return client

    def _proves(self, client: RegisteredClient, shown: Presented) -> bool:
        if shown.method == "none":
            return True
        if shown.method != "private_key_jwt":
            return client.check_client_secret(shown.proof)
        try:
            assertion = client_assertion.verify(
                shown.proof,
                self.keys_of(client, shown.proof),
                client.client_id,
                self._audiences(client),
                clock.now(),
                client.extra.get("token_endpoint_auth_signing_alg"),
            )
        except jose.BadToken:
            return False
        return client_assertion.first_use(self.session, client.client_id, assertion)

    def _audiences(self, client: RegisteredClient) -> list[str]:
        """The names a client may call us in its assertion: the issuer, and the token endpoint only where its setting says so."""
        legacy = [f"{self.issuer.url}/oauth2/token"] if client.legacy_audience else []
        return [self.issuer.url, *legacy]


class Introspection(IntrospectionEndpoint):
    """RFC 7662: what holds of a token now, for a confidential client whose audience it is."""

    CLIENT_AUTH_METHODS = CONFIDENTIAL

    def check_params(self, request: ProviderRequest, client: RegisteredClient) -> None:
        """A token is needed; an unknown hint is ignored (RFC 7662 section 2.1)."""
        _needs_token(request)

    def query_token(self, token_string: str, token_type_hint: str | None) -> Shown | None:
        """Return what the token is and whether it still stands."""
        return inspection.find(self.server.session, self.server.issuer, token_string)

    def check_permission(self, token: Shown, client: RegisteredClient, request: ProviderRequest) -> bool:
        """Whether the token is meant for the asking client's application (security JW-06)."""
        return token.concerns(client)

    def create_introspection_payload(self, token: Shown | None) -> Claims:
        """Return what may be told of the token now, or only that it is not active."""
        said = inspection.describe(self.server.session, self.server.issuer, token) if token else None
        return {"active": True, **said} if said is not None else {"active": False}


class Revocation(RevocationEndpoint):
    """RFC 7009: the client gives back what it was granted; every token from the same grant ends with it."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def check_params(self, request: ProviderRequest, client: RegisteredClient) -> None:
        """A token is needed; an unknown hint is ignored (RFC 7009 section 2.1)."""
        _needs_token(request)

    def authenticate_token(self, request: ProviderRequest, client: RegisteredClient) -> Shown | None:
        """Return the token when it is the client's own; raises ``InvalidGrantError`` for another client's."""
        self.check_params(request, client)
        token = inspection.find(self.server.session, self.server.issuer, request.form["token"])
        if token is not None and token.client.client_id != client.client_id:
            raise InvalidGrantError("The token was not issued to this client.")
        return token

    def revoke_token(self, token: Shown, request: ProviderRequest) -> None:
        """End the grant; a client's own token runs out within minutes by itself."""
        inspection.revoke(self.server.session, token, self.server.actor)


class EndSession(EndSessionEndpoint):
    """RP-Initiated Logout 1.0: reads the request; what is then ended is ``logout``'s."""

    def _validate_id_token_hint(self, id_token_hint: str) -> Claims | None:
        # A hint that is not ours is no hint: the person is asked, and nobody is redirected.
        return hinted(self.server, id_token_hint)


def hinted(server: Provider, id_token: str) -> Claims | None:
    """Return the claims of an ID token that we issued, expired or not; None for anything else (signed userinfo never expires)."""
    try:
        claims = server.issuer.keyring.verify(server.session, id_token, mint.IDENTITY)
    except jose.BadToken:
        return None
    return claims if claims.get("iss") == server.issuer.url and "exp" in claims else None


def _needs_token(request: ProviderRequest) -> None:
    if "token" not in request.form:
        raise InvalidRequestError("Missing token.")


def body() -> dict[str, str]:
    """Return the parameters of a form body; raises ``InvalidRequestError`` for any other body."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequestError("Send the parameters as application/x-www-form-urlencoded.")
    try:
        return parameters.single(request.form.lists())
    except parameters.BadParameters as error:
        raise InvalidRequestError(str(error)) from None


def resources() -> list[str]:
    """Return the resources that a form body names; raises ``InvalidRequestError``."""
    try:
        return parameters.resources(request.form.getlist("resource"))
    except parameters.BadParameters as error:
        raise InvalidRequestError(str(error)) from None


def provider() -> Provider:
    """Return the provider of the current application, made at its first use."""
    found: Provider | None = current_app.extensions.get(KEY)
    if found is None:
        found = Provider(Issuer(context.settings(), context.vault(), context.generations()))
        current_app.extensions[KEY] = found
    return found
