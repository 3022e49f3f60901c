"""A role is made on pages with its content and names, included in another and seen in a token preview; a client's redirect
address is corrected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
FIRST, SECOND = "paula.paakayttaja", "veera.varahenkilo"
WILMA, TEACHER = "/admin/applications/wilma", "/admin/roles/wilma/opettaja"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (_, server):
        yield server.issuer


def administrator(chromium: Chromium, issuer: str, login: str, path: str) -> Page:
    page = chromium.context(language="fi-FI").new_page()
    page.goto(f"{issuer}/admin/")
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    page.goto(f"{issuer}{path}")
    return page


def looked_at(page: Page, save: Callable[[Page, str], Path], name: str) -> None:
    """Sound on a desk and on a phone."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        save(page, f"{name}-{width}")


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def test_a_role_is_made_and_stands_in_the_token_of_a_teacher(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path]
) -> None:
    paula = administrator(chromium, issuer, FIRST, WILMA)
    main = paula.locator("main")
    paula.get_by_role("link", name="Lisää rooli", exact=True).click()
    press(paula, "Näytä vaikutus")
    paula.fill("#key", "valvoja")
    paula.fill("#name_fi", "Valvoja")
    paula.fill("#name_sv", "Övervakare")
    paula.fill("#name_en", "Supervisor")
    paula.fill("#more", "valvonta")
    press(paula, "Näytä vaikutus")
    expect(main).to_contain_text("Tämä ei ole tietoryhmä ja toiminto: valvonta.")
    looked_at(paula, save_screenshot, "role-error")
    paula.fill("#more", "valvonta:read")
    paula.locator("fieldset").filter(has_text="oppilaat").first.get_by_label("katselu", exact=True).check()
    press(paula, "Näytä vaikutus")
    expect(main).to_contain_text("valvonta: katselu")
    looked_at(paula, save_screenshot, "role-effect")
    press(paula, "Tallenna rooli")
    expect(main).to_contain_text("Rooli on tallennettu")
    expect(main).to_contain_text("Övervakare")

    paula.goto(f"{issuer}{TEACHER}")
    looked_at(paula, save_screenshot, "role-page")
    paula.get_by_role("link", name="Muuta roolia").click()
    paula.locator("#includes").get_by_label("Valvoja", exact=True).check()
    press(paula, "Näytä vaikutus")
    expect(main).to_contain_text("Sisältää tästä lähtien: Valvoja.")
    looked_at(paula, save_screenshot, "role-includes")
    press(paula, "Tallenna rooli")
    expect(main).to_contain_text("odottaa toista henkilöä")
    waits = paula.url
    veera = administrator(chromium, issuer, SECOND, waits.removeprefix(issuer))
    press(veera, "Hyväksy")
    veera.goto(f"{issuer}{WILMA}/roles")
    expect(veera.locator("main")).to_contain_text("Övervakare")
    looked_at(veera, save_screenshot, "role-catalogue")

    paula.goto(f"{issuer}{WILMA}/token?q=Esimerkki")
    main.locator("ul.rows").get_by_role("link", name="Aino").click()
    expect(paula.locator("#claims")).to_contain_text("valvoja")
    for page in (paula, veera):
        page.context.close()


def test_a_clients_redirect_address_is_corrected(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path]
) -> None:
    paula = administrator(chromium, issuer, FIRST, f"{WILMA}/clients/demo-palvelu")
    main = paula.locator("main")
    paula.get_by_role("link", name="Muuta asetuksia").click()
    looked_at(paula, save_screenshot, "client-settings")
    before = paula.input_value("#redirect_uris")
    paula.fill("#redirect_uris", "localhost:8081/takaisin")
    press(paula, "Näytä, mikä muuttuisi")
    expect(main.locator("#redirect_uris-error")).to_be_visible()
    looked_at(paula, save_screenshot, "client-settings-error")
    paula.fill("#redirect_uris", "http://localhost:8081/takaisin")
    press(paula, "Näytä, mikä muuttuisi")
    expect(main.locator("#changes")).to_contain_text(before)
    looked_at(paula, save_screenshot, "client-settings-seen")
    press(paula, "Tallenna asetukset")
    expect(main).to_contain_text("http://localhost:8081/takaisin")
    paula.goto(f"{issuer}{WILMA}/settings")
    paula.fill("#name_sv", "Skolportalen")
    press(paula, "Näytä vaikutus")
    expect(main.locator("#changes")).to_contain_text("Skolportalen")
    looked_at(paula, save_screenshot, "application-settings")
    press(paula, "Tallenna sovellus")
    expect(main).to_contain_text("Sovellus on tallennettu")
    paula.context.close()
