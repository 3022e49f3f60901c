"""An administrator of a municipality adds an organisation, renames it, moves it with the effect seen, merges it and
closes it, on a desk and on a phone, in Finnish; and changes a list of occupations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.change import SYSTEM, begin
from iam.directory.organisation import Organisation
from iam.signin.accounts.account import Account
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
LOGIN = "sanna.sihteeri"
PERMISSIONS = "organisations.read", "organisations.write", "persons.read", "rules.read", "rules.write"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration, in which the secretary administers the organisations and rules of her municipality."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (consortium, server):
        _administers(consortium)
        yield server.issuer


def _administers(consortium: Consortium) -> None:
    with consortium.sessions.begin() as session:
        change = begin(session, "command", SYSTEM, "test")
        town = session.scalars(select(Organisation.id).where(Organisation.key == "mansikkala")).one()
        person = session.scalars(select(Account.person_id).where(Account.login == LOGIN)).one()
        times = {"valid_from": clock.now() - timedelta(days=1), "valid_to": clock.FOREVER, "opened_by": change.id}
        session.add_all(
            AdminGrant(person_id=person, permission=one, organisation_id=town, **times) for one in PERMISSIONS
        )


@pytest.fixture
def sanna(chromium: Chromium, issuer: str) -> Page:
    """The secretary's browser."""
    page = chromium.context(language="fi-FI").new_page()
    page.goto(f"{issuer}/admin/")
    page.fill("#login", LOGIN)
    page.fill("#password", PASSWORDS[LOGIN])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    return page


@pytest.fixture
def looked_at(sanna: Page, save_screenshot: Callable[[Page, str], Path]) -> Callable[[str], None]:
    """Sound on a desk and on a phone."""

    def look(name: str) -> None:
        for width, kind in ((1280, "desk"), (390, "phone")):
            sanna.set_viewport_size({"width": width, "height": 844})
            assert axe(sanna) == []
            assert sanna.evaluate("document.documentElement.scrollWidth") <= width
            save_screenshot(sanna, f"{name}-{kind}")
        sanna.set_viewport_size({"width": 1280, "height": 844})

    return look


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.locator("main").get_by_role("link", name=name, exact=True).click()


def done(page: Page) -> None:
    press(page, "Tee se")
    expect(page.locator("main")).to_contain_text("Tallennettu, ja oikeudet seuraavat sitä.")


def test_an_organisation_is_added_renamed_moved_merged_and_closed_by_its_administrator(
    sanna: Page, issuer: str, looked_at: Callable[[str], None]
) -> None:
    sanna.goto(f"{issuer}/admin/organisations")
    expect(sanna.locator(".tree")).to_contain_text("Mansikkala")
    looked_at("organisations-tree")
    sanna.locator(".tree").get_by_role("link", name="Mansikkala", exact=True).click()
    expect(sanna.locator("main")).to_contain_text("Kuka sitä hallinnoi")
    looked_at("organisation")
    follow(sanna, "Lisää organisaatio tämän alle")
    sanna.fill("#key", "KUUSI TIE")
    sanna.fill('[id="name.fi"]', "Kuusitien koulu")
    press(sanna, "Näytä vaikutus")
    expect(sanna.locator("main .notice").first).to_be_visible()
    looked_at("organisation-add-wrong")
    sanna.fill("#key", "KUUSITIE")
    press(sanna, "Näytä vaikutus")
    expect(sanna.locator("main")).to_contain_text("Kukaan ei saa eikä menetä mitään.")
    looked_at("organisation-add")
    done(sanna)
    expect(sanna.locator("h1")).to_have_text("Kuusitien koulu")

    follow(sanna, "Muuta nimeä, lajia tai koodeja")
    sanna.fill('[id="name.sv"]', "Granvägens skola")
    looked_at("organisation-rename")
    press(sanna, "Näytä vaikutus")
    done(sanna)
    expect(sanna.locator("main")).to_contain_text("Granvägens skola")

    follow(sanna, "Yhdistä toiseen organisaatioon")
    sanna.fill("#other", "Koivurinteen koulu")
    looked_at("organisation-merge")
    press(sanna, "Näytä vaikutus")
    expect(sanna.locator("main")).to_contain_text("Koivurinteen koulu")
    done(sanna)
    expect(sanna.locator("main")).to_contain_text("Koivurinteen koulu")

    follow(sanna, "Siirrä toisen organisaation alle")
    sanna.fill("#other", "Ei mikään")
    press(sanna, "Näytä vaikutus")
    expect(sanna.locator("main")).to_contain_text("Minkään organisaation nimi tai tunnus ei ole tämä.")
    sanna.fill("#other", "RANTA")
    looked_at("organisation-move-wrong")
    press(sanna, "Näytä vaikutus")
    expect(sanna.locator("main")).to_contain_text("Rantapuiston koulu")
    looked_at("organisation-move")
    done(sanna)

    follow(sanna, "Lakkauta organisaatio")
    sanna.fill("#last", (clock.today() + timedelta(days=7)).isoformat())
    press(sanna, "Näytä vaikutus")
    looked_at("organisation-close")
    done(sanna)


def test_what_closing_a_school_takes_is_seen_before_it_is_done(
    sanna: Page, issuer: str, looked_at: Callable[[str], None]
) -> None:
    sanna.goto(f"{issuer}/admin/organisations?q=Rantapuiston")
    follow(sanna, "Rantapuiston koulu")
    follow(sanna, "Siirrä toisen organisaation alle")
    sanna.fill("#other", "Koivurinteen koulu")
    press(sanna, "Näytä vaikutus")
    expect(sanna.locator("main h2", has_text="Vaikutus")).to_be_visible()
    looked_at("organisation-move-school")


def test_a_list_of_occupations_is_made_of_what_people_have(
    sanna: Page, issuer: str, looked_at: Callable[[str], None]
) -> None:
    sanna.goto(f"{issuer}/admin/code-lists")
    looked_at("code-lists")
    follow(sanna, "Uusi ammattiluettelo")
    sanna.fill("#key", "omat-ammatit")
    sanna.fill("#owner", "Mansikkala")
    sanna.locator('input[name="code"]').first.check()
    looked_at("code-list")
    press(sanna, "Näytä vaikutus")
    looked_at("code-list-effect")
    done(sanna)
    expect(sanna.locator("h1")).to_have_text("omat-ammatit")
