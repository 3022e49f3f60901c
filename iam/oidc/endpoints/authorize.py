"""The authorization endpoint and the page on which a person chooses a capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from iam import clock
from iam.audit import log
from iam.oidc import answer, code, disclosure, parameters, passage, subject
from iam.oidc.answer import Answer
from iam.oidc.client import RegisteredClient
from iam.oidc.endpoints import page
from iam.oidc.interaction import Ask, Choose, Issue, NoRight, Refuse, SignIn, Standing, Step, next_step
from iam.oidc.passage import Passage
from iam.oidc.server import ProviderRequest, hinted, provider
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
    parameters: Mapping[str, str]
    scope: str
    mode: str

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
    checked = _validate()
    if not isinstance(checked, Validated):
        return checked
    login = context.login()
    passed = _passage(checked.parameters, request.args.get(passage.PARAMETER))
    ask = _ask(checked.parameters, passed)
    step = next_step(ask, _standing(checked, login, passed), clock.now())
    return _act(step, checked, login, ask)


@guard.public
def capacity() -> AnyResponse:
    """Take the choice back to the authorization endpoint, which alone decides; cancelling answers the application."""
    query = {name: value for name, value in request.args.items() if name not in (passage.PARAMETER, "lang")}
    if request.method == "GET":
        return see_other(f"{PATH}?{urlencode(query)}")
    checked = _validate()
    if not isinstance(checked, Validated):
        return checked
    if request.form.get("decision") == "cancel":
        return _send(checked.refused("access_denied", "The person cancelled."), checked.client)
    login, passed = context.login(), _passage(checked.parameters, request.form.get(passage.PARAMETER))
    chosen = page.chosen(request.form.get("capacity"))
    if login is None or passed is None or passed.session_id != login.id or chosen is None:
        return see_other(f"{PATH}?{urlencode(query)}")
    return see_other(_back(checked.parameters, Passage(passed.request, passed.asked_at, login.id, chosen)))


def _validate() -> Validated | AnyResponse:
    """Return the request when it is in order; otherwise the answer: to the application only when its address is proved to be its own."""
    server = provider()
    try:
        given = parameters.single(request.args.lists())
    except parameters.BadParameters as error:
        return page.broken(str(error))
    given = {name: value for name, value in given.items() if name not in (passage.PARAMETER, "lang")}
    oauth = ProviderRequest(server.issuer.url, given)
    try:
        server.get_consent_grant(oauth)
    except OAuth2Error as error:
        return _refuse(server.query_client(given.get("client_id", "")), given, error)
    checked = Validated(oauth.client, given, oauth.scope, given.get("response_mode", "query"))
    if any(resource != checked.client.audience for resource in request.args.getlist("resource")):
        return _send(checked.refused("invalid_target", "The resource is not this client's."), checked.client)
    return checked


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


def _passage(given: Mapping[str, str], text: str | None) -> Passage | None:
    return passage.unseal(provider().issuer.passage_key, text, passage.digest(given))


def _back(given: Mapping[str, str], passed: Passage) -> str:
    """Return the way back to this endpoint, for pages of ours."""
    return f"{PATH}?{urlencode({**given, passage.PARAMETER: passage.seal(provider().issuer.passage_key, passed)})}"


def _ask(given: Mapping[str, str], passed: Passage | None) -> Ask:
    max_age = timedelta(seconds=int(given["max_age"])) if "max_age" in given else None
    return Ask(frozenset(given.get("prompt", "").split()), max_age, passed.asked_at if passed else None)


def _standing(checked: Validated, login: LoginSession | None, passed: Passage | None) -> Standing:
    if login is None:
        return Standing(None)
    session, client, now = context.db(), checked.client, clock.now()
    chosen = passed.capacity_id if passed is not None and passed.session_id == login.id else None
    return Standing(
        login.auth_time, disclosure.entries(session, client, login.person_id, now),
        disclosure.remembered(session, client, login.person_id), chosen, client.ask_capacity,
        _is_other_person(checked, login), disclosure.may_administer(session, client, login.person_id, now),
    )  # fmt: skip


def _is_other_person(checked: Validated, login: LoginSession) -> bool:
    hint = checked.parameters.get("id_token_hint")
    said = hinted(provider(), hint) if hint else None
    if said is None or said.get("aud") != checked.client.client_id:
        return False
    return subject.known(context.db(), checked.client.sector, login.person_id).subject != said.get("sub")


def _act(step: Step, checked: Validated, login: LoginSession | None, ask: Ask) -> AnyResponse:
    match step:
        case SignIn(again):
            return _to_sign_in(checked, ask, again)
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
            asked = Passage(passage.digest(checked.parameters), ask.asked_at or clock.now(), login.id)
            origin = checked.refused("access_denied").origin
            return page.choose(
                step, checked.client, checked.parameters, passage.seal(provider().issuer.passage_key, asked), origin
            )
        case _:
            return _to_sign_in(checked, ask, again=False)


def _to_sign_in(checked: Validated, ask: Ask, again: bool) -> AnyResponse:
    asked = Passage(passage.digest(checked.parameters), ask.asked_at or clock.now())
    origin = checked.refused("login_required").origin
    handle = flow.start(flow.Flow(_back(checked.parameters, asked), checked.client.names, fresh=again, origin=origin))
    query = {"flow": handle, "login_hint": checked.parameters.get("login_hint"), "lang": _language(checked.parameters)}
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
