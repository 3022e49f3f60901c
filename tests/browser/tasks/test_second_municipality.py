"""A second municipality begins to use a service that the first one has: it is enabled there, and is then among the
services of whoever answers for them there, who may take it out of use and into use again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]
SERVICE = "Varhaiskasvatuksen järjestelmä"


def test_an_application_is_enabled_for_a_second_municipality_which_then_decides_itself(
    desk: Callable[[str], Desk],
) -> None:
    kaija, nea = desk("shared-applications"), desk("second-municipality")
    nea.menu("Sovellukset")
    expect(nea.page.locator("main")).not_to_contain_text(SERVICE)
    kaija.menu("Sovellukset")
    kaija.tap(SERVICE)
    kaija.tap("Ota käyttöön organisaatioissa")
    kaija.fill(q="Nevakumpu")
    kaija.page.keyboard.press("Enter")
    assert not kaija.page.locator(".table-hint:visible").count(), "the button is seen without scrolling sideways"
    kaija.press("Ota käyttöön: Nevakumpu")
    kaija.told("Organisaatio saa käyttää sitä.")
    nea.menu("Sovellukset")
    nea.tap(SERVICE)
    nea.tap("Ota käyttöön organisaatioissa")
    nea.press("Poista käytöstä: Nevakumpu")
    nea.told("Organisaatio ei saa enää käyttää sitä.")
