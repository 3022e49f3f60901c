"""RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): a valid hint ends its session, anybody else is asked
first."""

from __future__ import annotations

from uuid import UUID

from authlib.oauth2 import OAuth2Error
from authlib.oidc.rpinitiated import EndSessionRequest
from flask import redirect, request
from werkzeug.wrappers import Response

from iam import clock
from iam.oidc.authorization import passage
from iam.oidc.authorization.passage import Passage
from iam.oidc.authorization.response import Answer
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.endpoints import page
from iam.oidc.logout import end_session as logouts
from iam.oidc.server import provider
from iam.oidc.wire import parameters
from iam.oidc.wire.request import ProviderRequest
from iam.signin.endpoints import browser
from iam.signin.endpoints.factor import with_flow
from iam.tokens.session import LoginSession
from iam.web import context, guard
from iam.web.forms import csrf
from iam.web.redirect import see_other

HANDLE = "handle"


@csrf.csrf_exempt
@guard.public
def logout() -> Response:
    """End a login session. Our own form is known by its signed handle, which no other browser and no other session can
    use."""
    confirming = request.method == "POST" and HANDLE in request.form
    source = request.form if request.method == "POST" and not confirming else request.args
    try:
        given = parameters.single(source.lists())
    except parameters.BadParameters as error:
        return page.logout_refused(str(error))
    given.pop("lang", None)
    server = provider()
    try:
        asked: EndSessionRequest = server.validate_endpoint_request(
            "end_session", ProviderRequest(server.issuer.url, given)
        )
    except OAuth2Error as error:
        return page.logout_refused(str(error.get_error_description() or error.error))
    if asked.id_token_claims is not None and "post_logout_redirect_uri" in given and asked.redirect_uri is None:
        return page.logout_refused("The post_logout_redirect_uri is not registered.")
    return _confirmed(asked, given) if confirming else _asked(asked, given)


def _asked(asked: EndSessionRequest, given: dict[str, str]) -> Response:
    login, hinted = context.login(), _hinted(asked)
    if login is not None and (hinted is None or hinted.id != login.id):
        handle = passage.seal(provider().issuer.passage_key, Passage(passage.digest(given), clock.now(), login.id))
        return page.sign_out(
            asked.client,
            given,
            handle,
            Answer(asked.redirect_uri or "", "query", {}).origin if asked.redirect_uri else "",
        )
    return _done(asked, hinted)


def _confirmed(asked: EndSessionRequest, given: dict[str, str]) -> Response:
    login = context.login()
    passed = passage.unseal(provider().issuer.passage_key, request.form[HANDLE], passage.digest(given))
    if login is not None and (passed is None or passed.session_id != login.id):
        return _asked(asked, given)
    if request.form.get("decision") == "stay":
        return see_other("/")
    return _done(asked, login)


def _hinted(asked: EndSessionRequest) -> LoginSession | None:
    if asked.id_token_claims is None or asked.client is None:
        return None
    return logouts.session_of(context.db(), provider().issuer, asked.client, asked.id_token_claims)


def _done(asked: EndSessionRequest, login: LoginSession | None) -> Response:
    session_id = login.id if login is not None else None
    if login is not None:
        logouts.end(context.db(), login, asked.client, provider().actor)
    response = _gone(asked.client, asked.redirect_uri, session_id)
    browser.drop(response)
    return response


def _gone(
    client: RegisteredClient | None, back: str | None, session_id: UUID | None, login_url: str = "/login"
) -> Response:
    """Return the way back, or the page that says it is done; first a page with frames when applications listen by the
    browser."""
    frames = logouts.frames(context.db(), provider().issuer, session_id) if session_id else []
    if frames:
        return page.signing_out(client, back, frames, login_url)
    response: Response = redirect(back, 303) if back else page.signed_out(client, login_url)
    return response


@guard.public
def logged_out() -> Response:
    """Say that it is done, after a sign-out of our own pages; the session that this browser ended is told to its
    applications once."""
    return _gone(None, None, browser.ended(), with_flow("/login", request.args.get("flow")))
