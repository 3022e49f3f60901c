"""Authlib's grants over our own atomic statements: its order (save, then delete) is never relied on (security section
3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from iam import clock
from iam.access import client_asker
from iam.oidc.authorization.code import Code, take
from iam.oidc.authorization.refusal import BadTarget, check_resources
from iam.oidc.authorization.response import MODES
from iam.oidc.claims import requested as claims_request
from iam.oidc.claims.compose import Claims
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.fields import columns
from iam.oidc.issuing import grant_state as standing, introspection as inspection, mint, redemption
from iam.oidc.issuing.grant_state import GrantState
from iam.signin.factors import levels, policy
from iam.tokens import grant as grants

NO_STORE = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]
AUTH_METHODS = list(columns.AUTH_METHODS)
PROMPTS = frozenset({"none", "login", "select_account", "consent"})
GONE = "What was presented is unknown, expired, already used, or has ended."
WEAK = "A surer sign-in is asked here now: send the person to sign in again."

Answered = tuple[int, Claims, list[tuple[str, str]]]


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant: PKCE by ``S256``, the code taken by one statement, tokens and event in the same
    transaction."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    @staticmethod
    def validate_authorization_redirect_uri(request: Any, client: RegisteredClient) -> str:
        """Return the redirect URI when it is registered; the error does not repeat it, for its page is ours."""
        given = request.payload.redirect_uri
        if not given or not client.check_redirect_uri(given):
            raise InvalidRequestError("The redirect_uri is missing or not registered for this client.")
        return str(given)

    def query_authorization_code(self, code: str, client: RegisteredClient) -> Code | None:
        """Take the code; None when there is none, then Authlib answers ``invalid_grant``."""
        return take(self.server.session, client.client_id, code, self.server.actor)

    def create_token_response(self) -> Answered:
        """Answer with tokens; everything the code is bound to has been checked, and the code is used up."""
        server, code = self.server, self.request.authorization_code
        resource = _resource(self.request, code.resources)
        try:
            tokens = redemption.of_code(
                server.session, server.issuer, self.request.client, code, resource, server.actor
            )
        except redemption.Ended:
            raise InvalidGrantError(GONE) from None
        return 200, tokens, NO_STORE


class S256(CodeChallenge):
    """PKCE for every client; only ``S256``, always named (RFC 7636 section 4.3, security AZ-04)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    DEFAULT_CODE_CHALLENGE_METHOD = None

    def __call__(self, grant: CodeGrant) -> None:
        """Check the challenge at the authorization endpoint, the verifier right before tokens are made."""
        grant.register_hook("after_validate_authorization_request_payload", self.validate_code_challenge)
        grant.register_hook("after_validate_authorization_request_payload", validate_openid)
        grant.register_hook("after_validate_token_request", self.validate_code_verifier)

    def validate_code_challenge(self, grant: CodeGrant, _result: None) -> None:
        """Refuse a missing challenge, unless the confidential client's registration makes it optional, and any method
        but S256."""
        data = grant.request.payload.data
        if "code_challenge" not in data and grant.request.client.pkce == "required":
            raise InvalidRequestError("PKCE is required: send a code_challenge.")
        if "code_challenge" in data and data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("The code_challenge_method must be S256.")
        super().validate_code_challenge(grant, _result)

    def validate_code_verifier(self, grant: CodeGrant, result: Any) -> None:
        """Check the verifier against the challenge; a missing one is as wrong as another's (RFC 7636 section 4.6)."""
        if grant.request.authorization_code.challenge is not None and "code_verifier" not in grant.request.form:
            raise InvalidGrantError("Missing code_verifier.")
        super().validate_code_verifier(grant, result)


def validate_openid(grant: CodeGrant, _result: None) -> None:
    """Check what OpenID Connect adds to a request (Core section 3.1.2.1)."""
    data = grant.request.payload.data
    if "registration" in data:
        raise OAuth2Error("It is not supported.", error="registration_not_supported")
    try:
        claims_request.parse(data.get("claims"))
    except claims_request.BadClaims as error:
        raise InvalidRequestError(str(error)) from None
    prompts = data.get("prompt", "").split()
    if not set(prompts) <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequestError("The prompt is not understood.")
    max_age = data.get("max_age", "0")
    if not max_age.isdigit() or len(max_age) > 9:
        raise InvalidRequestError("The max_age must be a number of seconds.")
    hint = data.get("id_token_hint")
    if hint is not None and inspection.hinted(grant.server.session, grant.server.issuer, hint) is None:
        raise InvalidRequestError("The id_token_hint is no ID token of ours.")
    mode = data.get("response_mode", "query")
    if mode not in MODES or (mode == "form_post" and not data["redirect_uri"].startswith(("https://", "http://"))):
        raise InvalidRequestError("The response_mode is not supported.")


