"""What the sign-in pages keep in the browser: the login cookie, and the mark of a browser that has signed in before.

The mark is worth something for one login, and as long as the password that the person had when it was made: marks that
somebody gathered with an old password give them no guesses at the new one.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import request, session as form_session
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from iam.signin.accounts.account import normal
from iam.signin.factors import levels
from iam.signin.flow import Around, Outcome
from iam.signin.passwords import credentials
from iam.texts import LANGUAGES
from iam.web import context, pages
from iam.web.forms import csrf

_YEAR = 365 * 86400
_ENDED = "ended"


def around(login: str = "", least: str = levels.PASSWORD, *, adds: bool = False) -> Around:
    """Return what surrounds this request's sign-in; the browser counts as known when it has reached level ``least`` for
    ``login``."""
    return Around(
        context.settings(),
        context.vault(),
        context.actor(),
        request.headers.get("User-Agent", ""),
        _device(login, least),
        context.login(),
        adds,
    )


def keep(response: Response, outcome: Outcome) -> None:
    """Put the new session's secret, the person's language and the browser's mark into ``response``."""
    csrf.renew()
    https = context.settings().https
    response.set_cookie(context.cookie_name(), outcome.secret, httponly=True, samesite="Lax", secure=https)
    whose = _whose(outcome.login)
    mark, reached = _mark(whose) or (secrets.token_urlsafe(12), outcome.acr)
    told = _signer().dumps([mark, whose, levels.stronger(reached, outcome.acr)])
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
    found = _mark(_whose(login)) if login and _cookie() in request.cookies else None
    return found[0] if found and levels.reaches(found[1], least) else ""


def _mark(whose: str) -> tuple[str, str] | None:
    """Return the mark of this browser and the highest level it has reached; None when it is not ``whose``."""
    try:
        mark, told, reached = _signer().loads(request.cookies.get(_cookie(), ""))
    except (BadData, ValueError):
        return None
    return (str(mark), str(reached)) if told == whose else None


def _whose(login: str) -> str:
    """Return a keyed hash of a login and the password it has now; of any text, so that nobody learns which logins there
    are."""
    password = credentials.password_mark(credentials.find(context.db(), login))
    return context.vault().mac("known browser", password, normal(login)).hex()[:32]


def _cookie() -> str:
    return "__Host-avain-device" if context.settings().https else "avain-device"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(context.vault().derive("device"), salt="device")
