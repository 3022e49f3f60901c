"""A service has moved: the address to which people come back from the sign-in is corrected."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_the_address_of_a_client_is_corrected_by_the_owner_of_the_application(
    desk: Callable[[str], Desk], width: int
) -> None:
    saku, moved = desk("application-owner"), f"https://oppiminen.example/paluu-{width}"
    saku.menu("Sovellukset")
    saku.tap("Oppimisympäristö")
    saku.tap("Salaisuudet")
    saku.tap("Muuta asetuksia")
    before = saku.page.input_value("#redirect_uris")
    saku.fill(redirect_uris=moved.removeprefix("https://"))
    saku.press("Näytä, mikä muuttuisi")
    expect(saku.page.locator("#redirect_uris-error")).to_be_visible()
    saku.fill(redirect_uris=moved)
    saku.press("Näytä, mikä muuttuisi")
    changes = saku.page.locator("#changes")
    expect(changes).to_contain_text(before)
    expect(changes).to_contain_text(moved)
    assert not saku.page.locator(".table-hint:visible").count(), "what it becomes is seen without scrolling sideways"
    saku.press("Tallenna asetukset")
    saku.told(moved)
    expect(saku.page.locator("main")).not_to_contain_text(before)
