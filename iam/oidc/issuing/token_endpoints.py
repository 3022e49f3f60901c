"""Authlib's endpoints about tokens over our own statements: introspection, revocation, and the request to sign out."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint

from iam.oidc.claims.compose import Claims
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.issuing import introspection as inspection
from iam.oidc.issuing.grants import AUTH_METHODS
from iam.oidc.issuing.introspection import Shown
from iam.oidc.wire.request import ProviderRequest

CONFIDENTIAL = [method for method in AUTH_METHODS if method != "none"]


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
        """Return the token when it is the client's own, a refresh token of any generation; raises ``InvalidGrantError``
        for another client's."""
        self.check_params(request, client)
        token = inspection.find_family(self.server.session, self.server.issuer, request.form["token"])
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
        return inspection.hinted(self.server.session, self.server.issuer, id_token_hint)


def _needs_token(request: ProviderRequest) -> None:
    if "token" not in request.form:
        raise InvalidRequestError("Missing token.")
