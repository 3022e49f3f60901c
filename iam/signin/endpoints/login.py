"""``/login``: username and password."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import current_app, request
from flask.sansio.app import App
from werkzeug.wrappers import Response

from connectors.problem import Problem
from iam import clock
from iam.errors import Conflict
from iam.signin.endpoints import browser, sentences
from iam.signin.federation import connections, upstream_metadata
from iam.signin.federation.connections import Upstream
from iam.signin.flow import Outcome, Refusal, sign_in
from iam.signin.passwords.turns import COME_AGAIN, TURNS, Busy
from iam.texts import LANGUAGES, N_
from iam.web import context, flow, pages
from iam.web.edge.metrics import SIGN_INS
from iam.web.flow import Flow
from iam.web.guard import public
from iam.web.onward import Way
from iam.web.redirect import see_other

_HOME = Flow("/account")
_CHOOSE = "choose"
_STARTS = "avain-starts"
_PROTOCOL = ("/oauth2/", "/login", "/factor", "/upstream/")


class FlowLost(Conflict):
    """The sign-in was begun in another browser, or too long ago; ``ways`` lead to where it may be begun anew."""

    code = "sign-in-expired"
    status = 400
    title = N_("This sign-in page has expired")

    def __init__(self, ways: Sequence[Way] = ()) -> None:
        super().__init__(
            Problem(
                "This sign-in was begun in another browser or has expired.",
                (
                    "Open the service again from its own address or from your bookmarks. A bookmark of a sign-in "
                    "page does not work."
                ),
            )
        )
        self.ways = ways


Starts = Callable[[str], tuple[str, str] | None]


def init(app: App, starts: Starts) -> None:
    """Have the pages of ``app`` lead back to an application: ``starts`` tells by its key its name and the address where
    it begins."""
    app.extensions[_STARTS] = starts


def wanted(handle: str | None) -> Flow:
    """Return where the person was going; My account without a handle. Raises ``FlowLost`` for one that is no good
    here."""
    if not handle:
        return _HOME
    found = flow.read(handle)
    if found is None:
        raise FlowLost(_anew(handle))
    return found


def _anew(handle: str) -> list[Way]:
    """Return where a sign-in whose handle does not open may be begun anew."""
    path, application = flow.glimpse(handle)
    start = current_app.extensions[_STARTS](application) if application else None
    if start is not None:
        return [Way(N_("To the service %(name)s"), start[1], {"name": start[0]})]
    ours = path not in ("", "/") and not path.startswith(_PROTOCOL)
    return [Way(N_("To the page that you were going to"), path)] if ours else []


@public
def show() -> Response:
    """Show the form, or go on at once: when somebody is signed in and need not sign in again, or an application's
    people come by one way."""
    handle = request.args.get("flow")
    going = wanted(handle)
    if context.login() is not None and not going.fresh:
        return see_other(going.path)
    hint, others = request.args.get("login_hint", ""), connections.in_use(context.db())
    theirs = connections.for_application(others, going.application)
    if theirs is not None and theirs.applications[going.application] == "only" and _CHOOSE not in request.args:
        return see_other(_upstream_path(theirs, handle, hint))
    return page(going, handle, login=hint, ways=others)


@public
def submit() -> Response:
    """Sign in, and go where the person was going; a login of a connection's domain without a password goes there
    first."""
    handle, login = request.form.get("flow"), request.form.get("login", "")
    going = wanted(handle)
    theirs = None if request.form.get("password") else connections.for_login(context.db(), login)
    if theirs is not None:
        return see_other(_upstream_path(theirs, handle, login.strip()))
    outcome = _in_turn(login, request.form.get("password", ""), request.form.get("code", ""), going.adds)
    SIGN_INS.labels("password", outcome.refusal or "accepted").inc()
    if outcome.refusal is not None:
        return _refused(going, handle, login, outcome)
    response = see_other(going.path)
    browser.keep(response, outcome)
    return response


def _in_turn(login: str, password: str, code: str, adds: bool) -> Outcome:
    """Sign in when it is this request's turn; until then it holds no connection of the database."""
    try:
        with TURNS.one():
            return sign_in(context.db(), login, password, browser.around(login, adds=adds), code)
    except Busy:
        return Outcome(refusal=Refusal.BUSY, again_at=clock.now() + timedelta(seconds=COME_AGAIN))


def _refused(going: Flow, handle: str | None, login: str, outcome: Outcome) -> Response:
    assert outcome.refusal is not None
    error = sentences.say(outcome.refusal, outcome.again_at)
    asks_code = outcome.refusal in (Refusal.NETWORK, Refusal.NOT_ALL)
    response = page(going, handle, sentences.status_of(outcome.refusal), error=error, login=login, asks_code=asks_code)
    if outcome.again_at is not None:
        response.headers["Retry-After"] = str(sentences.seconds_until(outcome.again_at))
    return response


def page(
    going: Flow,
    handle: str | None,
    status: int = 200,
    *,
    error: str | None = None,
    login: str = "",
    ways: Sequence[Upstream] | None = None,
    asks_code: bool = False,
) -> Response:
    """Return the sign-in page; ``error`` is one sentence above the form, ``ways`` are the connections in use where they
    were read, ``asks_code``: a factor's code is asked besides the password."""
    carried = "?" + urlencode({"flow": handle}) if handle else ""
    others = connections.in_use(context.db()) if ways is None else ways
    first = connections.for_application(others, going.application)
    return pages.page(
        "sign_in/login.html",
        status,
        forms_to=going.origin,
        action="/login",
        flow=handle,
        adds=going.adds,
        why=sentences.why(going.why, service_name(going)),
        client_name=service_name(going),
        error=error,
        login=login,
        asks_code=asks_code,
        first=_way(first, handle) if first else None,
        ways=[_way(one, handle) for one in others if one is not first],
        by_domain=any(one.domains for one in others),
        first_code_url="/first-code" + carried,
        forgotten_url="/forgotten" + carried,
        notice_url=_link(going, "policy_uri"),
        terms_url=_link(going, "tos_uri"),
    )


def _link(going: Flow, kind: str) -> str | None:
    """Return a link of the service in the reader's language, or the next best; None when it has none."""
    found = (going.links or {}).get(kind, {})
    return found.get(context.texts().language) or found.get("") or next(iter(found.values()), None)


def service_name(going: Flow) -> str | None:
    """Return the name of the service in the reader's language, or the next best."""
    return in_words(going.service or {}) or None


def in_words(names: Mapping[str, str]) -> str:
    """Return a name in the reader's language, or the next best; empty when there is none."""
    order = (context.texts().language, *LANGUAGES)
    return next((names[language] for language in order if names.get(language)), "")


def _way(one: Upstream, handle: str | None) -> dict[str, Any]:
    down = upstream_metadata.is_down(one.issuer)
    return {"url": _upstream_path(one, handle), "label": in_words(one.name), "down": down}


def choosing(handle: str) -> str:
    """Return the path of the sign-in page on which every way in is offered, also to an application that has one of its
    own."""
    return "/login" + ("?" + urlencode({"flow": handle, _CHOOSE: "yes"}) if handle else "")


def _upstream_path(one: Upstream, handle: str | None, hint: str = "") -> str:
    query = urlencode({name: value for name, value in (("flow", handle), ("login_hint", hint)) if value})
    return f"/upstream/{one.key}" + ("?" + query if query else "")
