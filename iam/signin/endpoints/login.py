"""``/login``: username and password."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from connectors.problem import Problem
from iam.errors import Conflict
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
    return _page(going, handle, login=request.args.get("login_hint", ""))


@public
def submit() -> Response:
    """Sign in, and go where the person was going."""
    handle, login = request.form.get("flow"), request.form.get("login", "")
    going = wanted(handle)
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
    response = _page(going, handle, sentences.status_of(outcome.refusal), error=error, login=login)
    if outcome.again_at is not None:
        response.headers["Retry-After"] = str(sentences.seconds_until(outcome.again_at))
    return response


def _page(going: Flow, handle: str | None, status: int = 200, *, error: str | None = None, login: str = "") -> Response:
    carried = "?" + urlencode({"flow": handle}) if handle else ""
    return pages.page(
        "login.html", status, forms_to=going.origin,
        action="/login", flow=handle, client_name=service_name(going), error=error, login=login, ways=[],
        first_code_url="/first-code" + carried, forgotten_url=None,
    )  # fmt: skip


def service_name(going: Flow) -> str | None:
    """Return the name of the service in the reader's language, or the next best."""
    names = going.service or {}
    order = (context.texts().language, *LANGUAGES)
    return next((names[language] for language in order if names.get(language)), None)
