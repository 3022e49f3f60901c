"""The authorization server on Authlib: which grants and endpoints there are, and how a client proves who it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError
from flask import Response, current_app, json, request
from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.oidc.claims.compose import Claims
from iam.oidc.clients import assertions as client_assertion, keys as client_keys
from iam.oidc.clients.authentication import Contradiction, Presented, presented
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuer import Issuer
from iam.oidc.issuing.grants import S256, CodeGrant, OwnGrant, RefreshGrant
from iam.oidc.issuing.token_endpoints import EndSession, Introspection, Revocation
from iam.oidc.wire.request import ProviderRequest, body, resources
from iam.tokens import foreign, jose
from iam.web import context

KEY = "avain.oidc"
REFUSED_EVERY = timedelta(minutes=1)


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
        """Return the public keys with which a client signs; ``token`` is what it signed. Raises ``jose.BadToken`` when
        that cannot be read."""
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
        """Write the event; where nobody proved to be the client, one of a kind a minute, so that no stranger fills the
        log."""
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
        """Return the grant that answers a token request; raises ``InvalidRequestError`` or Authlib's
        ``UnsupportedGrantTypeError``."""
        if request.payload.grant_type is None:
            raise InvalidRequestError("Missing grant_type.")
        return super().get_token_grant(request)

    def authenticate_client(
        self, request: ProviderRequest, methods: list[str], endpoint: str = "token"
    ) -> RegisteredClient:
        """Return the client that proved who it is by its own method; raises ``InvalidClientError`` or
        ``InvalidRequestError``."""
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
        """The names a client may call us in its assertion: the issuer, and the token endpoint only where its setting
        says so."""
        legacy = [f"{self.issuer.url}/oauth2/token"] if client.legacy_audience else []
        return [self.issuer.url, *legacy]


def provider() -> Provider:
    """Return the provider of the current application, made at its first use."""
    found: Provider | None = current_app.extensions.get(KEY)
    if found is None:
        found = Provider(Issuer(context.settings(), context.vault(), context.generations()))
        current_app.extensions[KEY] = found
    return found
