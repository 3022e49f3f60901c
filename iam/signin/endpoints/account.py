"""``/account``: who I am here, what I may, where I am signed in, my password, my language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import current_app, flash, get_flashed_messages, request
from flask.sansio.app import App
from werkzeug.wrappers import Response

from iam import clock
from iam.errors import NotFound
from iam.signin import my_account as own, new_password, step_up
from iam.signin.accounts import ending
from iam.signin.endpoints import browser, factors, sentences, upstream
from iam.signin.factors import levels, proof
from iam.signin.federation import reach
from iam.signin.flow import Refusal, enter
from iam.signin.passwords import credentials, password, throttle
from iam.signin.passwords.credentials import Known
from iam.signin.passwords.turns import COME_AGAIN, TURNS, Busy
from iam.texts import LANGUAGES, N_
from iam.tokens import session as login_sessions
from iam.tokens.session import LoginSession
from iam.web import context, flow, guard, pages
from iam.web.guard import NotSignedIn, own_login, signed_in
from iam.web.redirect import see_other

Errors = list[tuple[str | None, str]]
_APPLICATIONS = "avain-own-applications"


def init(app: App, applications: Callable[[UUID], list[dict[str, Any]]]) -> None:
    """Have the page of ``app`` tell which applications a person uses: what signs people in knows no application
    itself."""
    app.extensions[_APPLICATIONS] = applications


@signed_in
def show() -> Response:
    """Show the page."""
    return _page()


@signed_in
def end_session() -> Response:
    """End one of my sessions; one that is not mine looks as if it did not exist."""
    login = own_login()
    try:
        chosen = UUID(request.form.get("session", ""))
    except ValueError:
        raise NotFound from None
    if not ending.end(context.db(), context.actor(), "ended by its person", login.person_id, chosen):
        raise NotFound
    return _done(N_("The session was ended."))


@signed_in
def end_others() -> Response:
    """End all my sessions but this one."""
    login = own_login()
    ending.end(context.db(), context.actor(), "ended by its person", login.person_id, kept=login.id)
    return _done(N_("All other sessions were ended."))


@signed_in
def change_language() -> Response:
    """Remember my language with my account, so that it follows me to other browsers."""
    language = request.form.get("language")
    if language not in LANGUAGES:
        raise NotFound
    credentials.set_language(context.db(), own_login().person_id, language)
    response = see_other("/account")
    pages.set_language(response, language)
    return response


@signed_in
def change_password() -> Response:
    """Change my password: the present one is asked, and a further factor where there is one; every session ends, and
    this browser gets a new one (SE-02, SE-06)."""
    login = own_login()
    has = step_up.held(context.db(), login.person_id)
    if has and not step_up.may_change_password(has, login, clock.now()):
        return guard.recently("/account", levels.TWO_FACTOR)
    # Whoever waits holds no connection, and on SQLite not the one right to write: what was read until here is read
    # anew.
    context.db().commit()
    try:
        with TURNS.one():
            return _change_password(login)
    except Busy:
        response = _page([(None, sentences.say(Refusal.BUSY))], sentences.status_of(Refusal.BUSY))
        response.headers["Retry-After"] = str(COME_AGAIN)
        return response


def _change_password(login: LoginSession) -> Response:
    now = login_sessions.get(context.db(), login.id)
    if now is None or now.ended_at is not None:
        raise NotSignedIn
    known = credentials.of_person(context.db(), login.person_id)
    if known is None:
        raise NotFound
    errors = _wrong(known)
    if errors:
        return _page(errors, 422)
    actor = context.actor()
    credentials.set_password(context.db(), context.vault(), known.person_id, request.form["new_password"], actor)
    ending.end(context.db(), actor, "password set", known.person_id)
    amr = list(dict.fromkeys(["pwd", *login.amr]))
    outcome = enter(
        context.db(), known, browser.around(), "signin:password:accepted", amr, factors=proof.factors(login.proofs)
    )
    if outcome.refusal is not None:
        raise NotSignedIn
    response = _done(N_("Your password was changed and your other sessions were ended."))
    browser.keep(response, outcome)
    return response


def _wrong(known: Known) -> Errors:
    texts = context.texts()
    refused = _present_is_wrong(known)
    if refused:
        return [("current_password", refused)]
    new = request.form.get("new_password", "")
    wrong = new_password.problems(context.db(), known, new, context.settings())
    found: Errors = [("new_password", texts.sentence(problem)) for problem in wrong]
    if not found and new != request.form.get("new_password_again"):
        found.append(("new_password_again", texts.gettext(N_("The two passwords are not the same."))))
    return found


def _present_is_wrong(known: Known) -> str | None:
    """Return what to say when the present password does not match; tries count as they do at sign-in."""
    texts, stored = context.texts(), known.data("password")
    if stored is None:
        return texts.gettext(N_("Your password is kept by your organisation's directory. Change it there."))
    around = browser.around(known.login)
    made = throttle.begin(context.db(), throttle.account_key(around.vault, known.login, around.device))
    if made.again_at is not None:
        return sentences.say(Refusal.THROTTLED, made.again_at)
    if not password.verify(around.vault, stored["hash"], request.form.get("current_password", "")).right:
        return texts.gettext(N_("This is not your present password."))
    throttle.forgive(context.db(), made)
    return None


def _done(sentence: str) -> Response:
    flash(context.texts().gettext(sentence), "success")
    return see_other("/account")


def _page(errors: Errors | None = None, status: int = 200) -> Response:
    session, texts, login = context.db(), context.texts(), own_login()
    known = credentials.of_person(session, login.person_id)
    opened = reach.capacities_of(session, login, clock.now())
    capacities = own.own_capacities(session, login.person_id)
    person = {
        "name": own.name_of(session, login.person_id) or (known.login if known else ""),
        "login": known.login if known else "",
        "capacities": [
            own.capacity_shown(capacity, texts) for capacity in capacities if opened is None or capacity.id in opened
        ],
    }
    sign_ins, acts = own.happened(session, login.person_id, texts)
    has = step_up.held(session, login.person_id)
    return pages.page(
        "account/account.html",
        status,
        person=person,
        rights=own.rights_shown(session, login.person_id, texts, opened),
        prove_url=None if reach.proves_all(session, login, opened, capacities) else guard.to_prove("/account"),
        sessions=own.sessions_shown(session, login.person_id, login.id),
        errors=errors or [],
        applications=current_app.extensions[_APPLICATIONS](login.person_id),
        sign_ins=sign_ins,
        acts=acts,
        least_password=new_password.least(session, login.person_id, context.settings(), has),
        own_language=(known.language if known else None) or texts.language,
        factors=factors.shown(login.person_id, has),
        linked=upstream.shown(login.person_id),
        set_up_url="/factor/set-up?" + urlencode({"flow": flow.start(flow.Flow("/account"))}),
        notices=get_flashed_messages(with_categories=True),
        sign_out_action="/logout",
        end_action="/account/sessions/end",
        end_others_action="/account/sessions/end-others",
        password_action="/account/password",  # noqa: S106 - a path
    )
