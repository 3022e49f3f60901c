"""HT-02, C-34: what a request says of its host, scheme, port or address changes no link, no redirect, no cookie and
nothing in the log."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.audit.log import AuditEvent
from iam.web import extension
from tests.kit.browser import HTML, Browser, hidden
from tests.kit.seen import told
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, World

FORGED: tuple[dict[str, str], ...] = (
    {"Host": "evil.example"},
    {"Host": "evil.example:8080"},
    {"Host": "localhost:8080.evil.example"},
    {"Host": "localhost:1"},
    {"Host": "evil.example", "X-Forwarded-Host": "localhost:8080"},
    {"X-Forwarded-Host": "evil.example"},
    {"X-Forwarded-Host": "evil.example, localhost"},
    {"X-Forwarded-Server": "evil.example"},
    {"X-Host": "evil.example"},
    {"X-HTTP-Host-Override": "evil.example"},
    {"Forwarded": "host=evil.example"},
    {"Forwarded": 'for=1.2.3.4;host="evil.example";proto=https'},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Scheme": "https"},
    {"X-Forwarded-Ssl": "on"},
    {"Front-End-Https": "on"},
    {"X-Url-Scheme": "https"},
    {"X-Forwarded-Port": "6666"},
    {"X-Forwarded-Prefix": "/evil.example"},
    {"X-Script-Name": "/evil.example"},
    {"X-Original-URL": "/evil.example"},
    {"X-Rewrite-URL": "/evil.example"},
    {"X-Forwarded-For": "6.6.6.6"},
    {"X-Real-IP": "6.6.6.6"},
    {"True-Client-IP": "6.6.6.6"},
    {"Forwarded": "for=6.6.6.6"},
    {"Origin": "https://evil.example"},
    {"Referer": "https://evil.example/"},
    {"X-Forwarded-User": "admin"},
    {"X-Remote-User": "admin"},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-Client-Cert": "evil.example"},
    {"X-SSL-Client-Verify": "SUCCESS"},
)
"""Every way in which a request may say where it was sent, or who sent it."""
TOGETHER = (
    {"Host": "evil.example"},
    {name: value for one in FORGED[1:] for name, value in one.items() if name != "Host"},
)
FEW = ("/", "/login", "/account", "/admin", "/admin/persons", "/logout")


@pytest.fixture(scope="module")
def anna(provider: World) -> oidc_world.Browser:
    """An administrator's browser."""
    oidc_world.administrator(provider, provider.ids["anna"])
    browser = oidc_world.Browser(provider)
    browser.sign_in()
    page = browser.get("/admin/")
    while page.status_code in (302, 303):
        page = browser.get(page.location.removeprefix(ISSUER))
    assert page.status_code == 200
    return browser


def paths(app: Flask) -> list[str]:
    """Every address without arguments that is got, one of each kind with arguments, and such as are redirected by
    themselves."""
    plain = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    request = "/oauth2/authorize?client_id=wilma&response_type=code&redirect_uri=https://wilma.example/cb"
    return [
        *sorted(plain),
        "/admin",
        "/account/",
        "//evil.example/",
        "/admin/persons?q=x",
        "/upstream/x",
        "/static/avain.css",
        "/login?lang=sv",
        request,
    ]


def look(answer: TestResponse) -> tuple[object, ...]:
    """Everything that is seen of an answer; of cookies their attributes."""
    cookies = sorted(value.partition(";")[2] for value in answer.headers.getlist("Set-Cookie"))
    return (*told(answer), cookies)


def test_ht_02_c_34_a_forged_host_scheme_port_or_address_changes_no_answer(
    provider: World, anna: oidc_world.Browser
) -> None:
    assert len(paths(provider.app)) > 50
    # A cookie goes where its host is; these requests take it along whatever they say of theirs.
    kept = [anna.http.get_cookie(name, "localhost") for name in ("avain", "avain-form")]
    cookies = "; ".join(f"{one.key}={one.value}" for one in kept if one is not None)
    client = provider.app.test_client(use_cookies=False)
    for path in paths(provider.app):
        plain = look(client.get(path, base_url=ISSUER, headers={"Accept": "text/html", "Cookie": cookies}))
        for forged in (*TOGETHER, {**TOGETHER[1], **TOGETHER[0]}, *(FORGED if path in FEW else ())):
            answer = client.get(path, base_url=ISSUER, headers={"Accept": "text/html", "Cookie": cookies} | forged)
            assert "evil" not in (answer.text + str(answer.headers)).replace("//evil.example/", ""), (path, forged)
            assert look(answer) == plain, (path, forged)


def test_ht_02_discovery_and_codes_name_the_issuer_of_the_settings(provider: World) -> None:
    for forged in FORGED:
        said = (
            provider.app.test_client()
            .get("/.well-known/openid-configuration", headers=forged, base_url=ISSUER)
            .get_json()
        )
        assert said["issuer"] == ISSUER
        assert all(str(url).startswith(ISSUER) for name, url in said.items() if name.endswith(("_endpoint", "_uri")))


def test_ht_02_c_34_the_log_holds_the_address_that_connected_and_not_the_one_that_was_told(app: Flask) -> None:
    browser = Browser(app)
    page = browser.get("/login")
    claims = {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"}
    form = hidden(page, "/login") | {"login": "nobody", "password": "x"}
    browser.client.post("/login", base_url=browser.base, data=form, headers=HTML | claims)
    with Session(extension.engine_of(app)) as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.type == "signin:password:refused").order_by(AuditEvent.id.desc())
        ).first()
    assert event is not None
    assert event.envelope["address"] == "127.0.0.1"
