"""``/logout``: signing out of here, asked first and done by a post."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from iam.signin.accounts import ending
from iam.signin.endpoints import browser
from iam.signin.endpoints.factor import with_flow
from iam.web import context, pages
from iam.web.guard import public
from iam.web.redirect import see_other


@public
def show() -> Response:
    """Ask whether to sign out."""
    if context.login() is None:
        return see_other("/logged-out")
    return pages.page("provider/logout.html", action="/logout", client_name=None, handle=None)


@public
def submit() -> Response:
    """End this browser's session and what it gave to applications; "stay" goes back to My account. ``flow`` is where to
    go on to after signing in anew.

    The page that says it is done is the provider's: it knows which applications are told by the browser.
    """
    login = context.login()
    if request.form.get("decision") == "stay":
        return see_other("/account")
    if login is not None:
        ending.end(context.db(), context.actor(), "signed out", login.person_id, login.id)
    response = see_other(with_flow("/logged-out", request.form.get("flow")))
    browser.drop(response)
    if login is not None:
        browser.remember_ended(login.id)
    return response
