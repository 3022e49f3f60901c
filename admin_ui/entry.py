"""The door: the pages are a relying party of our own provider and redeem their own code in process (OIDC Core section
3.1).

Who comes with a login session only is sent through the authorization endpoint once; from then on a grant of that
session stands for these pages, is listed and ended like any application's, and without it nothing under /admin opens.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlencode

from flask import Response, redirect, request, session as form_session
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.parts.frame import HOME, blueprint
from connectors.problem import Problem
from iam.errors import Denied
from iam.oidc import in_process
from iam.oidc.clients.registered import ADMIN
from iam.oidc.server import provider
from iam.texts import N_
from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSession
from iam.web import context, guard
from iam.web.guard import NotSignedIn
from iam.web.onward import Way
from iam.web.redirect import local_path, see_other

_DOORS = frozenset({"admin.login", "admin.callback"})
_KEPT = "admin_logins"
_TABS = 5
"""How many sign-ins may be under way in one browser: one a tab."""


class NoEntry(Denied):
    """The sign-in at the door was not this browser's own, or was used before."""

    ways = (Way(N_("Open the administration pages again"), HOME),)

    def __init__(self) -> None:
        super().__init__(Problem("The sign-in to the administration pages did not succeed.", "Open them again."))


@blueprint.before_request
def _ask_for_a_grant() -> AnyResponse | None:
    login = context.login()
    if request.endpoint in _DOORS or login is None:
        return None
    if _is_in(login):
        return None
    if "text/html" not in request.headers.get("Accept", "") and request.method not in ("GET", "HEAD"):
        raise NotSignedIn(Problem("You are not signed in.", "Sign in and try again."))
    return see_other("/admin/login?" + urlencode({"next": guard.here()}))


def _is_in(login: LoginSession) -> bool:
    """Whether a grant of the session stands for these pages."""
    query = select(GrantRow.id).where(
        GrantRow.session_id == login.id, GrantRow.client_id == ADMIN, GrantRow.revoked_at.is_(None)
    )
    return context.db().scalars(query.limit(1)).first() is not None


@blueprint.get("/login")
@guard.public
def login() -> AnyResponse:
    """Begin: send the browser to the authorization endpoint with fresh state, nonce and code verifier (RFC 9700 section
    2.1)."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    begun = [state, nonce, verifier, local_path(request.args.get("next", HOME))]
    form_session[_KEPT] = [*form_session.get(_KEPT, []), begun][-_TABS:]
    query = {
        "client_id": ADMIN,
        "response_type": "code",
        "redirect_uri": _redirect_uri(),
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": in_process.challenge(verifier),
        "code_challenge_method": "S256",
    }
    return see_other("/oauth2/authorize?" + urlencode(query))


@blueprint.get("/callback")
@guard.public
def callback() -> AnyResponse:
    """End: redeem the code and go where the person was going; raises ``NoEntry`` when it is not this browser's own
    sign-in.

    Who comes back here by the back button is in already.
    """
    browser, begun = context.login(), _begun(request.args.get("state", ""))
    if begun is None and browser is not None and _is_in(browser):
        return see_other(HOME)
    if begun is None or request.args.get("iss") != context.settings().issuer or "code" not in request.args:
        raise NoEntry
    _, nonce, verifier, path = begun
    try:
        came = in_process.redeem(
            context.db(), provider().issuer, request.args["code"], _redirect_uri(), verifier, context.actor()
        )
    except Denied:
        context.db().commit()
        raise NoEntry from None
    if came.nonce != nonce or browser is None or came.session_id != browser.id:
        raise NoEntry
    return redirect(local_path(path), 303, Response)


def _begun(state: str) -> list[str] | None:
    """Return the sign-in that this browser began with ``state``, once; None when it did not."""
    waiting = form_session.get(_KEPT, [])
    found = next((one for one in waiting if hmac.compare_digest(one[0].encode(), state.encode())), None)
    form_session[_KEPT] = [one for one in waiting if one is not found]
    return found


def _redirect_uri() -> str:
    return f"{context.settings().issuer}/admin/callback"
