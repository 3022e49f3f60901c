"""The door: the pages are a relying party of our own provider and redeem their own code in process (OIDC Core section 3.1).

Who comes with a login session only is sent through the authorization endpoint once; from then on a grant of that session stands for
these pages, is listed and ended like any application's, and without it nothing under /admin opens.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlencode

from flask import Response, redirect, request
from flask import session as form_session
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.frame import HOME, blueprint
from connectors.problem import Problem
from iam.errors import Denied
from iam.oidc import in_process
from iam.oidc.client import ADMIN
from iam.oidc.server import provider
from iam.tokens.grant import GrantRow
from iam.web import context, guard
from iam.web.guard import NotSignedIn
from iam.web.redirect import local_path, see_other

_DOORS = frozenset({"admin.login", "admin.callback"})
_KEPT = "admin_login"
_NO_ENTRY = Problem("The sign-in to the administration pages did not succeed.", "Open the administration pages again.")


@blueprint.before_request
def _ask_for_a_grant() -> AnyResponse | None:
    login = context.login()
    if request.endpoint in _DOORS or login is None:
        return None
    query = select(GrantRow.id).where(
        GrantRow.session_id == login.id, GrantRow.client_id == ADMIN, GrantRow.revoked_at.is_(None)
    )
    if context.db().scalars(query.limit(1)).first() is not None:
        return None
    if request.method not in ("GET", "HEAD"):
        raise NotSignedIn(Problem("You are not signed in.", "Sign in and try again."))
    return see_other("/admin/login?" + urlencode({"next": request.full_path.rstrip("?")}))


@blueprint.get("/login")
@guard.public
def login() -> AnyResponse:
    """Begin: send the browser to the authorization endpoint with fresh state, nonce and code verifier (RFC 9700 section 2.1)."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    form_session[_KEPT] = [state, nonce, verifier, local_path(request.args.get("next", HOME))]
    query = {
        "client_id": ADMIN, "response_type": "code", "redirect_uri": _redirect_uri(), "scope": "openid profile", "state": state,
        "nonce": nonce, "code_challenge": in_process.challenge(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    return see_other("/oauth2/authorize?" + urlencode(query))


@blueprint.get("/callback")
@guard.public
def callback() -> AnyResponse:
    """End: redeem the code and go where the person was going; raises ``Denied`` when it is not this browser's own sign-in."""
    state, nonce, verifier, path = form_session.pop(_KEPT, ["", "", "", HOME])
    if not state or not hmac.compare_digest(state.encode(), request.args.get("state", "").encode()):
        raise Denied(_NO_ENTRY)
    if request.args.get("iss") != context.settings().issuer or "code" not in request.args:
        raise Denied(_NO_ENTRY)
    try:
        came = in_process.redeem(
            context.db(), provider().issuer, request.args["code"], _redirect_uri(), verifier, context.actor()
        )
    except Denied:
        context.db().commit()
        raise Denied(_NO_ENTRY) from None
    browser = context.login()
    if came.nonce != nonce or browser is None or came.session_id != browser.id:
        raise Denied(_NO_ENTRY)
    return redirect(local_path(path), 303, Response)


def _redirect_uri() -> str:
    return f"{context.settings().issuer}/admin/callback"
