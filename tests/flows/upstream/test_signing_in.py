"""Who is connected signs in by the provider: what is asked there, and what is believed of the answer."""

from __future__ import annotations

import html
import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine

from iam.signin.factors import levels
from tests.kit.browser import Browser
from tests.kit.peers.openid_provider import SECRET, OpenidProvider
from tests.kit.people import PASSWORD
from tests.kit.upstream import KEY, LOGIN, enter, follow, local, logins, types


def test_a_connected_person_signs_in_with_the_button_on_the_sign_in_page(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    page = browser.get("/login")
    assert f'href="/upstream/{KEY}"' in page.text
    assert "Town kunta" in page.text
    account = enter(browser, provider)
    assert "My account" in account.text
    assert "Aino" in account.text
    assert types(engine) == ["accepted"]
    (row,) = logins(engine)
    assert (row.person_id, row.acr, row.amr) == (known, levels.PASSWORD, [])


def test_the_request_carries_state_nonce_and_pkce_and_the_code_is_redeemed_with_them(
    browser: Browser, provider: OpenidProvider, known: UUID
) -> None:
    enter(browser, provider)
    enter(Browser(browser.client.application), provider)
    one, other = provider.asked
    assert one["response_type"] == "code"
    assert one["code_challenge_method"] == "S256"
    assert one["redirect_uri"] == f"http://localhost:8080/upstream/{KEY}/callback"
    assert "openid" in one["scope"].split()
    assert all(one[name] != other[name] for name in ("state", "nonce", "code_challenge"))
    assert "prompt" not in one
    assert [form["authorization"][:6] for form in provider.redeemed] == ["Basic "] * 2


def test_a_provider_that_takes_the_secret_in_the_body_gets_it_there(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.discovery = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}
    enter(browser, provider)
    assert types(engine) == ["accepted"]
    assert provider.redeemed[0]["client_secret"] == SECRET
    assert provider.redeemed[0]["authorization"] == ""


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
def test_the_other_two_algorithms_are_read(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, algorithm: str
) -> None:
    provider.behave.algorithm = algorithm
    enter(browser, provider)
    assert types(engine) == ["accepted"]


def test_the_way_on_is_where_the_person_was_going(browser: Browser, provider: OpenidProvider, known: UUID) -> None:
    asked = browser.get("/account?here=1")
    page = follow(browser, asked)
    (button,) = re.findall(rf'href="(/upstream/{KEY}[^"]*)"', page.text)
    sent = browser.get(html.unescape(button))
    back = browser.get(local(provider.authorize(sent.location)))
    assert local(back.location) == "/account?here=1"


def test_a_sign_in_ends_the_session_that_the_browser_had(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    old = browser.cookie("avain")
    enter(browser, provider)
    assert browser.cookie("avain") != old
    assert [row.ended_at is None for row in logins(engine)] == [False, True]


@pytest.mark.parametrize(
    ("told", "kept", "acr"),
    [
        (["pwd"], ["pwd"], levels.PASSWORD),
        (["pwd", "mfa", "ngcmfa"], ["pwd", "mfa"], levels.TWO_FACTOR),
        (["pwd", "otp"], ["pwd", "otp"], levels.TWO_FACTOR),
        (["otp"], [], levels.PASSWORD),
        (["hwk", "user"], ["hwk"], levels.PASSWORD),
        ("mfa", [], levels.PASSWORD),
        ([{"mfa": 1}, 7], [], levels.PASSWORD),
    ],
)
def test_what_was_done_there_is_told_here_and_never_more(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, told: Any, kept: list[str], acr: str
) -> None:
    provider.behave.claims = {"amr": told, "acr": levels.PASSKEY}
    enter(browser, provider)
    (row,) = logins(engine)
    assert (row.amr, row.acr) == (kept, acr)
