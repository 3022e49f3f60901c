"""``/login``: username and password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from connectors.problem import Problem
from iam.errors import Conflict
from iam.signin import connections, upstream_metadata
from iam.signin.connections import Upstream
from iam.signin.endpoints import browser, sentences
from iam.signin.flow import Outcome, sign_in
from iam.texts import LANGUAGES
from iam.web import context, flow, pages
from iam.web.flow import Flow
from iam.web.guard import public
from iam.web.metrics import SIGN_INS
from iam.web.redirect import see_other

_HOME = Flow("/account")


class FlowLost(Conflict):
    """The sign-in was begun in another browser, or too long ago."""

    code = "sign-in-expired"
    status = 400


def wanted(handle: str | None) -> Flow:
    """Return where the person was going; My account without a handle. Raises ``FlowLost`` for one that is no good here."""
    if not handle:
        return _HOME
    found = flow.read(handle)
    if found is None:
        raise FlowLost(
            Problem(
                "This sign-in was begun in another browser or has expired.", "Go back to the service and start again."
            )
        )
    return found


@public
def show() -> Response:
    """Show the form, or go on at once when somebody is signed in and need not sign in again."""
    handle = request.args.get("flow")
    going = wanted(handle)
    if context.login() is not None and not going.fresh:
        return see_other(going.path)
    return page(going, handle, login=request.args.get("login_hint", ""))


@public
def submit() -> Response:
    """Sign in, and go where the person was going; a login of a connection's domain without a password goes there first."""
    handle, login = request.form.get("flow"), request.form.get("login", "")
    going = wanted(handle)
    theirs = None if request.form.get("password") else connections.for_login(context.db(), login)
    if theirs is not None:
        return see_other(_upstream_path(theirs, handle, login_hint=login.strip()))
    outcome = sign_in(context.db(), login, request.form.get("password", ""), browser.around(login))
    SIGN_INS.labels("password", outcome.refusal or "accepted").inc()
    if outcome.refusal is not None:
        return _refused(going, handle, login, outcome)
    response = see_other(going.path)
    browser.keep(response, outcome)
    return response


def _refused(going: Flow, handle: str | None, login: str, outcome: Outcome) -> Response:
    assert outcome.refusal is not None
    error = sentences.say(outcome.refusal, outcome.again_at)
    response = page(going, handle, sentences.status_of(outcome.refusal), error=error, login=login)
    if outcome.again_at is not None:
        response.headers["Retry-After"] = str(sentences.seconds_until(outcome.again_at))
    return response


def page(going: Flow, handle: str | None, status: int = 200, *, error: str | None = None, login: str = "") -> Response:
    """Return the sign-in page; ``error`` is one sentence above the form."""
    carried = "?" + urlencode({"flow": handle}) if handle else ""
    others = connections.in_use(context.db())
    return pages.page(
        "login.html", status, forms_to=going.origin,
        action="/login", flow=handle, client_name=service_name(going), error=error, login=login,
        ways=[_way(one, handle) for one in others], by_domain=any(one.domains for one in others),
        first_code_url="/first-code" + carried, forgotten_url=None,
    )  # fmt: skip


def service_name(going: Flow) -> str | None:
    """Return the name of the service in the reader's language, or the next best."""
    return in_words(going.service or {}) or None


def in_words(names: Mapping[str, str]) -> str:
    """Return a name in the reader's language, or the next best; empty when there is none."""
    order = (context.texts().language, *LANGUAGES)
    return next((names[language] for language in order if names.get(language)), "")


def _way(one: Upstream, handle: str | None) -> dict[str, Any]:
    down = upstream_metadata.is_down(one.issuer)
    return {"url": _upstream_path(one, handle), "label": in_words(one.name), "down": down}


def _upstream_path(one: Upstream, handle: str | None, **more: str) -> str:
    query = urlencode(({"flow": handle} if handle else {}) | more)
    return f"/upstream/{one.key}" + ("?" + query if query else "")
