"""``/first-code``: first sign-in, or a forgotten password, with a code from an administrator, a letter or a mail.

A code of somebody whom its giver does not stand over alone asks for something of the person's own before the new
password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from iam.directory.queries import profile
from iam.signin import new_password
from iam.signin.codes import first_code
from iam.signin.codes.first_code import Step
from iam.signin.endpoints import browser, sentences
from iam.signin.endpoints.login import wanted
from iam.signin.flow import Refusal
from iam.signin.passwords import password
from iam.signin.passwords.credentials import Known
from iam.signin.passwords.turns import COME_AGAIN, TURNS, Busy
from iam.texts import N_
from iam.web import context, flow, pages
from iam.web.edge.metrics import SIGN_INS
from iam.web.flow import Flow
from iam.web.guard import public
from iam.web.redirect import see_other

Errors = list[tuple[str | None, str]]
PROOF_MISMATCH = N_("This is not a code of yours that works now.")


@public
def show() -> Response:
    """Ask for the username and the code."""
    return _page(wanted(request.args.get("flow")), request.args.get("flow"), "code")


@public
def submit() -> Response:
    """Take the code, then the new password."""
    handle = request.form.get("flow")
    going = wanted(handle)
    if "proof" in request.form:
        return _proof(going, handle)
    return _password(going, handle) if "code_handle" in request.form else _code(going, handle)


def _code(going: Flow, handle: str | None) -> Response:
    login, code = request.form.get("login", ""), request.form.get("code", "")
    step = first_code.redeem(context.db(), login, code, flow.browser(), browser.around(login))
    if step.refusal is None and step.known is not None:
        return _next(going, handle, step, step.known)
    return _refused(going, handle, step, login)


def _next(going: Flow, handle: str | None, step: Step, known: Known) -> Response:
    """Ask for the new password, or first for something of the person's own where the code works only together with
    it."""
    return _page(
        going,
        handle,
        "together" if step.together else "password",
        login=known.login,
        name=profile(context.db(), known.person_id).call_name,
        code_handle=step.handle,
        least=_least(known),
    )


def _proof(going: Flow, handle: str | None) -> Response:
    around = browser.around(request.form.get("login", ""))
    given = request.form.get("code_handle", ""), request.form["proof"]
    step = first_code.prove(context.db(), *given, flow.browser(), around)
    if step.known is None:
        return _refused(going, handle, step)
    if step.refusal is None:
        return _next(going, handle, step, step.known)
    SIGN_INS.labels("code", step.refusal).inc()
    mismatch = step.refusal is Refusal.MISMATCH
    said = context.texts().gettext(PROOF_MISMATCH) if mismatch else sentences.say(step.refusal, step.again_at)
    response = _page(
        going,
        handle,
        "together",
        sentences.status_of(step.refusal),
        login=step.known.login,
        code_handle=step.handle,
        errors=[("proof", said)],
    )
    if step.again_at is not None:
        response.headers["Retry-After"] = str(sentences.seconds_until(step.again_at))
    return response


def _refused(going: Flow, handle: str | None, step: Step, login: str = "") -> Response:
    refusal = step.refusal or Refusal.MISMATCH
    SIGN_INS.labels("code", refusal).inc()
    mismatch = refusal is Refusal.MISMATCH
    sentence = context.texts().gettext(sentences.CODE_MISMATCH) if mismatch else sentences.say(refusal, step.again_at)
    response = _page(going, handle, "code", sentences.status_of(refusal), login=login, errors=[(None, sentence)])
    if step.again_at is not None:
        response.headers["Retry-After"] = str(sentences.seconds_until(step.again_at))
    return response


def _password(going: Flow, handle: str | None) -> Response:
    text, again = request.form.get("new_password", ""), request.form.get("new_password_again", "")
    try:
        with TURNS.one():
            around = browser.around()
            step = first_code.choose(context.db(), request.form["code_handle"], text, again, flow.browser(), around)
    except Busy:
        return _busy(going, handle)
    if step.known is not None and (step.problems or step.differs):
        return _again(going, handle, step, step.known)
    if step.outcome is None or step.refusal is not None:
        return _refused(going, handle, step)
    SIGN_INS.labels("code", "accepted").inc()
    response = see_other(going.path)
    browser.keep(response, step.outcome)
    return response


def _busy(going: Flow, handle: str | None) -> Response:
    """Ask to send the same form again in a moment: the step it carries has not been used."""
    SIGN_INS.labels("code", Refusal.BUSY).inc()
    response = _page(
        going,
        handle,
        "password",
        sentences.status_of(Refusal.BUSY),
        login=request.form.get("login", ""),
        code_handle=request.form["code_handle"],
        errors=[(None, sentences.say(Refusal.BUSY))],
    )
    response.headers["Retry-After"] = str(COME_AGAIN)
    return response


def _again(going: Flow, handle: str | None, step: Step, known: Known) -> Response:
    texts = context.texts()
    errors: Errors = [("new_password", texts.sentence(problem)) for problem in step.problems]
    if step.differs:
        errors = [("new_password_again", texts.gettext(N_("The two passwords are not the same.")))]
    return _page(
        going, handle, "password", 422, login=known.login, code_handle=step.handle, errors=errors, least=_least(known)
    )


def _least(known: Known) -> int:
    return new_password.least(context.db(), known.person_id, context.settings())


def _page(going: Flow, handle: str | None, step: str, status: int = 200, **values: Any) -> Response:
    login_url = "/login" + ("?" + urlencode({"flow": handle}) if handle else "")
    given = {
        "mailed": context.settings().mail.host is not None,
        "login": "",
        "name": None,
        "code_handle": None,
        "errors": [],
        "least": password.LEAST,
    } | values
    return pages.page(
        "sign_in/first_code.html",
        status,
        forms_to=going.origin,
        action="/first-code",
        flow=handle,
        step=step,
        login_url=login_url,
        **given,
    )
