"""Somebody stands at the help desk and has forgotten the password."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.tasks.desk import Desk
from tests.kit.servers.chromium import Chromium

pytestmark = [pytest.mark.browser, pytest.mark.services]
NEW = "uusi-lumi-satoi-yolla"


@pytest.fixture
def own(chromium: Chromium, width: int) -> Iterator[Page]:
    """The telephone or computer of the one who forgot."""
    with chromium.context(language="fi-FI") as context:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 844})
        yield page


def test_somebody_at_the_desk_goes_away_with_a_code_that_opens_their_account(
    desk: Callable[[str], Desk], own: Page, width: int
) -> None:
    name, login = {390: ("Malli Eero", "eero.malli"), 1280: ("Sijainen Sini", "sini.sijainen")}[width]
    timo = desk("help-desk")
    timo.search(name)
    timo.tap(name)
    timo.tap("Kirjautuminen")
    timo.press("Anna kertakoodi")
    timo.told(f"Kertakoodi tunnukselle {login}")
    theirs = Desk(own, timo.issuer)
    theirs.go("/first-code")
    theirs.fill(login=login, code=timo.page.locator(".notice code").inner_text())
    theirs.press("Jatka")
    theirs.fill(new_password=NEW, new_password_again=NEW)
    theirs.press("Tallenna ja kirjaudu sisään")
    own.wait_for_url("**/account")
    expect(own.locator("main")).to_contain_text(name.partition(" ")[2])
