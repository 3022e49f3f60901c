"""A municipality takes a new service into use: its application and first client are registered, and its secret is seen
once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_an_application_owner_registers_a_service_and_sees_its_secret_once(
    desk: Callable[[str], Desk], width: int
) -> None:
    saku = desk("application-owner")
    saku.menu("Sovellukset")
    saku.tap("Lisää sovellus")
    saku.fill(name=f"Kirjasto {width}", owner="mansikkala", redirect_uris="kirjasto.example/paluu")
    saku.page.locator("label", has_text="Verkkosovellus").click()
    saku.press("Rekisteröi")
    expect(saku.page.locator("#redirect_uris-error")).to_be_visible()
    saku.fill(redirect_uris="https://kirjasto.example/paluu")
    saku.press("Rekisteröi")
    saku.told("Kopioi salaisuus nyt")
    secret = saku.page.locator("#secret").inner_text()
    saku.tap(f"Kirjasto {width}")
    saku.tap("Salaisuudet")
    saku.told("https://kirjasto.example/paluu")
    assert secret not in saku.page.content()
