"""Many people at once: an administrator ticks some and gives them a right; for the whole school it waits for a
second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from iam import clock
from tests.browser.test_new_source import administrator, press
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
PAULA, VEERA, SANNA = "paula.paakayttaja", "veera.varahenkilo", "sanna.sihteeri"
LOOK = "Näytä, mitä siitä seuraa"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration, which may be changed here."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (_, server):
        yield server.issuer


@pytest.fixture
def look(save_screenshot: Callable[[Page, str], Path]) -> Callable[[Page, str], None]:
    """Look closely at a page on a desk and on a telephone; it stays as on a telephone."""

    def looked_at(page: Page, name: str) -> None:
        for width, kind in ((1280, "desk"), (390, "phone")):
            page.set_viewport_size({"width": width, "height": 844})
            assert axe(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            save_screenshot(page, f"bulk-{name}-{kind}")

    return looked_at


def teachers(page: Page, issuer: str) -> None:
    """Open the list of those who are employed at the school Koivurinne."""
    page.goto(f"{issuer}/admin/persons?kind=employee")
    page.locator("#organisation").select_option(label="Koivurinteen koulu")
    page.locator("main form[role=search] button, main form.search button").first.click()


def say(page: Page) -> None:
    """Say which right, where, until when and why."""
    page.locator("#role").select_option("wilma:opettaja")
    page.locator("#scope").select_option(label="Rantapuiston koulu")
    page.fill("#until", (clock.today() + timedelta(days=60)).isoformat())
    page.fill("#reason", "Yhteinen kerho")


def test_those_who_were_ticked_get_a_right_after_its_effect_was_seen(
    chromium: Chromium, issuer: str, look: Callable[[Page, str], None]
) -> None:
    paula = administrator(chromium, issuer, PAULA, "/admin/persons")
    teachers(paula, issuer)
    look(paula, "list")
    boxes = paula.locator("input[name=person]")
    for n in range(3):
        boxes.nth(n).check()
    press(paula, "Tee valituille…")
    expect(paula.locator("main")).to_contain_text("3 henkilöä valittu")
    look(paula, "choose")
    paula.get_by_role("link", name="Anna oikeus", exact=True).click()
    say(paula)
    look(paula, "fields")
    press(paula, LOOK)
    expect(paula.locator("#who")).to_be_visible()
    look(paula, "effects")
    press(paula, "Anna oikeus")
    expect(paula.locator("main")).to_contain_text("Anna oikeus: tehty")


def test_what_many_gain_waits_and_a_second_administrator_has_exactly_that_done(
    chromium: Chromium, issuer: str, look: Callable[[Page, str], None]
) -> None:
    paula = administrator(chromium, issuer, PAULA, "/admin/persons")
    teachers(paula, issuer)
    press(paula, "Tee kaikille tässä luettelossa…")
    paula.get_by_role("link", name="Anna oikeus", exact=True).click()
    say(paula)
    press(paula, LOOK)
    press(paula, "Anna oikeus")
    expect(paula.locator("main")).to_contain_text("muutos odottaa toista henkilöä")
    veera = administrator(chromium, issuer, VEERA, "/admin/")
    veera.locator("main").get_by_role("link", name="Anna oikeus").first.click()
    expect(veera.locator("main")).to_contain_text("Yhteinen kerho")
    look(veera, "waiting")
    press(veera, "Hyväksy")
    expect(veera.locator("main")).to_contain_text("Se on tehty täsmälleen niin kuin näytettiin.")


def test_rules_that_were_ticked_are_withdrawn_after_their_effect_was_seen(
    chromium: Chromium, issuer: str, look: Callable[[Page, str], None]
) -> None:
    paula = administrator(chromium, issuer, PAULA, "/admin/rules")
    look(paula, "rules")
    for n in range(2):
        paula.locator("input[name=rule]").nth(n).check()
    press(paula, "Siirrä säännöt toiselle omistajalle")
    look(paula, "rules-owner")
    paula.go_back()
    press(paula, "Poista säännöt käytöstä")
    paula.fill("#reason", "Vanhentuneet")
    press(paula, LOOK)
    expect(paula.locator("main")).to_contain_text("Se tehdään 2 säännölle.")
    look(paula, "rules-effects")
    press(paula, "Poista säännöt käytöstä")
    expect(paula.locator("main")).to_contain_text("Se on tehty, ja oikeudet seuraavat sitä.")


def test_a_secretary_pastes_people_and_those_who_are_not_found_are_told(
    chromium: Chromium, issuer: str, look: Callable[[Page, str], None]
) -> None:
    sanna = administrator(chromium, issuer, SANNA, "/admin/persons")
    sanna.get_by_role("link", name="Liitä käyttäjätunnuksia tai numeroita").click()
    look(sanna, "paste-choose")
    sanna.get_by_role("link", name="Lopeta kaikki kirjautumiset").click()
    sanna.fill("#paste", "eero.malli\n999999\npaula.paakayttaja")
    look(sanna, "paste")
    press(sanna, LOOK)
    expect(sanna.locator("main")).to_contain_text("999999")
    look(sanna, "paste-effects")
    press(sanna, "Lopeta kaikki kirjautumiset")
    expect(sanna.locator("main")).to_contain_text("tehty 1 henkilölle")
