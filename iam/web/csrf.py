"""Forged posts are refused: a token in every form, and the browser's own word on where a post came from (security HT-04)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request
from flask import session as form_session
from flask_wtf.csrf import CSRFError, CSRFProtect
from flask_wtf.csrf import generate_csrf as _generate

from connectors.problem import Problem
from iam.errors import Denied
from iam.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MARK = "avain_csrf_exempt"
_protect = CSRFProtect()


class ForgedPost(Denied):
    """A post that did not come from a form of ours in this browser, or came from one that has grown old."""

    code = "form-expired"
    status = 400


def csrf_exempt(view: View) -> View:
    """Mark a protocol endpoint, which authenticates its callers by other means than a cookie, as needing no form token."""
    setattr(view, _MARK, True)
    return view


def init(app: Flask, settings: Settings, key: bytes) -> None:
    """Protect every view of ``app``; the form cookie is signed with ``key`` and holds the token's secret only."""
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="__Host-avain-form" if settings.https else "avain-form",
        SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None,
        # Our own Referrer-Policy is no-referrer, so there is none to check; Sec-Fetch-Site says the same and cannot be forged.
        WTF_CSRF_SSL_STRICT=False,
    )  # fmt: skip
    _protect.init_app(app)
    app.before_request(_check)


def token() -> str:
    """Return the token for the forms of this browser."""
    return str(_generate())


def renew() -> None:
    """Forget the token's secret, at sign-in and sign-out: what was known before is worth nothing after."""
    form_session.pop("csrf_token", None)


def _check() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.method in SAFE or getattr(view, _MARK, False):
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise forged()
    try:
        _protect.protect()
    except CSRFError:
        raise forged() from None


def forged() -> ForgedPost:
    """Return the error that says so."""
    return ForgedPost(
        Problem("This form has expired or was sent from elsewhere.", "Open the page again and repeat what you did.")
    )
