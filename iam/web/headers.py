"""Headers of every response (security AZ-08, HT-03, TK-10)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, request

from iam.web import context

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action {forms}; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_STATIC_SECONDS = 3600


def init(app: Flask) -> None:
    """Set the headers of every response of ``app``."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = _STATIC_SECONDS
    app.after_request(_harden)


def allow_forms_to(response: Response, origin: str) -> None:
    """Let this one page's form be redirected to ``origin`` (scheme and host), an already validated redirect URI's.

    Browsers check ``form-action`` on the redirect that answers a post, too.
    """
    response.headers["Content-Security-Policy"] = POLICY.format(forms=f"'self' {origin}")


def allow_frames_of(response: Response, origins: Sequence[str]) -> None:
    """Let this one page load frames of exactly these origins (scheme and host); they are already validated."""
    policy = response.headers.get("Content-Security-Policy") or POLICY.format(forms="'self'")
    response.headers["Content-Security-Policy"] = f"{policy}; frame-src {' '.join(dict.fromkeys(origins))}"


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY.format(forms="'self'"))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Request-Id"] = context.request_id()
    if context.settings().https:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if request.endpoint != "static":
        headers.setdefault("Cache-Control", "no-store")
    return response
