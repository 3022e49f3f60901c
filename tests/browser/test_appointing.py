"""An administrator is appointed with a part and a last day, accepted by a second person, and ended, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
WIDTHS = (1280, 390)


def sound(page: Page) -> None:
    """Nothing is amiss on the page, wide or narrow, and nothing of it sticks out."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def signed_in(chromium: Chromium, issuer: str, login: str) -> Page:
    page = chromium.context(language="fi-FI").new_page()
    page.goto(f"{issuer}/admin/")
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    return page


def accept(page: Page, issuer: str) -> None:
    page.goto(f"{issuer}/admin/")
    page.locator("#second a").click()
    expect(page.locator("main")).to_contain_text("Tämä koskee sitä, mitä pääkäyttäjät saavat tehdä.")
    sound(page)
    page.get_by_role("button", name="Hyväksy", exact=True).click()
    expect(page.locator("main")).to_contain_text("Se on tehty, ja henkilölle kerrotaan siitä sähköpostilla.")


def test_somebody_is_appointed_by_two_for_a_time_and_ended_by_two(
    chromium: Chromium,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    save_screenshot: Callable[[Page, str], Path],
) -> None:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path / "demo") as (_, server):
        paula, veera = (
            signed_in(chromium, server.issuer, login) for login in ("paula.paakayttaja", "veera.varahenkilo")
        )
        paula.get_by_role("link", name="Pääkäyttäjät").click()
        expect(paula.locator("#administrators")).to_contain_text("Yhteenliittymän pääkäyttäjä")
        sound(paula)
        paula.get_by_role("link", name="Nimeä pääkäyttäjä").click()
        paula.fill("#q", "esimerkki aino")
        paula.keyboard.press("Enter")
        expect(paula.locator("#found")).to_contain_text("Esimerkki Aino")
        sound(paula)
        paula.locator("#found a").first.click()
        paula.select_option("#role", "secretary")
        paula.fill("#organisation", "KOIVU")
        paula.get_by_role("button", name="Näytä vaikutus").click()
        expect(paula.locator("main")).to_contain_text("Antaa kertakoodeja ja käyttäjätunnuksia")
        expect(paula.locator("main")).to_contain_text("Henkilöitä vastuualueella")
        sound(paula)
        save_screenshot(paula, "appointing-phone")
        paula.get_by_role("button", name="Nimeä", exact=True).click()
        expect(paula.locator("main")).to_contain_text("Mitään ei vielä muutettu")
        accept(veera, server.issuer)
        paula.goto(f"{server.issuer}/admin/administrators?q=aino")
        expect(paula.locator("#administrators")).to_contain_text("Sihteeri")
        paula.locator("#administrators th a").click()
        expect(paula.locator("h1")).to_contain_text("Esimerkki Aino")
        sound(paula)
        paula.locator("form[action$='/end'] button[value=look]").click()
        expect(paula.locator("form[action$='/end'] button[value=do]")).to_be_visible()
        sound(paula)
        save_screenshot(paula, "ending-phone")
        paula.locator("form[action$='/end'] button[value=do]").click()
        expect(paula.locator("main")).to_contain_text("Mitään ei vielä muutettu")
        accept(veera, server.issuer)
        paula.goto(f"{server.issuer}/admin/administrators?q=aino")
        expect(paula.locator("main")).to_contain_text("Ketään ei löytynyt")
