"""The authorization endpoint and the page on which a person chooses a capacity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from iam import clock
from iam.audit import log
from iam.oidc import answer, asking, claims_request, code, disclosure, notice, par, parameters, passage, subject, trace
from iam.oidc.answer import Answer
from iam.oidc.asking import Asked
from iam.oidc.claims_request import ClaimsRequest
from iam.oidc.client import RegisteredClient
from iam.oidc.endpoints import page
from iam.oidc.interaction import Ask, Choose, Inform, Issue, NoRight, Refuse, SignIn, Standing, Step, StepUp, next_step
from iam.oidc.passage import Passage
from iam.oidc.server import Provider, ProviderRequest, hinted, provider
from iam.signin.endpoints import own_device
from iam.texts import LANGUAGES
from iam.tokens.session import LoginSession
from iam.web import context, flow, guard
from iam.web.csrf import csrf_exempt
from iam.web.redirect import see_other

PATH = "/oauth2/authorize"


@dataclass(frozen=True, slots=True)
class Validated:
    """A request whose client, redirect URI, scope and PKCE are in order. ``mode`` says how it is answered."""

    client: RegisteredClient
    asked: Asked
    scope: str
    mode: str
    claims: ClaimsRequest

    @property
    def parameters(self) -> Mapping[str, str]:
        """The parameters that count."""
        return self.asked.parameters

    def refused(self, error: str, description: str = "") -> Answer:
        """Return the answer that there is no code."""
        state = self.parameters.get("state")
        return answer.refused(
            self.parameters["redirect_uri"], self.mode, provider().issuer.url, state, error, description
        )


@csrf_exempt
@guard.public
def authorize() -> AnyResponse:
    """Answer an authorization request: with the next page, or with the application's answer (OIDC Core section 3.1.2)."""
    if request.method == "POST":
        return see_other(f"{PATH}?{urlencode(list(request.form.items(multi=True)))}")
    checked = validate(request.args.get(passage.PARAMETER))
    if not isinstance(checked, Validated):
        return checked
    login = context.login()
    passed = _passage(checked.asked.carried, request.args.get(passage.PARAMETER))
    ask = _ask(checked, passed)
    standing = _standing(checked, login, passed)
    step = next_step(ask, standing, clock.now())
    person_id = login.person_id if login else None
    trace.record(context.db(), checked.client, person_id, context.request_id(), step, standing)
    return _act(step, checked, login, ask, passed)


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
    """Take back that the person has read, or agreed to, what the application receives; cancelling answers the application."""
    return _answered(lambda passed: passed.capacity_id, lambda client: True)


def _answered(choice: Callable[[Passage], UUID | None], informs: Callable[[RegisteredClient], bool]) -> AnyResponse:
    """Take what a page of ours was answered back to the authorization endpoint."""
    own = (passage.PARAMETER, "lang")
    query = [(name, value) for name, value in request.args.items(multi=True) if name not in own]
    if request.method == "GET":
        return see_other(f"{PATH}?{urlencode(query)}")
    checked = validate(request.form.get(passage.PARAMETER))
    if not isinstance(checked, Validated):
        return checked
    if request.form.get("decision") == "cancel":
        return _send(checked.refused("access_denied", "The person cancelled."), checked.client)
    login, passed = context.login(), _passage(checked.asked.carried, request.form.get(passage.PARAMETER))
    chosen = choice(passed) if passed is not None and login is not None and passed.session_id == login.id else None
    if login is None or passed is None or chosen is None:
        return see_other(f"{PATH}?{urlencode(query)}")
    informed = informs(checked.client)
    if informed and notice.due(context.db(), checked.client, login.person_id, checked.scope):
        notice.record(context.db(), checked.client, login.person_id, checked.scope, context.actor())
    return see_other(_back(checked.asked.carried, Passage(passed.request, passed.asked_at, login.id, chosen, informed)))


