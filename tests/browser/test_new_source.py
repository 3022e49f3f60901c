"""A source is made on pages: from a payroll file with somebody else's headers, matched by choosing columns, tried,
its limits looked at, taken into use, run, accepted by a second person, and then its people are there; and another town
opens itself to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from iam.demo.codes import identity_code
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
FIRST, SECOND = "paula.paakayttaja", "veera.varahenkilo"
KEY = "puisto-palkat"
SOURCE = f"/admin/sources/{KEY}"
CODES = [identity_code(date(1980, 5, n), "-", 950 + n) for n in (1, 2, 3)]
FILE = (
    "Hlönro;Hetu;Sukunimi;Etunimet;Psuhdenro;Palvsuhdelaji;Nimike;Yksikkökoodi;Alkupvm;Loppupvm;Verokortti\n"
    f"7001;{CODES[0]};Puistola;Pirkko Irene;881;V;Puistopuutarhuri;MANSIKKALA;1.3.2024;;A\n"
    f"7002;{CODES[1]};Lehtola;Lasse;882;M;Puistotyöntekijä;MANSIKKALA;1.4.2026;31.12.2027;B\n"
    f"7003;{CODES[2]};Ruusula;Raija;883;V;Puistotyöntekijä;MANSIKKALA;1.5.2025;;A\n"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The demonstration, and the payroll file of a town's parks in the folder of that town."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (consortium, server):
        file = consortium.feeds / "mansikkala" / "puisto.csv"
        file.parent.mkdir()
        file.write_text(FILE.replace("MANSIKKALA", "mansikkala"), encoding="iso-8859-1")
        yield server.issuer, file


def administrator(chromium: Chromium, issuer: str, login: str, path: str) -> Page:
    page = chromium.context(language="fi-FI").new_page()
    page.goto(f"{issuer}{path}")
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    page.goto(f"{issuer}{path}")
    return page


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).first.click()


def test_a_payroll_with_other_headers_becomes_a_source_by_pages_alone(
    chromium: Chromium, demo: tuple[str, Path], save_screenshot: Callable[[Page, str], Path]
) -> None:
    issuer, file = demo

    def looked_at(name: str) -> None:
        for width, kind in ((1280, "desk"), (390, "phone")):
            paula.set_viewport_size({"width": width, "height": 844})
            assert axe(paula) == []
            assert paula.evaluate("document.documentElement.scrollWidth") <= width
            save_screenshot(paula, f"{name}-{kind}")
        paula.set_viewport_size({"width": 1280, "height": 844})

    paula = administrator(chromium, issuer, FIRST, "/admin/sources")
    paula.get_by_role("link", name="Uusi lähdejärjestelmä").click()
    looked_at("new-source-connector")
    paula.locator('main a[href="/admin/new-source/hr"]').click()
    paula.fill("#key", KEY)
    paula.select_option("#owner", label="Mansikkala")
    paula.fill("#purpose", "Puistojen henkilöstö")
    paula.get_by_label("Tiedosto tai kansio").fill("/etc/passwd")
    press(paula, "Tee lähde keskeytettynä")
    expect(paula.locator("main")).to_contain_text("on oltava lähteen omistajan kansiossa")
    paula.get_by_text("Kansio toisella palvelimella (SFTP)").click()
    expect(paula.get_by_label("Palvelimen julkinen avain")).to_be_visible()
    looked_at("new-source-error")
    assert paula.input_value("#purpose") == "Puistojen henkilöstö"
    paula.get_by_label("Tiedosto tai kansio").fill(str(file))
    press(paula, "Tee lähde keskeytettynä")
    expect(paula.locator("main")).to_contain_text("Jäljellä olevat vaiheet")
    looked_at("new-source-steps")

    press(paula, "Kokeile yhteyttä")
    expect(paula.locator("main")).to_contain_text("Lähde ei vastaa niin kuin pitäisi")
    paula.get_by_role("link", name="Näytä kaksikymmentä riviä").click()
    expect(paula.locator("main")).to_contain_text("Puistopuutarhuri")
    assert all(code not in paula.content() for code in CODES)
    looked_at("new-source-sample")
    paula.get_by_role("link", name="Kerro, mitä sarakkeet tarkoittavat").click()
    chosen = {
        "Henkilönumero": "Hlönro",
        "Henkilötunnus": "Hetu",
        "Sukunimi": "Sukunimi",
        "Etunimet": "Etunimet",
        "Suhteen laatu": "Palvsuhdelaji",
        "Ammattinimike": "Nimike",
        "Ensimmäinen päivä": "Alkupvm",
        "Viimeinen päivä": "Loppupvm",
        "Rivin numero: jokaisella palvelussuhteella oma": "Psuhdenro",
        "Yksikkö, kun työpaikkaa ei kerrota": "Yksikkökoodi",
    }
    looked_at("new-source-columns")
    for meaning, column in chosen.items():
        field = paula.locator("label", has_text=meaning).first.get_attribute("for")
        assert paula.locator(f'[id="{field}"]').input_value() == column, meaning
    press(paula, "Tallenna sarakkeiden merkitykset")
    expect(paula.locator("#values")).to_be_visible()
    paula.select_option("#value-1", label="Sijainen")
    paula.select_option("#value-2", label="Työntekijä")
    looked_at("new-source-values")
    press(paula, "Tallenna arvojen merkitykset")
    expect(paula.locator("main")).to_contain_text("Arvojen merkitykset on tallennettu.")
    press(paula, "Kokeile yhteyttä")
    expect(paula.locator("main")).to_contain_text("Lähde vastaa.")
    press(paula, "Koeajo")
    expect(paula.locator("main")).to_contain_text("Rivejä aineistossa")
    expect(paula.locator("main")).to_contain_text("Koeajo: mitään ei muutettu")
    looked_at("new-source-dry-run")
    paula.goto(f"{issuer}{SOURCE}")
    expect(paula.locator("main").get_by_role("button", name="Aja nyt")).to_have_count(0)
    paula.get_by_role("link", name="Muuta kahta viimeistä").click()
    paula.fill("#missing_hours", "0")
    looked_at("new-source-limits")
    press(paula, "Tallenna asetukset")
    expect(paula.locator("main")).to_contain_text("Tavallista väljempi")
    looked_at("new-source-wider")
    press(paula, "Ota käyttöön")
    expect(paula.locator("main")).to_contain_text("Lähde on käytössä.")
    looked_at("new-source-in-use")
    press(paula, "Aja nyt")
    expect(paula.locator("main")).to_contain_text("Odottaa hyväksyntää")
    looked_at("new-source-first-run")

    veera = administrator(chromium, issuer, SECOND, SOURCE)
    veera.locator('main section.notice a[href^="/admin/runs/"]').click()
    press(veera, "Hyväksy muutokset")
    expect(veera.locator("main")).to_contain_text("Valmis")
    veera.goto(f"{issuer}/admin/persons?q=Puistola")
    expect(veera.locator("main")).to_contain_text("Puistola Pirkko")

    paula.goto(f"{issuer}{SOURCE}/settings")
    looked_at("source-settings")
    paula.fill("#schedule", "joka yö")
    press(paula, "Tallenna asetukset")
    expect(paula.locator("main")).to_contain_text("Tämä ei ole aikataulu.")
    paula.fill("#schedule", "15 2 * * *")
    press(paula, "Tallenna asetukset")
    expect(paula.locator("main")).to_contain_text("15 2 * * *")
    press(paula, "Keskeytä")
    expect(paula.locator("main")).to_contain_text("Lähde on keskeytetty")
    expect(paula.locator("main").get_by_role("button", name="Aja nyt")).to_have_count(0)
    looked_at("source-paused")

    paula.goto(f"{issuer}/admin/organisations?q=Rantasaari")
    paula.get_by_role("link", name="Rantasaari", exact=True).first.click()
    paula.get_by_role("link", name="Katso, avaa tai päätä").click()
    assert f'<option value="{KEY}">' in paula.content()
    paula.fill("#source", KEY)
    press(paula, "Avaa lähteelle")
    expect(paula.locator("main")).to_contain_text("Puistojen henkilöstö")
    looked_at("opened-source")
    paula.get_by_role("link", name="Mitä ihmiset menettävät, kun se päättyy").click()
    looked_at("opened-source-ending")
    press(paula, f"Lopeta tämä lähteeltä {KEY}")
    expect(paula.locator("main")).to_contain_text("Mikään muiden lähde ei saa kertoa tästä organisaatiosta.")
    for page in (paula, veera):
        page.context.close()
