"""Forged posts are refused: a token in every form, and the browser's own word on where a post came from (security
HT-04)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, session as form_session
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf as _generate

from connectors.problem import Problem
from iam.errors import Denied
from iam.settings import Settings
from iam.texts import N_

View = TypeVar("View", bound=Callable[..., Any])
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_MARK = "avain_csrf_exempt"
_protect = CSRFProtect()


class ForgedPost(Denied):
    """A post that did not come from a form of ours in this browser, or came from one that has grown old."""

    code = "form-expired"
    status = 400
    title = N_("The form was not accepted")


def csrf_exempt(view: View) -> View:
    """Mark a protocol endpoint, which authenticates its callers by other means than a cookie, as needing no form
    token."""
    setattr(view, _MARK, True)
    return view


def init(app: Flask, settings: Settings, key: bytes) -> None:
    """Protect every view of ``app``; the form cookie is signed with ``key`` and holds the token's secret only."""
    app.config.update(
        SECRET_KEY=key,
        SESSION_COOKIE_NAME="__Host-avain-form" if settings.https else "avain-form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # Our own Referrer-Policy is no-referrer, so there is none to check; Sec-Fetch-Site says the same and cannot be
        # forged.
        WTF_CSRF_SSL_STRICT=False,
    )
    _protect.init_app(app)
    app.before_request(_check)


def token() -> str:
    """Return the token for the forms of this browser."""
    return str(_generate())


def renew() -> None:
    """Forget the token's secret, at sign-in and sign-out: what was known before is worth nothing after."""
    form_session.pop("csrf_token", None)


def ours() -> bool:
    """Whether this post came from a form of ours in this browser, grown old or not: it has the token, or the browser
    says so."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin" or (came_from_here() and _has_token())


def _check() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.method in SAFE or getattr(view, _MARK, False):
        return
    if not (came_from_here() and _has_token()):
        raise forged()


def came_from_here() -> bool:
    """Whether the browser does not say that this post came from elsewhere."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def _has_token() -> bool:
    if g.get("csrf_valid"):  # a view that signs somebody in or out renews the token
        return True
    try:
        _protect.protect()
    except CSRFError:
        return False
    return True


def forged() -> ForgedPost:
    """Return the error that says so; a browser that sent no cookie of ours is told that too."""
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return ForgedPost(
            Problem(
                "This form has expired or was sent from elsewhere.",
                "Allow this site to keep cookies in your browser, open the page again and repeat what you did.",
            )
        )
    return ForgedPost(
        Problem("This form has expired or was sent from elsewhere.", "Open the page again and repeat what you did.")
    )