def validate(handle: str | None) -> Validated | AnyResponse:
    """Return the request when it is in order; otherwise the answer: to the application only when its address is proved to be its own."""
    server = provider()
    try:
        given = parameters.single(request.args.lists())
        listed = parameters.resources(request.args.getlist("resource"))
    except parameters.BadParameters as error:
        return page.broken(str(error))
    given = {name: value for name, value in given.items() if name not in (passage.PARAMETER, "lang")}
    try:
        asked = asking.resolve(server, given, listed, late=_passage(asking.carried(given, listed), handle) is not None)
    except OAuth2Error as error:
        return _refuse(server.query_client(given.get("client_id", "")), given, _located(server, given, error))
    oauth = ProviderRequest(server.issuer.url, asked.parameters)
    try:
        server.get_consent_grant(oauth)
        asking.check_resources(oauth.client, asked.resources)
    except OAuth2Error as error:
        client = server.query_client(given.get("client_id", ""))
        return _refuse(client, asked.parameters, _located(server, asked.parameters, error))
    claims = claims_request.parse(asked.parameters.get("claims"))
    return Validated(oauth.client, asked, oauth.scope, asked.parameters.get("response_mode", "query"), claims)


def _located(server: Provider, given: Mapping[str, str], error: OAuth2Error) -> OAuth2Error:
    """Give an error the request's redirect URI when it is registered: then the application learns of it."""
    client = server.query_client(given.get("client_id", ""))
    if client is not None and not error.redirect_uri and client.check_redirect_uri(given.get("redirect_uri", "")):
        error.redirect_uri = given["redirect_uri"]
    return error


def _refuse(client: RegisteredClient | None, given: Mapping[str, str], error: OAuth2Error) -> AnyResponse:
    only = "The only response_type is code."
    description = only if error.error == "unsupported_response_type" else str(error.get_error_description() or "")
    if not error.redirect_uri or client is None:
        return page.broken(description or str(error.error))
    web = error.redirect_uri.startswith(("https://", "http://"))
    mode = "form_post" if given.get("response_mode") == "form_post" and web else "query"
    name = "invalid_request" if "response_type" not in given else str(error.error)
    told = answer.refused(error.redirect_uri, mode, provider().issuer.url, given.get("state"), name, description)
    return _send(told, client)


def _passage(given: Mapping[str, Any], text: str | None) -> Passage | None:
    return passage.unseal(provider().issuer.passage_key, text, passage.digest(given))


def _back(given: Mapping[str, Any], passed: Passage) -> str:
    """Return the way back to this endpoint, for pages of ours."""
    return f"{PATH}?{urlencode({**given, passage.PARAMETER: _sealed(passed)}, doseq=True)}"


def _ask(checked: Validated, passed: Passage | None) -> Ask:
    given, claims = checked.parameters, checked.claims
    extra = checked.client.extra
    seconds = given.get("max_age", extra.get("default_max_age"))
    wished = (*given.get("acr_values", "").split(), *claims.voluntary_acr) or tuple(extra.get("default_acr_values", ()))
    return Ask(
        frozenset(given.get("prompt", "").split()), None if seconds is None else timedelta(seconds=int(seconds)),
        passed.asked_at if passed else None, claims.essential_acr, wished,
    )  # fmt: skip


def _standing(checked: Validated, login: LoginSession | None, passed: Passage | None) -> Standing:
    if login is None:
        return Standing(None)
    session, client, now = context.db(), checked.client, clock.now()
    chosen = passed.capacity_id if passed is not None and passed.session_id == login.id else None
    return Standing(
        login.auth_time, disclosure.entries(session, client, login.person_id, now),
        disclosure.remembered(session, client, login.person_id), chosen, client.ask_capacity,
        _is_other_person(checked, login), disclosure.may_administer(session, client, login.person_id, now),
        login.acr, own_device.lacking(client.least_acr), _informed(checked, login, passed),
    )  # fmt: skip


