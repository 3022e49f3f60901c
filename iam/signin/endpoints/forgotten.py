"""``/forgotten``: asking for a one-time code by mail. What is answered is the same whether anybody has the username
(AU-06)."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from iam.signin.codes import forgotten
from iam.signin.endpoints import browser
from iam.signin.endpoints.factor import with_flow
from iam.signin.endpoints.login import wanted
from iam.texts import N_
from iam.web import context, pages
from iam.web.flow import Flow
from iam.web.guard import public


@public
def show() -> Response:
    """Ask for the username; where no mail is sent, say who gives a code."""
    handle = request.args.get("flow")
    return _page(wanted(handle), handle, "ask")


@public
def submit() -> Response:
    """Note that somebody asked, and ask for the code."""
    handle, login = request.form.get("flow"), request.form.get("login", "")
    going = wanted(handle)
    if not context.settings().mail.host:
        return _page(going, handle, "ask")
    if not login.strip():
        sentence = context.texts().gettext(N_("Write your username."))
        return _page(going, handle, "ask", 422, errors=[("login", sentence)])
    forgotten.ask(context.db(), login, context.texts().language, browser.around())
    return _page(going, handle, "asked", login=login)


def _page(going: Flow, handle: str | None, step: str, status: int = 200, **values: Any) -> Response:
    given = {"login": "", "errors": []} | values
    return pages.page(
        "sign_in/forgotten.html",
        status,
        forms_to=going.origin,
        step=step if context.settings().mail.host else "by hand",
        flow=handle,
        action="/forgotten",
        code_action="/first-code",
        code_url=with_flow("/first-code", handle),
        login_url=with_flow("/login", handle),
        minutes=context.settings().tokens.mail_code_seconds // 60,
        **given,
    )
