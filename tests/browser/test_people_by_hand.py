"""A school secretary adds a substitute and a visitor by hand, and a group gets its members by a paste."""

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
SECRETARY = "sanna.sihteeri"
LOOK = "Näytä, mitä siitä seuraa"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration, which may be changed here."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (_, server):
        yield server.issuer


@pytest.fixture
def sanna(chromium: Chromium, issuer: str) -> Page:
    return administrator(chromium, issuer, SECRETARY, "/admin/persons")


@pytest.fixture
def looked_at(sanna: Page, save_screenshot: Callable[[Page, str], Path]) -> Callable[[str], None]:
    """Look closely at the page on a desk and on a telephone."""

    def look(name: str) -> None:
        for width, kind in ((1280, "desk"), (390, "phone")):
            sanna.set_viewport_size({"width": width, "height": 844})
            assert axe(sanna) == []
            assert sanna.evaluate("document.documentElement.scrollWidth") <= width
            save_screenshot(sanna, f"{name}-{kind}")

    return look


def fill(page: Page, **said: str) -> None:
    for name, value in said.items():
        field = page.locator(f"#{name}")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def test_a_secretary_adds_a_substitute_and_a_visitor_with_an_end(
    sanna: Page, issuer: str, looked_at: Callable[[str], None]
) -> None:
    week = (clock.today() + timedelta(days=7)).isoformat()
    sanna.get_by_role("link", name="Lisää henkilö").click()
    looked_at("new-person")
    fill(sanna, given_names="Viivi", family_name="Viikkosijainen", birth_date="1991-02-03", kind="substitute")
    fill(sanna, until=week, sponsor=SECRETARY, reason="Opettaja on poissa viikon")
    if sanna.locator("#occupation").count():
        sanna.locator("#occupation").select_option(index=1)
    press(sanna, LOOK)
    expect(sanna.locator("#effects")).to_be_visible()
    looked_at("new-person-effects")
    press(sanna, "Lisää henkilö")
    expect(sanna.locator("main")).to_contain_text("Käyttäjätunnus on viivi.viikkosijainen.")
    expect(sanna.locator("h1")).to_have_text("Viivi Viikkosijainen")

    sanna.goto(f"{issuer}/admin/new-person")
    fill(sanna, given_names="Viivi", family_name="Viikkosijainen", birth_date="1991-02-03", kind="visitor")
    fill(sanna, sponsor=SECRETARY, reason="Vierailu")
    press(sanna, LOOK)
    expect(sanna.locator("#until-error")).to_contain_text("enintään kaksi vuotta")
    fill(sanna, until=week)
    press(sanna, LOOK)
    expect(sanna.locator("#alike")).to_contain_text("Viikkosijainen")
    looked_at("new-person-alike")
    fill(sanna, given_names="Ville", family_name="Vierailija")
    press(sanna, LOOK)
    press(sanna, "Lisää henkilö")
    expect(sanna.locator("main")).to_contain_text("Henkilö on lisätty.")

    sanna.goto(f"{sanna.url.partition('?')[0]}/positions")
    expect(sanna.locator("main")).to_contain_text("Vierailija")
    looked_at("positions")
    sanna.locator("textarea[id^=reason-]").fill("Vierailu päättyi")
    press(sanna, "Näytä, mitä päättäminen nyt tekee")
    expect(sanna.locator("#effects")).to_be_visible()
    looked_at("positions-effects")
    press(sanna, "Päätä nyt")
    expect(sanna.locator("main")).to_contain_text("Päättymispäivää on muutettu.")


def test_a_group_gets_its_members_by_a_paste(sanna: Page, issuer: str, looked_at: Callable[[str], None]) -> None:
    sanna.goto(f"{issuer}/admin/groups")
    looked_at("groups")
    sanna.get_by_role("link", name="Tee ryhmä").first.click()
    looked_at("new-group")
    fill(sanna, name="Kirjastoryhmä")
    press(sanna, "Tee ryhmä")
    expect(sanna.locator("h1")).to_have_text("Kirjastoryhmä")
    fill(sanna, paste="aino.esimerkki\n1002\npaula.paakayttaja\n999999")
    press(sanna, LOOK)
    expect(sanna.locator("main")).to_contain_text("Lisätään: ")
    expect(sanna.locator(".wraps").first).to_contain_text("999999")
    looked_at("group-effects")
    press(sanna, "Muuta ryhmää")
    expect(sanna.locator("#members")).to_contain_text("Esimerkki")
    looked_at("group")
