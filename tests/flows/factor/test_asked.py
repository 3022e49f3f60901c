"""Who asks for a second factor, and where a device of one's own stands in for it (AU-11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask, request
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.directory.organisation import Organisation
from iam.settings import Signin
from iam.signin.endpoints import own_device
from iam.signin.factors import levels, policy
from iam.web import extension, guard
from tests.kit.browser import Browser, application, hidden
from tests.kit.people import PASSWORD, add_person, employ
from tests.kit.proofs import code_of
from tests.kit.worlds.factor import (
    DOOR,
    LOGIN,
    answer,
    at_factor,
    browser_login,
    follow,
    fresh,
    opened,
    vault_door,
    with_passkey,
    with_totp,
)
from tests.unit.web.test_guard import grant_at_root


@guard.requires("persons.read")
def administration() -> str:
    """An administration page."""
    return "administration"


@guard.administers
def overview() -> str:
    """A page for whoever administers anything."""
    return "overview"


@guard.requires("persons.read")
@guard.recent("/test/administration")
def reset() -> str:
    """An administrator's act that needs a fresh proof."""
    return "done"


@pytest.fixture
def office(database_url: str, tmp_path: Path, engine: Engine) -> Iterator[Callable[[str], Browser]]:
    """``office(least)``: the browser of Aino, an administrator, where the administration pages ask for that level."""
    with ExitStack() as stack:

        def start(least: str) -> Browser:
            made = stack.enter_context(application(database_url, tmp_path, signin=Signin(administrators=least)))
            made.add_url_rule("/test/administration", "administration", administration, methods=["GET", "POST"])
            made.add_url_rule("/test/overview", "overview", overview)
            made.add_url_rule("/test/reset", "reset", reset, methods=["POST"])
            with Session(engine) as session, session.begin():
                aino = add_person(session, extension.parts_of(made).vault, LOGIN)
                add_person(session, extension.parts_of(made).vault, "toinen")
                grant_at_root(session, aino, "persons.read")
            browser = Browser(made)
            browser.sign_in(LOGIN, PASSWORD)
            return browser

        yield start


def test_au_11_by_default_an_administrator_needs_what_cannot_be_phished() -> None:
    assert Signin().administrators == levels.PASSKEY


def test_au_11_an_administrator_with_a_password_alone_sees_no_administration_page(
    office: Callable[[str], Browser], engine: Engine
) -> None:
    aino = office(levels.TWO_FACTOR)
    for path in ("/test/administration", "/test/overview"):
        asked = aino.get(path)
        assert (asked.status_code, urlsplit(asked.location).path) == (303, "/factor")
    told = aino.get("/test/administration", Accept="application/json")
    assert (told.status_code, told.get_json()["type"]) == (403, "urn:avain:problem:step-up-needed")
    sent = aino.post("/test/administration", hidden(aino.get("/account"), "/logout"))
    assert (sent.status_code, urlsplit(sent.location).path) == (303, "/factor")
    with_totp(aino)
    assert aino.get("/test/administration").text == "administration"
    assert aino.get("/test/overview").text == "overview"
    other = Browser(aino.client.application)
    other.sign_in("toinen", PASSWORD)
    assert (other.get("/test/administration").status_code, other.get("/test/overview").status_code) == (404, 404)


def test_au_11_where_administrators_must_have_a_passkey_a_password_and_a_time_code_open_nothing(
    office: Callable[[str], Browser],
) -> None:
    aino = office(levels.PASSKEY)
    with_totp(aino)
    assert aino.get("/test/administration").status_code == 303
    assert 'data-passkey="create"' in follow(aino, aino.get("/test/administration")).text
    with_passkey(aino)
    assert aino.get("/test/administration").text == "administration"


def test_au_11_a_phishing_resistant_way_is_offered_wherever_a_factor_is_set_up(app: Flask, browser: Browser) -> None:
    assert 'data-passkey="create"' in follow(browser, browser.get(DOOR)).text


def test_a_device_marked_as_ones_own_stands_in_for_what_an_organisation_asks_and_for_nothing_else(
    database_url: str, tmp_path: Path, engine: Engine, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    with application(database_url, tmp_path, signin=Signin(remember_days=10)) as app:
        with Session(engine) as session, session.begin():
            aino = add_person(session, extension.parts_of(app).vault, LOGIN)
            employ(session, aino, until_days=300)
            town = session.scalars(select(Organisation.id)).one()
            policy.ask(session, {town: 30})
        app.add_url_rule("/test/vault", "vault_door", vault_door)
        app.add_url_rule("/test/service", "service_door", service_door)
        browser = fresh(app)
        assert browser.get("/test/service").text == f"lacks {levels.TWO_FACTOR}"
        secret, _ = with_totp(browser)
        at(frozen + timedelta(minutes=2))
        browser_login(browser)
        browser.sign_in(LOGIN, PASSWORD)
        assert browser.get("/test/service").text == f"lacks {levels.TWO_FACTOR}"
        page = at_factor(browser)
        assert "for 10 days" in page.text
        assert browser.fill(page, "/factor", code=code_of(secret), remember="yes").status_code == 303
        browser_login(browser)
        browser.sign_in(LOGIN, PASSWORD)
        assert browser.get("/test/service").text == "enough"
        assert browser.get(f"/test/service?least={levels.TWO_FACTOR}").text == f"lacks {levels.TWO_FACTOR}"
        assert not opened(browser)
        assert fresh(app).get("/test/service").text == f"lacks {levels.TWO_FACTOR}"
        at(frozen + timedelta(days=10, minutes=3))
        browser.sign_in(LOGIN, PASSWORD)
        assert browser.get("/test/service").text == f"lacks {levels.TWO_FACTOR}"


@guard.signed_in
def service_door() -> str:
    """What the authorization endpoint asks of an application's own level."""
    lacking = own_device.lacking(request.args.get("least"))
    return f"lacks {lacking}" if lacking else "enough"


def test_where_no_device_is_remembered_none_is_offered_and_none_is_kept(app: Flask, browser: Browser) -> None:
    _, recovery_codes = with_totp(browser)
    other = fresh(app)
    page = at_factor(other)
    assert "remember" not in page.text
    other.fill(page, "/factor", recovery_code=recovery_codes[0], remember="yes")
    assert other.cookie("avain-remembered") is None


def test_a_time_code_makes_no_administrators_passkey_fresh_that_was_proved_long_ago(
    office: Callable[[str], Browser], frozen: datetime, at: Callable[[datetime], None]
) -> None:
    aino = office(levels.PASSKEY)
    secret, _ = with_totp(aino)
    key = with_passkey(aino)
    token = hidden(aino.get("/account"), "/logout")
    assert aino.post("/test/reset", token).text == "done"
    at(frozen + timedelta(minutes=10))
    fields = {"current_password": PASSWORD, "new_password": "x", "new_password_again": "x"}
    page = follow(aino, aino.fill(aino.get("/account"), "/account/password", **fields))
    assert aino.fill(page, "/factor", code=code_of(secret)).status_code == 303
    sent = {"csrf_token": hidden(aino.get("/account"), "/logout")["csrf_token"]}
    page = follow(aino, aino.post("/test/reset", sent))
    assert 'name="code"' not in page.text
    assert answer(aino, page, "/factor/passkey", key).location.partition("?")[0] == "/test/administration"
    assert aino.post("/test/reset", hidden(aino.get("/account"), "/logout")).text == "done"
