"""Signing in with a passkey alone: no username, the authenticator says whose it is and has verified the person."""

from __future__ import annotations

from flask import jsonify, request
from werkzeug.wrappers import Response

from iam import clock
from iam.audit import log
from iam.signin.endpoints import browser, own_device, sentences
from iam.signin.endpoints.factor import PASSKEY_WRONG
from iam.signin.endpoints.login import page, wanted
from iam.signin.factors import passkey, proof
from iam.signin.flow import Refusal, enter
from iam.signin.passwords import credentials
from iam.web import context
from iam.web.edge.metrics import SIGN_INS
from iam.web.guard import public
from iam.web.redirect import see_other


@public
def options() -> Response:
    """Tell the browser that any passkey of this site may answer: the same for everybody (security AU-06)."""
    return jsonify(passkey.asking(context.db(), own_device.site()))


@public
def submit() -> Response:
    """Sign in, and go where the person was going."""
    handle, session = request.form.get("flow"), context.db()
    going = wanted(handle)
    try:
        proved = passkey.verify(session, own_device.site(), request.form.get("credential", ""))
    except passkey.PasskeyRefused as refused:
        SIGN_INS.labels("passkey", Refusal.MISMATCH).inc()
        if str(refused) not in passkey.UNASKED:
            envelope = {"reason": str(refused), "address": context.actor().address}
            log.write(session, "signin:passkey:refused", context.actor(), envelope=envelope)
        return page(going, handle, 422, error=context.texts().gettext(PASSKEY_WRONG))
    known = credentials.whoever(session, proved.person_id)
    around, marks = browser.around(known.login, adds=going.adds), [proof.mark(proof.PASSKEY, clock.now())]
    outcome = enter(session, known, around, "signin:passkey:accepted", proved.amr, factors=marks)
    SIGN_INS.labels("passkey", outcome.refusal or "accepted").inc()
    if outcome.refusal is not None:
        return page(going, handle, 422, error=sentences.say(outcome.refusal))
    response = see_other(going.path)
    browser.keep(response, outcome)
    return response


@public
def to_login() -> Response:
    """Lead to the sign-in page whoever opens the address of its form, as a language link after a refusal does."""
    return see_other("/login?" + request.query_string.decode("ascii", "ignore"))
