"""``/factor/replace``: a lost factor is replaced with a recovery code. The new one counts after a delay; the old one
may stop it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from urllib.parse import urlencode

from flask import flash, jsonify, request
from werkzeug.wrappers import Response

from iam import clock
from iam.errors import NotFound
from iam.signin import my_account as own, step_up
from iam.signin.endpoints import own_device
from iam.signin.endpoints.factor import CODE_WRONG, PASSKEY_WRONG, REPLACE, with_flow
from iam.signin.endpoints.login import wanted
from iam.signin.factors import notice as factor_notice, passkey, proof, replacement, totp
from iam.signin.passwords import credentials
from iam.signin.passwords.credentials import Known
from iam.texts import N_
from iam.web import context, flow, guard, pages
from iam.web.guard import own_login, signed_in
from iam.web.redirect import see_other

ACCOUNT = "/account"
Errors = Sequence[tuple[str | None, str]]
View = Callable[[], Response]


def by_recovery(view: View) -> View:
    """Let a view show only to who used a recovery code in the last five minutes and has something that it replaces."""

    @signed_in
    @wraps(view)
    def proved() -> Response:
        login = own_login()
        has = step_up.held(context.db(), login.person_id)
        if not has:
            return see_other(with_flow("/factor/set-up", _handle()))
        if not step_up.may_replace(has, login, clock.now()):
            return guard.recently(with_flow(REPLACE, _handle()), "", proof.RECOVERY)
        return view()

    return proved


@by_recovery
def show() -> Response:
    """Show what can be replaced."""
    return _choice()


@by_recovery
def options() -> Response:
    """Tell the browser what kind of passkey to make."""
    known = _known()
    name = own.name_of(context.db(), known.person_id)
    return jsonify(passkey.making(context.db(), own_device.site(), known.person_id, known.login, name))


@by_recovery
def with_passkey() -> Response:
    """Let the passkey that the browser made wait to take the place of the lost ones."""
    session, login = context.db(), own_login()
    _may_begin(proof.PASSKEY)
    try:
        data = passkey.made(
            session,
            own_device.site(),
            login.person_id,
            request.form.get("credential", ""),
            request.form.get("name", ""),
        )
    except passkey.PasskeyRefused as refused:
        step_up.refused(session, login, proof.PASSKEY, context.actor(), str(refused))
        return _choice([(None, context.texts().gettext(PASSKEY_WRONG))], 422)
    return _begun(proof.PASSKEY, data)


@by_recovery
def totp_page() -> Response:
    """Show the secret that waits for its first code."""
    return _waiting(request.args.get("drawn", ""))


@by_recovery
def with_totp() -> Response:
    """Make a secret, or let it wait, with its first code, to take the place of the lost one."""
    session, login, handle = context.db(), own_login(), request.form.get("drawn", "")
    _may_begin(proof.TOTP)
    if "code" not in request.form:
        query = {"drawn": totp.draw(session, context.vault(), login.person_id, flow.browser())}
        return see_other(f"{REPLACE}/code?{urlencode(query)}")
    data = totp.confirm_drawn(session, context.vault(), handle, login.person_id, flow.browser(), request.form["code"])
    if data is None:
        return _waiting(handle, [("code", context.texts().gettext(CODE_WRONG))], 422)
    return _begun(proof.TOTP, data)


@signed_in
def stop() -> Response:
    """Stop what is to replace a factor that was not lost: who has it proves it."""
    session, login, kind = context.db(), own_login(), request.form.get("kind", "")
    if kind not in replacement.waiting(session, login.person_id):
        raise NotFound
    if not proof.lately(login.proofs, kind, clock.now()):
        return guard.recently(ACCOUNT, "", kind)
    replacement.stop(session, login.person_id, context.actor(), kind)
    flash(
        context.texts().gettext(N_("The old one stays. If it was not you who began it, make new recovery codes.")),
        "success",
    )
    return see_other(ACCOUNT)


def _handle() -> str | None:
    """Return the handle of where the person was going; raises ``FlowLost`` for one that is no good."""
    handle = request.form.get("flow") or request.args.get("flow")
    wanted(handle)
    return handle


def _may_begin(kind: str) -> None:
    """Raise ``NotFound`` for a kind that the person does not have: nothing of it can be lost."""
    if kind not in step_up.held(context.db(), own_login().person_id).kinds:
        raise NotFound


def _begun(kind: str, data: dict[str, object]) -> Response:
    session, texts, hours = context.db(), context.texts(), context.settings().signin.factor_replace_hours
    at = replacement.begin(session, own_login().person_id, kind, data, hours, context.actor())
    later = N_("The new one comes into force on %(time)s. Until then a recovery code lets you in.")
    flash(texts.gettext(later if hours else N_("The new one is now in use.")) % {"time": texts.moment(at)}, "success")
    return see_other(ACCOUNT)


def _choice(errors: Errors = (), status: int = 200) -> Response:
    handle, person_id = _handle(), own_login().person_id
    waiting, hours = replacement.waiting(context.db(), person_id), context.settings().signin.factor_replace_hours
    texts = context.texts()
    told = [{"kind": texts.gettext(factor_notice.KINDS[kind]), "at": at} for kind, at in sorted(waiting.items())]
    kinds = [kind for kind in step_up.held(context.db(), person_id).kinds if kind not in waiting]
    return pages.page(
        "factor/replace.html",
        status,
        flow=handle,
        kinds=kinds,
        waiting=told,
        at=clock.now() + timedelta(hours=hours) if hours else None,
        errors=errors,
    )


def _waiting(handle: str, errors: Errors = (), status: int = 200) -> Response:
    known, settings = _known(), context.settings()
    whose = known.person_id, known.login
    shown = totp.drawn(context.db(), context.vault(), handle, whose, settings.consortium, flow.browser())
    if shown is None:
        return see_other(REPLACE)
    return pages.page(
        "factor/code.html", status, flow=None, shown=shown, errors=errors, action=f"{REPLACE}/code", drawn=handle
    )


def _known() -> Known:
    login = own_login()
    return credentials.whoever(context.db(), login.person_id, own.name_of(context.db(), login.person_id) or "?")