def _informed(checked: Validated, login: LoginSession, passed: Passage | None) -> bool:
    """Whether nothing need be told: it was just now, or before and ``prompt`` does not ask for it again."""
    if passed is not None and passed.informed and passed.session_id == login.id:
        return True
    if "consent" in checked.parameters.get("prompt", "").split():
        return False
    return not notice.due(context.db(), checked.client, login.person_id, checked.scope)


def _is_other_person(checked: Validated, login: LoginSession) -> bool:
    hint, wanted = checked.parameters.get("id_token_hint"), checked.claims.subject
    if wanted is not None and _subject(checked, login) != wanted:
        return True
    said = hinted(provider(), hint) if hint else None
    if said is None or said.get("aud") != checked.client.client_id:
        return False
    return _subject(checked, login) != said.get("sub")


def _subject(checked: Validated, login: LoginSession) -> str | None:
    return subject.known(context.db(), checked.client.sector, login.person_id).subject


def _act(step: Step, checked: Validated, login: LoginSession | None, ask: Ask, passed: Passage | None) -> AnyResponse:
    match step:
        case SignIn(again):
            return _to_sign_in(checked, ask, again)
        case StepUp(least):
            return see_other("/factor?" + urlencode({"flow": _start(checked, ask, passed, least=least)}))
        case Inform(found) if login is not None:
            asked = Passage(passage.digest(checked.asked.carried), ask.asked_at or clock.now(), login.id, found.id)
            return page.inform(
                checked.client, checked.asked.carried, checked.scope, _sealed(asked), checked.refused("").origin
            )
        case Refuse(error):
            _record_refusal(checked, login, error)
            return _send(checked.refused(error), checked.client)
        case Issue() if login is not None:
            return _issue(step, checked, login)
        case NoRight() if login is not None:
            _record_refusal(checked, login, "no_right")
            back = checked.refused("access_denied")
            return page.no_right(step, checked.client, back.location if checked.mode == "query" else None)
        case Choose() if login is not None:
            asked = Passage(passage.digest(checked.asked.carried), ask.asked_at or clock.now(), login.id)
            return page.choose(
                step, checked.client, checked.asked.carried, checked.scope, _sealed(asked), checked.refused("").origin
            )
        case _:
            return _to_sign_in(checked, ask, again=False)


def _sealed(passed: Passage) -> str:
    return passage.seal(provider().issuer.passage_key, passed)


def _start(checked: Validated, ask: Ask, passed: Passage | None = None, *, again: bool = False, least: str = "") -> str:
    """Return a handle with which a page of ours comes back here."""
    asked = Passage(
        passage.digest(checked.asked.carried), ask.asked_at or clock.now(), informed=bool(passed and passed.informed)
    )
    origin = checked.refused("").origin
    back = _back(checked.asked.carried, asked)
    return flow.start(flow.Flow(back, checked.client.names, fresh=again, origin=origin, least=least))


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
    pushed, client_id = checked.asked.pushed, checked.client.client_id
    if pushed is not None and not par.complete(session, client_id, pushed):
        return page.broken("The request_uri was used before.")
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
    )
    given = checked.parameters
    return _send(
        answer.granted(given["redirect_uri"], checked.mode, provider().issuer.url, given.get("state"), value),
        checked.client,
    )


def _record_refusal(checked: Validated, login: LoginSession | None, error: str) -> None:
    if login is not None:
        envelope: dict[str, Any] = {"client": checked.client.client_id, "error": error}
        log.write(
            context.db(), "oidc:authorization:refused", context.actor(), subject_id=login.person_id, envelope=envelope
        )


def _send(told: Answer, client: RegisteredClient) -> AnyResponse:
    """Send the answer where it goes; 303 after a post (RFC 9700 section 4.12)."""
    if told.mode == "form_post":
        return page.post(told, client)
    response = redirect(told.location, 303 if request.method == "POST" else 302, Response)
    response.headers["Cache-Control"] = "no-store"
    return response
