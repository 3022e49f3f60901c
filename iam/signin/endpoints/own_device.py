"""What a browser brings to a second factor: where its passkeys are for, and whether its owner marked it as their
own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import request
from werkzeug.wrappers import Response

from iam import clock
from iam.signin.factors import levels, policy
from iam.signin.factors.passkey import Site
from iam.tokens.session import LoginSession
from iam.web import context, flow

_DAY = 86400


def site() -> Site:
    """Return where passkeys are for, in this browser."""
    return Site(context.settings().issuer, context.settings().consortium, flow.browser())


def lacking(application_least: str | None) -> str | None:
    """Return the level that the signed-in person's session still lacks at an application, in this browser; None: it is
    enough."""
    login = context.login()
    if login is None:
        return None
    device, days = request.cookies.get(_cookie(), ""), context.settings().signin.remember_days
    return policy.missing(
        context.db(), login, clock.now(), application_least=application_least, device=device, most_days=days
    )


def until(login: LoginSession) -> datetime | None:
    """Return until when this browser, remembered as the person's own, stands in for a second factor that the session
    lacks."""
    if levels.reaches(login.acr, levels.TWO_FACTOR) or not context.settings().signin.remember_days:
        return None
    return policy.device_until(context.db(), login.person_id, request.cookies.get(_cookie(), ""))


def days(person_id: UUID) -> int:
    """Return for how many days this browser may be remembered as the person's own; 0: not at all."""
    most = context.settings().signin.remember_days
    return policy.remember_days(context.db(), person_id, most) if most else 0


def remember(response: Response, person_id: UUID) -> None:
    """Remember this browser as the person's own, where that is allowed."""
    allowed = days(person_id)
    if allowed:
        value, https = policy.remember(context.db(), person_id, allowed), context.settings().https
        response.set_cookie(_cookie(), value, max_age=allowed * _DAY, httponly=True, samesite="Lax", secure=https)


def _cookie() -> str:
    return "__Host-avain-remembered" if context.settings().https else "avain-remembered"
