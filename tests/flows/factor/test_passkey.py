"""Passkeys as people meet them, on a real database: by themselves and as a second factor (AU-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.signin.accounts.factor import Passkey
from iam.signin.factors import levels
from iam.web import extension
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD, add_person, hold
from tests.kit.proofs import Authenticator, code_of
from tests.kit.worlds.factor import answer, at_factor, fresh, opened, session_rows, types, with_passkey, with_totp


def test_a_passkey_signs_in_without_a_username_and_reaches_the_highest_level(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    key = with_passkey(browser)
    nobody = Browser(app)
    page = nobody.get("/login")
    assert 'data-passkey="get"' in page.text
    assert answer(nobody, page, "/login/passkey", key).location == "/account"
    row = session_rows(engine)[-1]
    assert (row.acr, row.amr) == (levels.PASSKEY, ["hwk", "user"])
    assert opened(nobody, levels.PASSKEY)
    assert types(engine, "signin:passkey:") == ["signin:passkey:accepted"]


def test_a_passkey_of_somebody_whose_access_has_ended_lets_nobody_in(
    app: Flask, browser: Browser, engine: Engine, aino: UUID
) -> None:
    key = with_passkey(browser)
    with Session(engine) as session, session.begin():
        hold(session, aino)
    nobody = Browser(app)
    refused = answer(nobody, nobody.get("/login"), "/login/passkey", key)
    assert (refused.status_code, "Your access has ended" in refused.text) == (422, True)


def test_au_10_an_answer_for_signing_in_is_bound_to_the_browser_that_asked(app: Flask, browser: Browser) -> None:
    key = with_passkey(browser)
    attacker, victim = Browser(app), Browser(app)
    mine = hidden(attacker.get("/login"), "/login/passkey")
    options = attacker.post("/login/passkey/options", mine, Accept="application/json").get_json()
    page = victim.get("/login")
    refused = victim.fill(page, "/login/passkey", credential=key.prove(options))
    assert (refused.status_code, "was not accepted" in refused.text) == (422, True)
    assert victim.get("/account").status_code == 303


def test_a_passkey_as_a_further_factor_opens_what_asks_for_one_and_nothing_less_does(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, _ = with_totp(browser)
    key = with_passkey(browser)
    at(frozen + timedelta(minutes=2))
    other = fresh(app)
    page = at_factor(other, levels.PASSKEY)
    assert 'name="code"' not in page.text
    assert other.fill(at_factor(other), "/factor", code=code_of(secret)).status_code == 303
    assert opened(other)
    assert not opened(other, levels.PASSKEY)
    assert answer(other, at_factor(other, levels.PASSKEY), "/factor/passkey", key).status_code == 303
    assert opened(other, levels.PASSKEY)


def test_where_a_passkey_is_asked_time_codes_lead_to_making_one(app: Flask, browser: Browser) -> None:
    with_totp(browser)
    page = at_factor(browser, levels.PASSKEY)
    assert 'data-passkey="create"' in page.text
    assert 'action="/factor/set-up/code"' not in page.text
    options = browser.post("/factor/set-up/options", hidden(page, "/factor/set-up"), Accept="application/json")
    done = browser.fill(page, "/factor/set-up", credential=Authenticator().make(options.get_json()))
    assert done.location.startswith("/test/vault")
    assert opened(browser, levels.PASSKEY)


@pytest.mark.parametrize("credential", ["", "[]", "{}", "null", "\x00", "9" * 5000, '{"id":' * 500])
def test_hostile_answers_are_refused_and_never_a_fault(app: Flask, browser: Browser, credential: str) -> None:
    page = browser.get("/factor/set-up")
    assert browser.fill(page, "/factor/set-up", credential=credential).status_code == 422
    nobody = Browser(app)
    assert nobody.fill(nobody.get("/login"), "/login/passkey", credential=credential).status_code == 422


def test_a_passkey_of_somebody_else_cannot_be_removed(app: Flask, browser: Browser, engine: Engine) -> None:
    with_passkey(browser)
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "toinen")
        theirs = session.scalars(select(Passkey.id)).one()
    other = Browser(app)
    other.sign_in("toinen", PASSWORD)
    token = hidden(other.get("/account"), "/logout")
    assert other.post("/factor/remove", token | {"passkey": str(theirs)}).status_code == 404
    assert other.post("/factor/remove", token | {"passkey": "x"}).status_code == 404
