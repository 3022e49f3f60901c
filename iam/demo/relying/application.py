"""A small relying application to try Avain with: sign in, see what one was told, switch capacity, refresh, sign out.

It knows the provider by its issuer only (OpenID Connect Discovery 1.0), proves its code requests by PKCE S256 (RFC
7636), and keeps tokens on the server, never in the browser.
"""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, redirect, render_template, request, session, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from iam.demo.relying.session import Visit, Visits
from iam.demo.relying.texts import LANGUAGES, error_key, text

SCOPE = "openid profile roles groups offline_access"
COOKIE = "demo_palvelu"
"""Its own name: two ports of one host share a cookie jar."""
TIMEOUT = 10
"""Seconds to wait for the provider."""
_pages = Blueprint("relying", __name__)


def create_relying_app(issuer: str, client_id: str, client_secret: str, base_url: str) -> Flask:
    """Build the application.

    ``base_url`` is where browsers reach it, without a slash at the end; ``base_url/callback`` is its redirect URI and
    ``base_url/`` where it comes back to after signing out. The provider is first asked when somebody signs in.
    """
    app = Flask(__name__, template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=base_url.startswith("https:"),
        RELYING_BASE=base_url,
        RELYING_PROVIDER=_origin(issuer),
    )
    oauth = OAuth(app)
    oauth.register(
        "avain",
        client_id=client_id,
        client_secret=client_secret,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", "default_timeout": TIMEOUT},
    )
    app.extensions["relying"] = (oauth.avain, Visits())
    app.register_blueprint(_pages)
    app.context_processor(_words)
    app.after_request(_harden)
    return app


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@_pages.get("/")
def front() -> str:
    """Show who is here, or the way in."""
    return render_template(
        "relying/front.html", visit=_visits().get(session.get("visit")), signed_out=session.pop("signed_out", False)
    )


@_pages.get("/sign-in")
def sign_in() -> Any:
    """Send the browser to the provider."""
    return _to_provider()


@_pages.get("/switch")
def switch() -> Any:
    """Ask the provider for another capacity (OpenID Connect Core 1.0 section 3.1.2.1, prompt=select_account)."""
    return _to_provider(prompt="select_account")


def _to_provider(**more: str) -> Any:
    return _provider().authorize_redirect(
        f"{current_app.config['RELYING_BASE']}/callback", ui_locales=_language(), **more
    )


@_pages.get("/callback")
def callback() -> Response:
    """Redeem the code, check the ID token, and remember the visit under a new id."""
    token = _provider().authorize_access_token()
    visit = Visit(dict(token), dict(token["userinfo"]), dict(_provider().userinfo(token=token)))
    _visits().close(session.pop("visit", None))
    session["visit"] = _visits().open(visit)
    return redirect(url_for("relying.front"))


@_pages.post("/refresh")
def refresh() -> Response:
    """Exchange the refresh token and show what is true now; when that is refused, the visit ends."""
    key = session.pop("visit", None)
    visit = _visits().close(key)
    if visit is None:
        return redirect(url_for("relying.front"))
    provider = _provider()
    fresh = provider.fetch_access_token(grant_type="refresh_token", refresh_token=visit.token.get("refresh_token", ""))
    claims = provider.parse_id_token(fresh, nonce=None) if "id_token" in fresh else visit.claims
    session["visit"] = _visits().open(
        Visit({**visit.token, **fresh}, dict(claims), dict(provider.userinfo(token=fresh)))
    )
    return redirect(url_for("relying.front"))


@_pages.post("/sign-out")
def sign_out() -> Response:
    """Forget the visit here and end the session at the provider (OpenID Connect RP-Initiated Logout 1.0 section 2)."""
    visit = _visits().close(session.pop("visit", None))
    session["signed_out"] = True
    if visit is None:
        return redirect(url_for("relying.front"))
    asked = _provider().create_logout_url(f"{current_app.config['RELYING_BASE']}/", visit.token.get("id_token"))
    return redirect(asked["url"])


@_pages.get("/language/<code>")
def language(code: str) -> Response:
    """Remember the language of the pages."""
    if code in LANGUAGES:
        session["language"] = code
    return redirect(url_for("relying.front"))


@_pages.errorhandler(Exception)
def failed(error: Exception) -> HTTPException | tuple[str, int]:
    """Show whatever went wrong with the provider in plain words, with its error code but never its text beyond that."""
    if isinstance(error, HTTPException):
        return error
    current_app.logger.warning("the provider's answer cannot be used: %s", type(error).__name__)
    code = getattr(error, "error", None) or (
        "temporarily_unavailable" if isinstance(error, requests.RequestException) else "other"
    )
    status = 503 if error_key(code) == "temporarily_unavailable" else 400
    return render_template("relying/error.html", message=error_key(code), code=code), status


def _provider() -> Any:
    return current_app.extensions["relying"][0]


def _visits() -> Visits:
    visits: Visits = current_app.extensions["relying"][1]
    return visits


def _language() -> str:
    return session.get("language") or request.accept_languages.best_match(list(LANGUAGES), "fi")


def _words() -> dict[str, Any]:
    chosen = _language()
    return {"t": lambda key: text(str(key), chosen), "language": chosen, "languages": LANGUAGES}


def _harden(response: Response) -> Response:
    # Signing out is a form whose answer leads to the provider, and browsers check where a form ends up.
    forms = f"form-action 'self' {current_app.config['RELYING_PROVIDER']}"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; {forms}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
