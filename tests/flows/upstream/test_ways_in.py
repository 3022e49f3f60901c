"""Fresh sign-ins, and who is led to a provider: by their domain, by the application, by the one way there is."""

from __future__ import annotations

import html
import re
import time
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.kit.browser import Browser, hidden
from tests.kit.peers.openid_provider import OpenidProvider
from tests.kit.people import PASSWORD
from tests.kit.upstream import (
    KEY,
    LOGIN,
    add_connection,
    begin_at,
    enter,
    follow,
    local,
    refused,
    set_connection,
    types,
)
from tests.kit.worlds.factor import with_totp


def test_a_fresh_sign_in_is_asked_of_the_provider_and_proved_by_it(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    url = begin_at(browser, KEY, "?" + browser.get("/test/fresh").text)
    follow(browser, browser.get(local(provider.authorize(url))))
    assert provider.asked[0]["prompt"] == "login"
    assert provider.asked[0]["max_age"] == "0"
    assert types(engine) == ["accepted"]


@pytest.mark.parametrize("hours_ago", [None, 1])
def test_a_provider_that_did_not_ask_again_is_not_believed_to_have(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, hours_ago: int | None
) -> None:
    provider.behave.claims = {"auth_time": int(time.time()) - 3600 * hours_ago if hours_ago else None}
    url = begin_at(browser, KEY, "?" + browser.get("/test/fresh").text)
    assert refused(browser.get(local(provider.authorize(url))), engine) == "no fresh sign-in"


def test_an_unconnected_provider_is_asked_nothing_without_its_connection(browser: Browser) -> None:
    assert browser.get("/upstream/nowhere").status_code == 404
    assert browser.get("/upstream/nowhere/callback?state=x&code=y").status_code == 400


# --- home realm


def test_a_login_of_a_connections_domain_leads_there_without_a_password(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, domains=["kunta.example"])
    page = browser.get("/login")
    assert "formnovalidate" in page.text
    there = browser.fill(page, "/login", login="Aino.Virtanen@Kunta.example", password="")
    assert there.status_code == 303
    onward = browser.get(local(there.location))
    assert onward.status_code == 200
    (url,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', onward.text)
    query = parse_qs(urlsplit(html.unescape(url)).query)
    assert query["login_hint"] == ["Aino.Virtanen@Kunta.example"]
    assert "My account" in follow(browser, browser.get(local(provider.authorize(html.unescape(url))))).text


def towards(browser: Browser, application: str) -> str:
    """The sign-in page, on the way to an application, as the authorization endpoint leads there."""
    return "/login?" + browser.get(f"/test/towards/{application}").text


def ways(page: TestResponse) -> list[str]:
    """The connections offered on a sign-in page, and ``password`` where its form is, from the top."""
    found = re.findall(r'href="/upstream/(\w+)|name="(password)"', page.text)
    return [key or password for key, password in found]


def test_an_application_is_offered_its_own_connection_above_the_password(
    browser: Browser, app: Flask, second: OpenidProvider, engine: Engine, known: UUID
) -> None:
    add_connection(app, engine, second, "toinen", applications={"wilma": "first"})
    assert ways(browser.get(towards(browser, "wilma"))) == ["toinen", "password", "kunta"]
    assert ways(browser.get(towards(browser, "verso"))) == ["password", "kunta", "toinen"]
    assert ways(browser.get("/login")) == ["password", "kunta", "toinen"]


def test_an_application_with_one_way_in_leads_there_at_once_and_back_to_where_the_person_was_going(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, applications={"wilma": "only"})
    away = browser.get(local(browser.get(towards(browser, "wilma")).location))
    back = browser.get(local(provider.authorize(away.location)))
    assert local(back.location) == "/account?here=1"
    assert browser.get(towards(browser, "wilma")).location == "/account?here=1"


def test_a_login_hint_goes_along_to_the_one_way_in(browser: Browser, engine: Engine, known: UUID) -> None:
    set_connection(engine, applications={"wilma": "only"})
    there = browser.get(towards(browser, "wilma") + "&login_hint=aino%40kunta.example")
    assert "login_hint=aino%40kunta.example" in browser.get(local(there.location)).text


def test_when_the_one_way_in_fails_every_other_is_offered(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, applications={"wilma": "only"})
    provider.behave.broken = "/.well-known/openid-configuration"
    said = browser.get(local(browser.get(towards(browser, "wilma")).location))
    assert said.status_code == 503
    (back,) = re.findall(r'href="(/login[^"]*)"', said.text)
    page = browser.get(html.unescape(back))
    assert ways(page) == ["password"]
    assert follow(browser, browser.fill(page, "/login", login=LOGIN, password=PASSWORD)).request.path == "/account"


def test_au_06_whether_somebody_of_the_domain_is_known_makes_no_difference(
    browser: Browser, engine: Engine, known: UUID
) -> None:
    set_connection(engine, domains=["kunta.example"])
    page = browser.get("/login")
    one, other = (
        browser.fill(page, "/login", login=f"{name}@kunta.example", password="") for name in (LOGIN, "nobody")
    )
    assert one.status_code == other.status_code == 303
    assert one.location.replace(LOGIN, "nobody") == other.location


@pytest.mark.parametrize(
    "login", ["aino@elsewhere.example", "kunta.example", "@kunta.example", "aino@sub.kunta.example"]
)
def test_another_domain_looks_like_any_other_login(browser: Browser, engine: Engine, known: UUID, login: str) -> None:
    set_connection(engine, domains=["kunta.example"])
    said = browser.fill(browser.get("/login"), "/login", login=login, password="")
    assert said.status_code == 422
    assert "The username or the password does not match." in said.text


def test_a_password_that_was_typed_is_judged_here_and_sent_nowhere(
    browser: Browser, engine: Engine, known: UUID
) -> None:
    set_connection(engine, domains=["kunta.example"])
    said = browser.fill(browser.get("/login"), "/login", login="aino@kunta.example", password="wrong one")
    assert said.status_code == 422


# --- factors here


def test_several_factors_there_change_none_that_is_held_here_and_let_who_has_none_set_the_first_one_up(
    browser: Browser, provider: OpenidProvider, app: Flask, known: UUID
) -> None:
    provider.behave.claims = {"amr": ["pwd", "otp", "hwk", "mfa"]}
    enter(browser, provider)
    with_totp(browser)
    other = Browser(app)
    account = enter(other, provider)
    for path in ("/factor/set-up", "/factor/codes", "/factor/remove"):
        page = follow(other, other.post(path, hidden(account, "/logout")))
        assert 'name="code"' in page.text, path
    assert "In use since" in other.get("/account").text
