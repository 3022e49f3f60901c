"""The way back from the provider: only the answer that was asked for, once, in its own browser."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from iam import clock
from iam.tokens.one_shot import OneShot
from tests.kit.browser import Browser
from tests.kit.peers.openid_provider import OpenidProvider
from tests.kit.upstream import KEY, add_connection, answer, events, logins, refused, set_connection, types, unheard

# --- the callback


def test_a_callback_works_once(browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID) -> None:
    path = answer(browser, provider)
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 400
    assert types(engine) == ["accepted"]
    assert len(logins(engine)) == 1


@pytest.mark.parametrize("state", ["", "avu_wrong", "x" * 5000, "ä\x00"])
def test_a_state_that_we_did_not_give_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, state: str
) -> None:
    provider.behave.answer = {"state": state}
    unheard(browser.get(answer(browser, provider)), engine)
    assert provider.redeemed == []


def test_a_state_is_of_no_use_in_another_browser(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    path = answer(browser, provider)
    victim = Browser(app)
    victim.get("/login")
    unheard(victim.get(path), engine)
    assert provider.redeemed == []


def test_a_state_that_is_too_old_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    path = answer(browser, provider)
    with Session(engine) as session, session.begin():
        session.execute(update(OneShot).values(expires_at=clock.now()))
    unheard(browser.get(path), engine)


def test_a_mix_up_an_answer_at_another_connections_address_is_refused(
    browser: Browser, app: Flask, provider: OpenidProvider, second: OpenidProvider, engine: Engine, known: UUID
) -> None:
    add_connection(app, engine, second, "toinen")
    path = answer(browser, provider)
    moved = path.replace(f"/upstream/{KEY}/", "/upstream/toinen/")
    assert refused(browser.get(moved), engine) == "connection"
    assert browser.get(path).status_code == 400
    assert len(events(engine)) == 1
    assert provider.redeemed == second.redeemed == []


def test_a_storm_of_answers_that_nobody_asked_for_leaves_nothing_in_the_log(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.answer = {"error": "access_denied", "code": ""}
    path = answer(browser, provider)
    for n in range(20):
        Browser(app).get(path)
        Browser(app).get(f"/upstream/{KEY}/callback?state=avu_{n}&error=server_error")
        Browser(app).get(f"/upstream/nobody/callback?state={n}&state={n}")
    unheard(browser.get("/upstream/kunta/callback"), engine)
    for _ in range(5):
        browser.get(path)
    assert types(engine) == ["refused"]


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_the_issuer_that_an_answer_names_must_fit(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, iss: str
) -> None:
    provider.behave.discovery = {"authorization_response_iss_parameter_supported": True}
    provider.behave.answer = {"iss": iss}
    assert refused(browser.get(answer(browser, provider)), engine) == "another issuer's answer"
    assert provider.redeemed == []


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
def test_a_parameter_twice_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, name: str
) -> None:
    path = answer(browser, provider)
    assert refused(browser.get(f"{path}&{name}=a&{name}=b"), engine) == "connection"


def test_a_person_who_turns_back_at_the_provider_is_led_to_the_sign_in_page(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.answer = {"error": "access_denied", "code": ""}
    page = browser.get(answer(browser, provider))
    assert refused(page, engine) == "the provider refused"
    assert 'href="/login"' in page.text


def test_c_11_a_connection_that_was_retired_lets_nobody_in(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    path = answer(browser, provider)
    set_connection(engine, retired=True)
    assert refused(browser.get(path), engine) == "connection"
    assert browser.get(f"/upstream/{KEY}").status_code == 404
    assert "/upstream/" not in browser.get("/login").text


def test_a_code_that_the_provider_does_not_know_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.answer = {"code": "another"}
    assert refused(browser.get(answer(browser, provider)), engine) == "no token for the code"
