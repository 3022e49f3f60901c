"""What the sign-in pages keep in the browser: the login cookie, and the mark of a browser that has signed in before."""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import request
from flask import session as form_session
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from iam.signin import levels, throttle
from iam.signin.flow import Around, Outcome
from iam.texts import LANGUAGES
from iam.web import context, csrf, pages

_YEAR = 365 * 86400
_ENDED = "ended"


def around(login: str = "", least: str = levels.PASSWORD) -> Around:
    """Return what surrounds this request's sign-in; the browser counts as known when it has reached level ``least`` for ``login``."""
    return Around(
        context.settings(),
        context.vault(),
        context.actor(),
        request.headers.get("User-Agent", ""),
        _device(login, least),
        context.login(),
    )


def keep(response: Response, outcome: Outcome) -> None:
    """Put the new session's secret, the person's language and the browser's mark into ``response``."""
    csrf.renew()
    https = context.settings().https
    response.set_cookie(context.cookie_name(), outcome.secret, httponly=True, samesite="Lax", secure=https)
    before = _mark(outcome.login)
    mark, reached = before or (secrets.token_urlsafe(12), outcome.acr)
    told = _signer().dumps([mark, _name(outcome.login), levels.stronger(reached, outcome.acr)])
    response.set_cookie(_cookie(), told, max_age=_YEAR, httponly=True, samesite="Lax", secure=https)
    if outcome.language in LANGUAGES:
        pages.set_language(response, str(outcome.language))


def drop(response: Response) -> None:
    """Take the login cookie away."""
    csrf.renew()
    response.delete_cookie(context.cookie_name(), httponly=True, samesite="Lax", secure=context.settings().https)


def remember_ended(session_id: UUID) -> None:
    """Keep, for the next page of this browser, which session it has just ended."""
    form_session[_ENDED] = str(session_id)


def ended() -> UUID | None:
    """Return the session that this browser has just ended, once; None when there is none."""
    found = form_session.pop(_ENDED, None)
    return UUID(found) if found else None


def _device(login: str, least: str) -> str:
    """Return the mark of this browser when it has reached ``least`` for ``login`` before, else an empty text."""
    found = _mark(login)
    return found[0] if found and levels.reaches(found[1], least) else ""


def _mark(login: str) -> tuple[str, str] | None:
    """Return the mark of this browser and the highest level it has reached for ``login``; None when it never signed in to it."""
    try:
        mark, name, reached = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadData, ValueError):
        return None
    return (str(mark), str(reached)) if login and name == _name(login) else None


def _name(login: str) -> str:
    return throttle.account_key(context.vault(), login, "name").hex()[:32]


def _cookie() -> str:
    return "__Host-avain-device" if context.settings().https else "avain-device"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(context.vault().derive("device"), salt="device")
