"""Providers that are down, slow to come back, or another than they say."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.kit.browser import Browser
from tests.kit.peers.openid_provider import Claims, OpenidProvider
from tests.kit.people import PASSWORD
from tests.kit.upstream import FAILED, KEY, LOGIN, answer, enter, logins, set_connection

# --- a provider that is down, or not who it should be


def unavailable(page: TestResponse) -> bool:
    return page.status_code == 503 and FAILED in page.text and "does not answer just now" in page.text


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "http://localhost/{tenantid}/v2.0"},
        {"issuer": None},
        {"authorization_endpoint": "http://unlisted.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"token_endpoint_auth_methods_supported": ["tls_client_auth"]},
    ],
)
def test_metadata_of_another_issuer_or_without_use_send_nobody_anywhere(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, discovery: Claims
) -> None:
    provider.behave.discovery = discovery
    assert unavailable(browser.get(f"/upstream/{KEY}"))


def test_a_slash_at_the_end_makes_another_issuer(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, issuer=provider.issuer + "/")
    assert unavailable(browser.get(f"/upstream/{KEY}"))


def test_a_provider_that_is_down_gets_a_plain_page_and_the_other_ways_still_work(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.stop()
    assert unavailable(browser.get(f"/upstream/{KEY}"))
    page = browser.get("/login")
    assert "does not answer just now. Use another way" in page.text
    assert f'href="/upstream/{KEY}"' not in page.text
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 303


def test_a_dead_provider_is_not_asked_again_for_everybody_who_comes(
    browser: Browser, provider: OpenidProvider, known: UUID
) -> None:
    provider.behave.broken = "/.well-known/openid-configuration"
    for _ in range(5):
        assert unavailable(browser.get(f"/upstream/{KEY}"))
    assert len(provider.visits) == 1


@pytest.mark.parametrize("path", ["/token", "/keys"])
def test_a_provider_that_dies_half_way_gets_a_plain_page(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, path: str
) -> None:
    path_back = answer(browser, provider)
    provider.behave.broken = path
    assert unavailable(browser.get(path_back))
    assert logins(engine) == []
    assert browser.get(path_back).status_code == 400


def test_metadata_and_keys_are_fetched_once_for_many_sign_ins(
    browser: Browser, app: Flask, provider: OpenidProvider, known: UUID
) -> None:
    for _ in range(3):
        enter(Browser(app), provider)
    assert provider.visits.count("/.well-known/openid-configuration") == 1
    assert provider.visits.count("/keys") == 1
