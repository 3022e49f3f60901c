"""The authorization endpoint and the page on which a person chooses a capacity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from iam import clock
from iam.audit import log
from iam.oidc.authorization import attempts as trace, code, notice, passage, pushed as par, response as answer
from iam.oidc.authorization.interaction import (
    Ask,
    Choose,
    Inform,
    Issue,
    NoRight,
    Refuse,
    SignIn,
    SignInState,
    Step,
    StepUp,
    next_step,
)
from iam.oidc.authorization.passage import Passage
from iam.oidc.claims import subjects as subject
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.endpoints import no_right, page
from iam.oidc.endpoints.validation import OUR_OWN, Validated, validate
from iam.oidc.issuing import disclosure, introspection as inspection
from iam.oidc.server import provider
from iam.signin.endpoints import own_device
from iam.texts import LANGUAGES
from iam.tokens.session import LoginSession
from iam.web import context, flow, guard
from iam.web.forms.csrf import csrf_exempt
from iam.web.redirect import see_other

PATH = "/oauth2/authorize"


@csrf_exempt
@guard.public
def authorize() -> AnyResponse:
    """Answer an authorization request: with the next page, or with the application's answer (OIDC Core section
    3.1.2)."""
    if request.method == "POST":
        return see_other(f"{PATH}?{urlencode(list(request.form.items(multi=True)))}")
    checked = validate(request.args.get(passage.PARAMETER))
    if not isinstance(checked, Validated):
        return checked
    login, ask = context.login(), _ask(checked)
    standing = _standing(checked, login)
    step = next_step(ask, standing, clock.now())
    if isinstance(step, Issue) and not _completes(checked):
        return page.used_up(checked.client)
    person_id = login.person_id if login else None
    trace.record(context.db(), checked.client, person_id, context.request_id(), step, standing)
    if isinstance(step, NoRight) and login is not None:
        return _no_right(step, standing, checked, login, ask)
    return _act(step, checked, login, ask)


def _completes(checked: Validated) -> bool:
    """Use up the address of a pushed request; False when another completion was first."""
    pushed = checked.asked.pushed
    return pushed is None or par.complete(context.db(), checked.client.client_id, pushed)


@guard.public
def capacity() -> AnyResponse:
    """Take the choice back to the authorization endpoint, which alone decides; cancelling answers the application.

    The page also tells what the application receives: nobody is told twice in a row. Consent is a page of its own.
    """
    return _answered(
        lambda passed: page.chosen(request.form.get("capacity")), lambda client: client.notice != "consent"
    )


@guard.public
def consent() -> AnyResponse:
    """Take back that the person has read, or agreed to, what the application receives; cancelling answers the
    application."""
    return _answered(lambda passed: passed.capacity_id, lambda client: True)


def _answered(choice: Callable[[Passage], UUID | None], informs: Callable[[RegisteredClient], bool]) -> AnyResponse:
    """Take what a page of ours was answered back to the authorization endpoint."""
    query = [(name, value) for name, value in request.args.items(multi=True) if name not in OUR_OWN]
    if request.method == "GET":
        return see_other(f"{PATH}?{urlencode(query)}")
    checked = validate(request.form.get(passage.PARAMETER))
    if not isinstance(checked, Validated):
        return checked
    if request.form.get("decision") == "cancel":
        return page.send(checked.refused("access_denied", "The person cancelled."), checked.client)
    login, passed = context.login(), checked.passed
    chosen = choice(passed) if passed is not None and login is not None and passed.session_id == login.id else None
    if login is None or passed is None or chosen is None:
        return see_other(f"{PATH}?{urlencode(query)}")
    informed = informs(checked.client)
    if informed and notice.due(context.db(), checked.client, login.person_id, checked.receives):
        notice.record(context.db(), checked.client, login.person_id, checked.receives, context.actor())
    return see_other(_back(checked.asked.carried, Passage(passed.request, passed.asked_at, login.id, chosen, informed)))


def _back(given: Mapping[str, Any], passed: Passage) -> str:
    """Return the way back to this endpoint, for pages of ours."""
    return f"{PATH}?{urlencode({**given, passage.PARAMETER: _sealed(passed)}, doseq=True)}"


def _ask(checked: Validated) -> Ask:
    given, claims, passed = checked.parameters, checked.claims, checked.passed
    usual = checked.client.extra.get("default_acr_values", ())
    seconds = given.get("max_age", checked.client.default_max_age)
    wished = (*given.get("acr_values", "").split(), *claims.voluntary_acr) or tuple(usual)
    return Ask(
        frozenset(given.get("prompt", "").split()),
        None if seconds is None else timedelta(seconds=int(seconds)),
        passed.asked_at if passed else None,
        claims.essential_acr,
        wished,
    )


def _standing(checked: Validated, login: LoginSession | None) -> SignInState:
    if login is None:
        return SignInState(None)
    session, client, now = context.db(), checked.client, clock.now()
    passed = checked.passed if checked.passed is not None and checked.passed.session_id == login.id else None
    chosen = passed.capacity_id if passed is not None else None
    entries, more = disclosure.entries(session, client, login, now)
    return SignInState(
        login.auth_time,
        entries,
        disclosure.remembered(session, client, login.person_id),
        chosen,
        client.ask_capacity,
        _is_other_person(checked, login),
        disclosure.may_administer(session, client, login, now),
        login.acr,
        own_device.lacking(client.least_acr),
        (passed is not None and passed.informed) or _informed(checked, login),
        more,
    )


def _informed(checked: Validated, login: LoginSession) -> bool:
    """Whether the person was told before, and ``prompt`` does not ask for it again."""
    again = "consent" in checked.parameters.get("prompt", "").split()
    return not again and not notice.due(context.db(), checked.client, login.person_id, checked.receives)


def _is_other_person(checked: Validated, login: LoginSession) -> bool:
    hint, wanted = checked.parameters.get("id_token_hint"), checked.claims.subject
    if wanted is not None and _subject(checked, login) != wanted:
        return True
    said = inspection.hinted(provider().session, provider().issuer, hint) if hint else None
    if said is None or said.get("aud") != checked.client.client_id:
        return False
    return _subject(checked, login) != said.get("sub")


def _subject(checked: Validated, login: LoginSession) -> str | None:
    return subject.known(context.db(), checked.client.sector, login.person_id).subject


def _act(step: Step, checked: Validated, login: LoginSession | None, ask: Ask) -> AnyResponse:
    match step:
        case SignIn(again):
            return _to_sign_in(checked, ask, again)
        case StepUp(least):
            return see_other("/factor?" + urlencode({"flow": _start(checked, ask, least=least)}))
        case Inform(found) if login is not None:
            handle = _sealed(_begun(checked, ask, login.id, found.id))
            return page.inform(
                checked.client, checked.asked.carried, checked.receives, handle, checked.refused("").origin
            )
        case Refuse(error):
            _record_refusal(checked, login, error)
            return page.send(checked.refused(error), checked.client)
        case Issue() if login is not None:
            return _issue(step, checked, login)
        case Choose() if login is not None:
            handle = _sealed(_begun(checked, ask, login.id))
            prove = "/login?" + urlencode({"flow": _start(checked, ask, again=True, adds=True)}) if step.more else None
            return page.choose(
                step, checked.client, checked.asked.carried, checked.receives, handle, checked.refused("").origin, prove
            )
        case _:
            return _to_sign_in(checked, ask, again=False)


def _no_right(step: NoRight, standing: SignInState, checked: Validated, login: LoginSession, ask: Ask) -> AnyResponse:
    _record_refusal(checked, login, "no_right")
    back = checked.refused("access_denied").location if checked.mode == "query" else None
    return no_right.show(step, standing, checked.client, login, back, _start(checked, ask))


def _sealed(passed: Passage) -> str:
    return passage.seal(provider().issuer.passage_key, passed)


def _begun(checked: Validated, ask: Ask, session_id: UUID | None = None, capacity_id: UUID | None = None) -> Passage:
    """Return how far this request has come on our pages."""
    return Passage(passage.digest(checked.asked.carried), ask.asked_at or clock.now(), session_id, capacity_id)


def _start(checked: Validated, ask: Ask, *, again: bool = False, least: str = "", adds: bool = False) -> str:
    """Return a handle with which a page of ours comes back here."""
    back, origin = _back(checked.asked.carried, _begun(checked, ask)), checked.refused("").origin
    client, why = checked.client, "service" if (again and not adds) or least else ""
    application = client.application_key or client.client_id
    links = {kind: client.in_languages(kind) for kind in ("policy_uri", "tos_uri")}
    return flow.start(flow.Flow(back, client.names, again, origin, least, application, adds, links=links, why=why))


def _to_sign_in(checked: Validated, ask: Ask, again: bool) -> AnyResponse:
    query = {
        "flow": _start(checked, ask, again=again),
        "login_hint": checked.parameters.get("login_hint"),
        "lang": _language(checked.parameters),
    }
    return see_other("/login?" + urlencode({name: value for name, value in query.items() if value}))


def _language(given: Mapping[str, str]) -> str | None:
    """Return the language the application asks for, unless the person chose one before (OIDC Core section 3.1.2.1)."""
    if context.LANGUAGE_COOKIE in request.cookies:
        return None
    wanted = (tag.split("-")[0].lower() for tag in given.get("ui_locales", "").split())
    return next((language for language in wanted if language in LANGUAGES), None)


def _issue(step: Issue, checked: Validated, login: LoginSession) -> AnyResponse:
    session, capacity_id = context.db(), step.capacity.id if step.capacity else None
    if step.remember and capacity_id is not None:
        disclosure.remember(session, checked.client, login.person_id, capacity_id)
    value = code.issue(
        session,
        provider().issuer,
        checked.client,
        login,
        capacity_id,
        checked.parameters,
        checked.scope,
        context.actor(),
        resources=checked.asked.resources,
        device_until=own_device.until(login),
    )
    given = checked.parameters
    return page.send(
        answer.granted(given["redirect_uri"], checked.mode, provider().issuer.url, given.get("state"), value),
        checked.client,
    )


def _record_refusal(checked: Validated, login: LoginSession | None, error: str) -> None:
    if login is not None:
        envelope: dict[str, Any] = {"client": checked.client.client_id, "error": error}
        log.write(
            context.db(), "oidc:authorization:refused", context.actor(), subject_id=login.person_id, envelope=envelope
        )
