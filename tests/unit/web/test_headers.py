"""AZ-08, HT-02, HT-03, TK-10: headers of every response."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from iam.web import guard
from tests.kit.browser import Browser, application

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/login", "/first-code", "/healthz", "/nothing-here", "/logged-out", "/", "/account"])
def test_every_answer_is_shut_in_and_not_stored(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name in answer.headers if name[0].lower().startswith("access-control")]


def test_static_files_may_be_kept(browser: Browser) -> None:
    answer = browser.get("/static/avain.css")
    assert answer.status_code == 200
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_https_is_made_to_stay_and_http_is_not(database_url: str, tmp_path: Path, browser: Browser) -> None:
    assert "Strict-Transport-Security" not in browser.get("/login").headers
    with application(database_url, tmp_path, issuer="https://id.example") as secure:
        answer = Browser(secure, https=True).get("/login")
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=63072000")
        (form,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("__Host-avain-form=")]
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(form.split("; "))


@guard.public
def slashed() -> str:
    return "slashed"


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded"])
def test_a_forged_host_turns_no_redirect_away_from_home(app: Flask, header: str) -> None:
    """HT-02, C-34."""
    app.add_url_rule("/test/slashed/", "slashed", slashed)
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    for path in ("/test/slashed", "/", "/account", "//evil.example/..", "/\\evil.example"):
        location = (
            app.test_client().get(path, headers={header: value, "Accept": "text/html"}).headers.get("Location", "/")
        )
        assert location.startswith("/"), path
        assert not location.startswith(("//", "/\\")), path


def test_the_language_is_what_the_link_says_then_what_was_chosen_before_then_what_the_browser_asks(
    browser: Browser,
) -> None:
    assert 'lang="en"' in browser.get("/login").text[:60]
    assert 'lang="sv"' in browser.get("/login", **{"Accept-Language": "sv-FI,fi;q=0.5"}).text[:60]
    assert 'lang="fi"' in browser.get("/login?lang=fi").text[:60]
    assert 'lang="fi"' in browser.get("/login").text[:60]
    assert 'lang="fi"' in browser.get("/login?lang=xx").text[:60]
