"""``/factor/set-up`` and what My account does to factors: setting up, recovery codes, removing.

Each needs a proof of the last five minutes, by the strongest factor that the person has (security SE-06).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from flask import flash, jsonify, request
from werkzeug.wrappers import Response

from iam import clock
from iam.errors import NotFound
from iam.signin import my_account as own, step_up
from iam.signin.endpoints import browser, own_device
from iam.signin.endpoints.factor import CODE_WRONG, PASSKEY_WRONG, went_on, with_flow
from iam.signin.endpoints.login import wanted
from iam.signin.factors import levels, passkey, replacement, totp
from iam.signin.federation import reach
from iam.signin.flow import Outcome
from iam.signin.passwords import credentials
from iam.signin.passwords.credentials import Known
from iam.texts import N_
from iam.web import context, guard, pages
from iam.web.guard import own_login, signed_in
from iam.web.redirect import see_other

ACCOUNT = "/account"
Errors = Sequence[tuple[str | None, str]]


def lately(back: Callable[[], str]) -> Callable[[Callable[[], Response]], Callable[[], Response]]:
    """Let a view show only to who is signed in and has given a fresh proof; ``back`` tells where the proof leads."""

    def mark(view: Callable[[], Response]) -> Callable[[], Response]:
        @signed_in
        @wraps(view)
        def proved() -> Response:
            login = own_login()
            has = step_up.held(context.db(), login.person_id)
            if not step_up.may_change(has, login, clock.now()):
                return guard.recently(back(), "", has.strongest or "")
            if not reach.whole(context.db(), login):
                return see_other(guard.to_prove(back()))
            return view()

        return proved

    return mark


def _handle() -> str | None:
    """Return the handle of where the person was going, from the form or the address; raises ``FlowLost`` for one that
    is no good."""
    handle = request.form.get("flow") or request.args.get("flow")
    wanted(handle)
    return handle


def _set_up() -> str:
    waiting = "/factor/set-up/code"
    return with_flow(waiting if request.path == waiting else "/factor/set-up", _handle())


@lately(_set_up)
def show() -> Response:
    """Show what can be set up."""
    return _choice()


@lately(_set_up)
def totp_page() -> Response:
    """Show the secret that waits to be confirmed."""
    return _waiting()


@lately(_set_up)
def set_up_totp() -> Response:
    """Make a secret, or take it into use with its first code."""
    session, login = context.db(), own_login()
    if "code" not in request.form:
        totp.begin(session, context.vault(), login.person_id, _known().login, context.settings().consortium)
        return see_other(with_flow("/factor/set-up/code", _handle()))
    done = step_up.confirm_totp(session, login, request.form["code"], browser.around())
    if done.outcome is None:
        return _waiting([("code", context.texts().gettext(CODE_WRONG))], 422)
    return _set(done.outcome, N_("Time codes are now in use."))


@lately(_set_up)
def passkey_options() -> Response:
    """Tell the browser what kind of passkey to make."""
    known = _known()
    name = own.name_of(context.db(), known.person_id)
    return jsonify(passkey.making(context.db(), own_device.site(), known.person_id, known.login, name))


@lately(_set_up)
def set_up_passkey() -> Response:
    """Store the passkey that the browser made."""
    session, login = context.db(), own_login()
    text, name = request.form.get("credential", ""), request.form.get("name", "")
    try:
        made = passkey.enrol(session, own_device.site(), login.person_id, text, name)
    except passkey.PasskeyRefused as refused:
        step_up.refused(session, login, "passkey", context.actor(), str(refused))
        return _choice([(None, context.texts().gettext(PASSKEY_WRONG))], 422)
    step_up.enrolled(session, login, "passkey", context.actor())
    outcome = step_up.done(session, login, made.amr, browser.around(), "passkey")
    return _set(outcome, N_("The passkey is now in use."))


@lately(lambda: ACCOUNT)
def new_codes() -> Response:
    """Make new recovery codes and show them, this once."""
    login = own_login()
    if not step_up.held(context.db(), login.person_id):
        raise NotFound
    codes = step_up.new_codes(context.db(), context.vault(), login, context.actor())
    return pages.page("factor/codes.html", codes=codes, next_url=ACCOUNT)


@lately(lambda: ACCOUNT)
def remove() -> Response:
    """Remove a passkey, or the time code; one that is not there looks as if it had never been."""
    chosen = request.form.get("passkey")
    try:
        passkey_id = UUID(chosen) if chosen is not None else None
    except ValueError:
        raise NotFound from None
    if not step_up.remove(context.db(), own_login(), context.actor(), passkey_id):
        raise NotFound
    flash(context.texts().gettext(N_("It was removed.")), "success")
    return see_other(ACCOUNT)


@signed_in
def to_account() -> Response:
    """Lead to My account whoever opens the address of a form, as a language link on the page of codes does."""
    return see_other(ACCOUNT)


def _set(outcome: Outcome, sentence: str) -> Response:
    """Go on after something was set up; with the first of all, the recovery codes are shown on the way."""
    session, login = context.db(), own_login()
    path = wanted(_handle()).path
    response = went_on(path, outcome)
    if step_up.held(session, login.person_id).codes:
        flash(context.texts().gettext(sentence), "success")
        return response
    codes = step_up.new_codes(session, context.vault(), login, context.actor())
    page = pages.page("factor/codes.html", codes=codes, next_url=path)
    browser.keep(page, outcome)
    return page


def _choice(errors: Errors = (), status: int = 200) -> Response:
    handle, login = _handle(), own_login()
    going = wanted(handle)
    has = step_up.held(context.db(), login.person_id)
    return pages.page(
        "factor/set_up.html",
        status,
        flow=handle,
        has=has,
        codes_do=going.least != levels.PASSKEY,
        demanded=bool(going.least),
        errors=errors,
        forms_to=going.origin,
    )


def _waiting(errors: Errors = (), status: int = 200) -> Response:
    handle, known = _handle(), _known()
    shown = totp.begun(context.db(), context.vault(), known.person_id, known.login, context.settings().consortium)
    if shown is None:
        return see_other(with_flow("/factor/set-up", handle))
    origin = wanted(handle).origin
    return pages.page("factor/code.html", status, flow=handle, shown=shown, errors=errors, forms_to=origin)


def _known() -> Known:
    login = own_login()
    return credentials.whoever(context.db(), login.person_id, own.name_of(context.db(), login.person_id) or "?")


def shown(person_id: UUID, has: step_up.Held) -> dict[str, Any]:
    """Return as account.html wants them the factors of a person who ``has`` set up these."""
    session = context.db()
    keys = [
        {"id": str(one.id), "name": one.name, "created": one.created_at, "used": one.used_at}
        for one in (passkey.of_person(session, person_id) if has.passkeys else ())
    ]
    noted = replacement.waiting(session, person_id) if has.waits else {}
    waiting = [{"kind": kind, "at": at} for kind, at in sorted(noted.items())]
    return {
        "totp": totp.since(session, person_id) if has.totp else None,
        "passkeys": keys,
        "codes": has.codes,
        "waiting": waiting,
    }
