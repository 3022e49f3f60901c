"""A whole sign-in at a relying application, and the provider's hot endpoints: CPU of application and database, per call."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from benchmarks.feed import CONSORTIUM
from benchmarks.meter import Measure, Meter
from iam import clock
from iam.app import create_app
from iam.cli.demo_run import CLIENT, RELYING, SECRET, set_up
from iam.demo.people import BY_NUMBER
from iam.oidc.model import Client, ClientSecret
from iam.settings import Settings
from iam.tokens.secret import hash_of
from iam.vault import Vault

PRINCIPAL = BY_NUMBER[1002]
"""Somebody with one capacity, so that nothing is asked on the way."""
SERVICE = "bench-service"
SERVICE_BASIC = {"Authorization": "Basic " + b64encode(f"{SERVICE}:{SECRET}".encode()).decode()}
VERIFIER = sha256(b"bench").hexdigest()
BASIC = {"Authorization": "Basic " + b64encode(f"{CLIENT}:{SECRET}".encode()).decode()}
_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
_FIELD = re.compile(r'name="([^"]+)"[^>]*?value="([^"]*)"')


def measures(
    meter: Meter, settings: Settings, sessions: sessionmaker[Session], vault: Vault, folder: Path, times: int = 30
) -> dict[str, Measure]:
    """Return the mean of ``times`` sign-ins (authorize, sign-in page, password, code, token) and of each endpoint."""
    set_up(settings, sessions, vault, folder, CONSORTIUM, "small", "bench")
    app = create_app(settings)
    tokens = _sign_in(app.test_client())
    found = {"whole sign-in": _mean(meter, times, lambda: _sign_in(app.test_client()))}
    client = app.test_client()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    found["userinfo"] = _mean(meter, times, lambda: _ok(client.get("/oauth2/userinfo", headers=bearer)))
    found["introspection"] = _mean(
        meter,
        times,
        lambda: _ok(client.post("/oauth2/introspect", headers=BASIC, data={"token": tokens["access_token"]})),
    )
    latest = [tokens["refresh_token"]]

    def refresh() -> None:
        answer = _ok(
            client.post(
                "/oauth2/token", headers=BASIC, data={"grant_type": "refresh_token", "refresh_token": latest[0]}
            )
        )
        latest[0] = answer.get_json()["refresh_token"]

    found["refresh"] = _mean(meter, times, refresh)
    _add_service(sessions)
    own = {"grant_type": "client_credentials"}
    found["client credentials"] = _mean(
        meter, times, lambda: _ok(client.post("/oauth2/token", headers=SERVICE_BASIC, data=own))
    )
    found["discovery"] = _mean(meter, times, lambda: _ok(client.get("/.well-known/openid-configuration")))
    found["JWKS"] = _mean(meter, times, lambda: _ok(client.get("/oauth2/jwks")))
    return found


def _add_service(sessions: sessionmaker[Session]) -> None:
    """Add a client that acts for itself, beside the demonstration's."""
    with sessions() as session, session.begin():
        known = session.scalars(select(Client).where(Client.client_id == CLIENT)).one()
        session.add(
            Client(
                application_id=known.application_id, client_id=SERVICE, auth="client_secret_basic", redirect_uris=[],
                post_logout_redirect_uris=[], grants=["client_credentials"], scope="luku", mapper={}, sector="bench",
            )
        )  # fmt: skip
        session.flush()
        session.add(ClientSecret(client_id=SERVICE, hash=hash_of(SECRET), created_at=clock.now()))


def _followed(browser: FlaskClient, answer: TestResponse) -> TestResponse:
    while answer.status_code in (302, 303) and not answer.headers["Location"].startswith(RELYING):
        answer = _ok(browser.get(answer.headers["Location"]))
    return answer


def _go_on(browser: FlaskClient, page: TestResponse) -> TestResponse:
    text = page.get_data(as_text=True)
    action = unescape(_ACTION.findall(text)[-1])
    fields = dict(_FIELD.findall(text)) | {"decision": "continue"}
    return _ok(browser.post(action, data=fields, headers={"Sec-Fetch-Site": "same-origin"}))


def _mean(meter: Meter, times: int, work: object) -> Measure:
    assert callable(work)
    work()
    with meter.measure() as total:
        for _ in range(times):
            work()
    return Measure(total.wall / times, total.own / times, total.database / times)


def _ok(answer: TestResponse) -> TestResponse:
    if answer.status_code >= 400:
        raise SystemExit(f"{answer.request.path}: {answer.status_code} {answer.get_data(as_text=True)[:300]}")
    return answer


def _sign_in(browser: FlaskClient) -> dict[str, str]:
    request = {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": f"{RELYING}/callback", "scope": "openid profile roles offline_access",
        "state": "bench", "code_challenge": create_s256_code_challenge(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    page = _ok(browser.get(add_params_to_uri("/oauth2/authorize", list(request.items())), follow_redirects=True))
    form = dict(_FIELD.findall(page.get_data(as_text=True))) | {
        "login": PRINCIPAL.login,
        "password": PRINCIPAL.password,
    }
    answer = _ok(browser.post("/login", data=form, headers={"Sec-Fetch-Site": "same-origin"}))
    answer = _followed(browser, answer)
    if answer.status_code == 200:
        # Told once what the service receives.
        answer = _followed(browser, _go_on(browser, answer))
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{RELYING}/callback",
        "code_verifier": VERIFIER,
    }
    tokens: dict[str, str] = _ok(browser.post("/oauth2/token", headers=BASIC, data=exchange)).get_json()
    return tokens
