"""One password tried on everybody: the network is slowed, and whoever is really somebody there still gets in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.settings import Listen
from iam.signin.passwords import network
from iam.web import extension
from tests.kit.browser import Browser, application
from tests.kit.people import PASSWORD, add_person
from tests.kit.proofs import code_of
from tests.kit.worlds.factor import LOGIN, answer, fresh, with_passkey, with_totp

SCHOOL, HOME = "203.0.113.7", "198.51.100.9"
PROXY = Listen(proxies=["127.0.0.1"])


@pytest.fixture
def app(database_url: str, tmp_path: Path, frozen: datetime) -> Iterator[Flask]:
    """The application behind a named proxy, with Aino and Eino in it."""
    with application(database_url, tmp_path, listen=PROXY) as made:
        with Session(extension.engine_of(made)) as session, session.begin():
            for login in (LOGIN, "eino"):
                add_person(session, extension.parts_of(made).vault, login)
        yield made


def at_address(app: Flask, address: str = SCHOOL) -> Browser:
    """A browser that has never been here."""
    browser = Browser(app)
    browser.client.environ_base["REMOTE_ADDR"] = address
    return browser


def spray(app: Flask, accounts: int = network.NETWORK, address: str = SCHOOL) -> set[int]:
    """Try one password on so many logins; the statuses."""
    return {at_address(app, address).sign_in(f"person-{n}", "Kesäloma2026!").status_code for n in range(accounts)}


def with_code(browser: Browser, login: str, code: str, password: str = PASSWORD) -> TestResponse:
    """Sign in as the refused page asks."""
    page = browser.sign_in(login, password)
    assert re.search(r'name="code"', page.text), page.text
    return browser.fill(page, "/login", login=login, password=password, code=code)


def test_when_a_hundred_accounts_failed_in_a_network_a_password_alone_lets_no_new_browser_in_and_others_go_on(
    app: Flask, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    known = at_address(app)
    assert known.sign_in(LOGIN, PASSWORD).status_code == 303
    known.fill(known.get("/account"), "/logout")
    assert spray(app) == {422}
    right, wrong = (at_address(app).sign_in("eino", password) for password in (PASSWORD, "wrong"))
    for refused in (right, wrong):
        assert refused.status_code == 429
        assert "Many sign-ins have failed in your network" in refused.text
        assert 3000 <= int(refused.headers["Retry-After"]) <= 3600
    assert known.sign_in(LOGIN, PASSWORD).status_code == 303
    assert at_address(app, HOME).sign_in("eino", PASSWORD).status_code == 303
    at(frozen + timedelta(hours=1, seconds=1))
    assert at_address(app).sign_in("eino", PASSWORD).status_code == 303


def test_whoever_has_a_factor_gets_in_by_it_while_the_network_is_slowed_and_a_guess_at_it_tells_nothing(
    app: Flask, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    owner = fresh(app)
    secret, recovery = with_totp(owner)
    key = with_passkey(owner)
    spray(app)
    at(frozen + timedelta(minutes=2))
    guesses = [
        with_code(at_address(app), LOGIN, "000000"),
        with_code(at_address(app), LOGIN, code_of(secret), "wrong"),
        with_code(at_address(app), "nobody", "000000"),
        with_code(at_address(app), "eino", "000000"),
    ]
    assert {page.status_code for page in guesses} == {422}
    assert all("the code does not match" in page.text for page in guesses)
    assert with_code(at_address(app), LOGIN, code_of(secret)).status_code == 303
    assert with_code(at_address(app), LOGIN, recovery[0]).status_code == 303
    browser = at_address(app)
    assert answer(browser, browser.get("/login"), "/login/passkey", key).status_code == 303


def test_without_a_named_proxy_no_network_is_slowed(database_url: str, tmp_path: Path) -> None:
    with application(database_url, tmp_path) as app:
        with Session(extension.engine_of(app)) as session, session.begin():
            add_person(session, extension.parts_of(app).vault, "eino")
        assert spray(app) == {422}
        assert at_address(app).sign_in("eino", PASSWORD).status_code == 303
