"""``/factor``: proving more than the first factor, on the way to a page that asks for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import jsonify, request
from werkzeug.wrappers import Response

from iam import clock
from iam.signin import step_up
from iam.signin.endpoints import browser, own_device, sentences
from iam.signin.endpoints.login import service_name, wanted
from iam.signin.factors import levels, passkey, proof
from iam.signin.flow import Outcome, Refusal
from iam.signin.passwords import credentials
from iam.signin.step_up import Held, Next
from iam.texts import N_
from iam.tokens.session import LoginSession
from iam.web import context, flow, pages
from iam.web.edge.metrics import SIGN_INS
from iam.web.flow import Flow
from iam.web.guard import NotSignedIn, own_login, signed_in
from iam.web.redirect import see_other

REPLACE = "/factor/replace"
CODE_WRONG = N_("The code does not match, or it has been used.")
PASSKEY_WRONG = N_("The passkey was not accepted. Try again or use another way.")


@signed_in
def show() -> Response:
    """Ask for what the person has, or lead to whatever comes next."""
    handle = request.args.get("flow")
    return _proceed(wanted(handle), handle)


@signed_in
def submit() -> Response:
    """Take a time code or a recovery code."""
    handle, login = request.form.get("flow"), own_login()
    going = wanted(handle)
    if _next(going, login) is not Next.ASK:
        return _proceed(going, handle)
    way, name = ("recovery", "recovery_code") if "recovery_code" in request.form else ("totp", "code")
    if way not in _ways(going, step_up.held(context.db(), login.person_id)):
        return _proceed(going, handle)
    known = credentials.of_person(context.db(), login.person_id)
    # Whoever has the password can make any number of browsers known by it: each would be a fresh budget for guessing
    # the code.
    around = browser.around(known.login if known else "", levels.TWO_FACTOR)
    done = step_up.by_code(context.db(), login, way, request.form.get(name, ""), around)
    SIGN_INS.labels(way, done.refusal or "accepted").inc()
    if done.outcome is None:
        return _refused(going, handle, done.refusal or Refusal.MISMATCH, done)
    lost = way == proof.RECOVERY and going.proves not in ("", proof.RECOVERY)
    return went_on(with_flow(REPLACE, handle) if lost else going.path, done.outcome)


@signed_in
def again() -> Response:
    """Lead to the page whoever opens the address of its form, as a language link after a refusal does."""
    return see_other("/factor?" + request.query_string.decode("ascii", "ignore"))


@signed_in
def options() -> Response:
    """Tell the browser which of the person's passkeys may answer."""
    return jsonify(passkey.asking(context.db(), own_device.site(), own_login().person_id))


@signed_in
def with_passkey() -> Response:
    """Take a passkey's answer."""
    handle, login = request.form.get("flow"), own_login()
    going = wanted(handle)
    if _next(going, login) is not Next.ASK or going.proves not in ("", proof.PASSKEY):
        return _proceed(going, handle)
    text = request.form.get("credential", "")
    try:
        proved = passkey.verify(context.db(), own_device.site(), text, login.person_id)
    except passkey.PasskeyRefused as refused:
        SIGN_INS.labels("passkey", Refusal.MISMATCH).inc()
        step_up.refused(context.db(), login, "passkey", context.actor(), str(refused))
        return _page(going, handle, 422, [(None, context.texts().gettext(PASSKEY_WRONG))])
    SIGN_INS.labels("passkey", "accepted").inc()
    return went_on(going.path, step_up.done(context.db(), login, proved.amr, browser.around(), "passkey"))


def went_on(path: str, outcome: Outcome) -> Response:
    """Return the way on with the session's new secret; raises ``NotSignedIn`` when the session ended meanwhile."""
    if outcome.refusal is not None or outcome.person_id is None:
        raise NotSignedIn
    response = see_other(path)
    browser.keep(response, outcome)
    if request.form.get("remember") == "yes":
        own_device.remember(response, outcome.person_id)
    return response


def with_flow(path: str, handle: str | None) -> str:
    """Return ``path`` with the handle that carries where the person was going."""
    return path + ("?" + urlencode({"flow": handle}) if handle else "")


def _next(going: Flow, login: LoginSession) -> Next:
    has = step_up.held(context.db(), login.person_id)
    if going.proves:
        return step_up.next_proof(has, login.proofs, going.proves, clock.now())
    return step_up.next_step(has, login.acr, clock.now() - login.auth_time, going.least or None, going.fresh)


def _proceed(going: Flow, handle: str | None) -> Response:
    match _next(going, own_login()):
        case Next.THROUGH:
            return see_other(going.path)
        case Next.SET_UP:
            return see_other(with_flow("/factor/set-up", handle))
        case Next.AGAIN:
            again = flow.start(
                Flow(
                    with_flow("/factor", handle),
                    going.service,
                    fresh=True,
                    origin=going.origin,
                    links=going.links,
                    why=going.why or "recent",
                )
            )
            return see_other(with_flow("/login", again))
        case _:
            return _page(going, handle)


def _refused(going: Flow, handle: str | None, refusal: Refusal, done: step_up.Done) -> Response:
    mismatch = refusal is Refusal.MISMATCH
    said = context.texts().gettext(CODE_WRONG) if mismatch else sentences.say(refusal, done.again_at)
    response = _page(going, handle, sentences.status_of(refusal), [(None, said)])
    if done.again_at is not None:
        response.headers["Retry-After"] = str(sentences.seconds_until(done.again_at))
    return response


def _page(going: Flow, handle: str | None, status: int = 200, errors: list[tuple[Any, str]] | None = None) -> Response:
    login = own_login()
    has = step_up.held(context.db(), login.person_id)
    return pages.page(
        "factor/factor.html",
        status,
        forms_to=going.origin,
        flow=handle,
        has=has,
        ways=_ways(going, has),
        proves=going.proves,
        replace_url=with_flow(REPLACE, handle),
        errors=errors or [],
        client_name=service_name(going),
        why=sentences.why(going.why, service_name(going), more=True),
        remember_days=own_device.days(login.person_id) if going.least != levels.PASSKEY and not going.proves else 0,
    )


def _ways(going: Flow, has: Held) -> set[str]:
    """Return the ways that do where the person is going; with a recovery code in place of what must be proved, that is
    replaced."""
    if going.proves:
        return {going.proves, proof.RECOVERY}
    if going.least == levels.PASSKEY and has.passkeys:
        return {proof.PASSKEY}
    return {proof.PASSKEY, proof.TOTP, proof.RECOVERY}