class RefreshGrant(RefreshTokenGrant):
    """The refresh grant: one compare-and-set rotates the family, a replay ends it."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def validate_token_request(self) -> None:
        """Check client, token and scope before the family moves, so that a request in vain costs the client nothing."""
        self.request.client = client = self._validate_request_client()
        token = self.request.form.get("refresh_token")
        if token is None:
            raise InvalidRequestError("Missing refresh_token.")
        stood = self._stood(client, token)
        if stood is None or stood.grant.client_id != client.client_id:
            raise InvalidGrantError(GONE)
        self._sure_enough(client, stood)
        self.stood, self.resource = stood, _resource(self.request, stood.grant.resources)
        asked = self.request.payload.scope
        self.scopes = mint.scopes_of(asked) if asked else None
        if self.scopes is not None and not set(self.scopes) <= set(mint.scopes_of(stood.grant.scope)):
            raise InvalidScopeError()

    def _sure_enough(self, client: RegisteredClient, stood: GrantState) -> None:
        """Refuse where more is asked now than was proved; the family stays, for what is asked may be asked no more."""
        # What was told may be less than what was done (acr_values): the session knows what that was.
        done, grant = levels.stronger(stood.grant.acr, levels.acr_of(stood.amr)), stood.grant
        enough = policy.still_enough(
            self.server.session,
            grant.person_id,
            done,
            grant.device_until,
            clock.now(),
            application_least=client.least_acr,
            most_days=self.server.issuer.remember_days,
        )
        if not enough:
            raise InvalidGrantError(WEAK)

    def _stood(self, client: RegisteredClient, token: str) -> GrantState | None:
        parsed = grants.parse(token, self.server.issuer.refresh_key)
        return standing.read(self.server.session, parsed[0], client, clock.now()) if parsed else None

    def create_token_response(self) -> Answered:
        """Rotate and answer with tokens."""
        server, token = self.server, self.request.form["refresh_token"]
        try:
            tokens = redemption.of_refresh(
                server.session,
                server.issuer,
                self.request.client,
                token,
                self.stood,
                self.scopes,
                self.resource,
                server.actor,
            )
        except redemption.Ended:
            raise InvalidGrantError(GONE) from None
        return 200, tokens, NO_STORE


def _resource(request: Any, granted: Sequence[str]) -> str | None:
    """Return the one resource that tokens are asked for; raises ``BadTarget`` for several or for one that was not
    granted.

    A token names one resource server (RFC 9068 section 2.2.1): who was granted several asks for each. None: the
    client's own.
    """
    asked = request.resources or list(granted[:1])
    if len(asked) > 1:
        raise BadTarget("Ask for one resource at a time.")
    check_resources(request.client, asked)
    if granted and not set(asked) <= set(granted):
        raise BadTarget("The resource is not among those that were granted.")
    return asked[0] if asked else None


class OwnGrant(ClientCredentialsGrant):
    """Client credentials: a confidential client acting for itself, with the scopes of its registration only (security
    TK-05)."""

    TOKEN_ENDPOINT_AUTH_METHODS = [method for method in AUTH_METHODS if method != "none"]

    def validate_token_request(self) -> None:
        """Check the client and its scope."""
        self.request.client = client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client may not use this grant.")
        scope: Any = client.own_scope(self.request.payload.scope)
        if scope is None:
            raise InvalidScopeError()
        self.resource = _resource(self.request, ())
        if self.resource == self.server.issuer.administration:
            scope = self._held(client, scope)
        self.request.scope = scope

    def _held(self, client: RegisteredClient, scope: str) -> str:
        """Return the permissions that the client holds now, of those it asks for or may have; raises
        ``InvalidScopeError`` where it asks for another, or holds none."""
        held = client_asker.permissions(self.server.session, client.client_id)
        own = " ".join(word for word in scope.split() if word in held)
        if not own or (self.request.payload.scope and own != scope):
            raise InvalidScopeError()
        return own

    def create_token_response(self) -> Answered:
        """Answer with an access token."""
        server = self.server
        return (
            200,
            redemption.for_itself(
                server.session, server.issuer, self.request.client, self.request.scope, self.resource, server.actor
            ),
            NO_STORE,
        )
