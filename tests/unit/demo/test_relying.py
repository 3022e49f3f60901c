"""The demonstration service against a small provider on a free port of loopback."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from iam.demo.relying.application import COOKIE, create_relying_app

BASE = "http://localhost:8081"
CAPACITIES = {
    "KOIVU": {
        "id": "c_1",
        "kind": "employee",
        "organisation": {"key": "KOIVU", "name": "Koivurinteen koulu"},
        "position": "Luokanopettaja",
    },
    "RANTA": {
        "id": "c_2",
        "kind": "employee",
        "organisation": {"key": "RANTA", "name": "Rantapuiston koulu"},
        "position": "Luokanopettaja",
    },
}


@dataclass
class Provider:
    """What the provider says next, and what it was asked."""

    issuer: str = ""
    school: str = "KOIVU"
    refuse: str | None = None
    audience: str = "demo-palvelu"
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256", "use": "sig"}))
    nonce: str | None = None

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": "s",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "name": "Aino Esimerkki",
            "capacity": CAPACITIES[self.school],
            "roles": [f"opettaja@{self.school}"],
            "groups": [],
        }
        return jwt.encode({"alg": "ES256", "kid": "k1"}, {k: v for k, v in claims.items() if v is not None}, self.key)

    def app(self) -> Flask:
        app = Flask("provider")
        app.get("/.well-known/openid-configuration")(self._discovery)
        app.get("/jwks", endpoint="jwks")(lambda: jsonify(keys=[self.key.as_dict(private=False)]))
        app.get("/userinfo", endpoint="userinfo")(lambda: jsonify(sub="s", name="Aino Esimerkki"))
        app.post("/token")(self._token)
        return app

    def _discovery(self) -> Any:
        names = ("authorization", "token", "userinfo", "end_session")
        found: dict[str, Any] = {f"{name}_endpoint": f"{self.issuer}/{name.replace('_', '-')}" for name in names}
        return jsonify(
            found
            | {
                "issuer": self.issuer,
                "jwks_uri": f"{self.issuer}/jwks",
                "id_token_signing_alg_values_supported": ["ES256"],
            }
        )

    def _token(self) -> Any:
        self.asked[request.form["grant_type"]] = dict(request.form)
        if self.refuse:
            return jsonify(error=self.refuse, error_description="<b>secret detail</b>"), 400
        return jsonify(
            access_token="at", token_type="Bearer", expires_in=300, refresh_token="rt", id_token=self.id_token()
        )


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser(provider: Provider) -> FlaskClient:
    return _browser(provider.issuer)


def _browser(issuer: str) -> FlaskClient:
    return create_relying_app(issuer, "demo-palvelu", "secret", BASE).test_client()


def _asked(answer: TestResponse) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def _sign_in(browser: FlaskClient, provider: Provider, path: str = "/sign-in") -> TestResponse:
    asked = _asked(browser.get(path))
    provider.nonce = asked["nonce"]
    return browser.get("/callback", query_string={"code": "c", "state": asked["state"]})


def test_signing_in_asks_for_the_scopes_with_pkce(browser: FlaskClient, provider: Provider) -> None:
    asked = _asked(browser.get("/sign-in"))
    assert asked["scope"] == "openid profile roles groups offline_access"
    assert (asked["response_type"], asked["redirect_uri"], asked["code_challenge_method"]) == (
        "code",
        f"{BASE}/callback",
        "S256",
    )
    provider.nonce = asked["nonce"]
    browser.get("/callback", query_string={"code": "c", "state": asked["state"]})
    verifier = provider.asked["authorization_code"]["code_verifier"]
    assert (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        == asked["code_challenge"]
    )


def test_the_page_shows_name_capacity_organisation_and_roles(browser: FlaskClient, provider: Provider) -> None:
    assert _sign_in(browser, provider).status_code == 302
    page = browser.get("/").text
    for words in ("Aino Esimerkki", "Työntekijä", "Luokanopettaja", "Koivurinteen koulu", "opettaja@KOIVU"):
        assert words in page
    assert "RANTA" not in page


def test_the_cookie_has_its_own_name_and_holds_no_token(browser: FlaskClient, provider: Provider) -> None:
    _sign_in(browser, provider)
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None
    assert cookie.http_only
    assert len(cookie.value) < 300
    assert browser.get_cookie("session") is None


def test_switching_asks_for_another_capacity_and_shows_it(browser: FlaskClient, provider: Provider) -> None:
    _sign_in(browser, provider)
    assert _asked(browser.get("/switch"))["prompt"] == "select_account"
    provider.school = "RANTA"
    _sign_in(browser, provider, "/switch")
    page = browser.get("/").text
    assert "opettaja@RANTA" in page
    assert "opettaja@KOIVU" not in page


def test_refreshing_shows_what_is_true_now(browser: FlaskClient, provider: Provider) -> None:
    _sign_in(browser, provider)
    provider.school, provider.nonce = "RANTA", None
    assert browser.post("/refresh").status_code == 302
    assert provider.asked["refresh_token"]["refresh_token"] == "rt"
    assert "opettaja@RANTA" in browser.get("/").text


def test_a_refused_refresh_ends_the_visit_and_says_why(browser: FlaskClient, provider: Provider) -> None:
    _sign_in(browser, provider)
    provider.refuse = "invalid_grant"
    answer = browser.post("/refresh")
    assert answer.status_code == 400
    assert "Oikeutesi tai istuntosi on päättynyt" in answer.text
    assert "secret detail" not in answer.text
    assert "Aino" not in browser.get("/").text


def test_signing_out_leads_to_the_provider_and_back(browser: FlaskClient, provider: Provider) -> None:
    _sign_in(browser, provider)
    answer = browser.post("/sign-out")
    assert answer.location.startswith(f"{provider.issuer}/end-session?")
    asked = _asked(answer)
    assert asked["post_logout_redirect_uri"] == f"{BASE}/"
    assert asked["id_token_hint"].count(".") == 2
    page = browser.get("/").text
    assert "Olet kirjautunut ulos" in page
    assert "Aino" not in page


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("access_denied", "Pääsy evättiin"),
        ("interaction_required", "kysymykseen"),
        ("server_error", "ei vastaa juuri nyt"),
        ("invalid_scope", "kerro siitä ylläpidolle"),
    ],
)
def test_an_error_of_the_provider_is_told_in_plain_words(
    browser: FlaskClient, provider: Provider, code: str, words: str
) -> None:
    asked = _asked(browser.get("/sign-in"))
    answer = browser.get(
        "/callback", query_string={"error": code, "error_description": "<i>inner</i>", "state": asked["state"]}
    )
    assert answer.status_code in (400, 503)
    assert words in answer.text
    assert code in answer.text
    assert "inner" not in answer.text


def test_an_answer_to_another_browser_is_refused(browser: FlaskClient, provider: Provider) -> None:
    stranger = _browser(provider.issuer)
    answer = stranger.get("/callback", query_string={"code": "c", "state": _asked(browser.get("/sign-in"))["state"]})
    assert answer.status_code == 400
    assert "Aloita alusta" in answer.text


def test_an_id_token_for_somebody_else_is_refused(browser: FlaskClient, provider: Provider) -> None:
    provider.audience = "another-service"
    assert _sign_in(browser, provider).status_code == 400
    assert "Aino" not in browser.get("/").text


def test_an_id_token_without_our_nonce_is_refused(browser: FlaskClient, provider: Provider) -> None:
    asked = _asked(browser.get("/sign-in"))
    provider.nonce = "another"
    assert browser.get("/callback", query_string={"code": "c", "state": asked["state"]}).status_code == 400


def test_an_unreachable_provider_is_told_in_plain_words() -> None:
    answer = _browser("http://127.0.0.1:9").get("/sign-in")
    assert answer.status_code == 503
    assert "ei vastaa juuri nyt" in answer.text


@pytest.mark.parametrize(("language", "words"), [("fi", "Kirjaudu sisään"), ("sv", "Logga in"), ("en", "Sign in")])
def test_pages_speak_the_chosen_language(language: str, words: str) -> None:
    browser = _browser("http://127.0.0.1:9")
    browser.get(f"/language/{language}")
    assert words in browser.get("/").text
    assert words in _browser("http://127.0.0.1:9").get("/", headers={"Accept-Language": language}).text


def test_a_page_that_is_not_there_stays_not_found(browser: FlaskClient) -> None:
    assert browser.get("/nothing").status_code == 404


def test_pages_forbid_scripts_and_caches(browser: FlaskClient, provider: Provider) -> None:
    headers = browser.get("/").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith(
        "default-src 'none'; style-src 'self'; form-action 'self' " + provider.issuer
    )
