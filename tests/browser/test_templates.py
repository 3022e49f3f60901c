"""Agreements are made by templates in a browser: student welfare for two municipalities at once, and employment
services, each from the template to signatures, entry into force, suspension, notice and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam import clock
from iam.access.agreement_acts.notice import last_day_of_notice
from iam.access.model.agreement import Agreement
from iam.access.pages.agreements import standings
from iam.access.right import rights
from tests.browser import test_employment as employment
from tests.browser.test_agreement import looked_at, press
from tests.kit.servers.chromium import PATIENCE, Chromium
from tests.kit.worlds.consortium import SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
WELFARE, NEW, PSYCHOLOGIST = "opiskeluhuolto-2026", "opiskeluhuolto-yhdessa", "pirkko.psykologi"
TOWNS, COUNTY = ("Mansikkala", "Rantasaari"), "Marjalan hyvinvointialue"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
Save = Callable[[Page, str], Path]


@pytest.fixture
def demo(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    """The demonstration, in which the agreements on student welfare and with Nevakumpu ended yesterday."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path / "demo") as (consortium, server):
        for key in (WELFARE, employment.OLD):
            employment.end_yesterday(consortium, key)
        yield consortium, server


def enters(consortium: Consortium, at: datetime | None = None) -> bool:
    """Whether the county's psychologist has her role in the city's basic education then; now, where no time is
    named."""
    person_id = consortium.actor(PSYCHOLOGIST).person_id
    assert person_id is not None
    with consortium.sessions() as session, clock.fixed(at or clock.now()):
        return ("psykologi", "perusopetus") in {
            (one.role_key, one.scope_key) for one in rights(session, person_id, None)
        }


def state(consortium: Consortium, at: datetime) -> str:
    """How the new agreement stands then."""
    with consortium.sessions() as session, clock.fixed(at):
        id_ = session.scalars(select(Agreement.id).where(Agreement.key == NEW)).one()
        return standings(session, [id_])[id_].state


def both(page: Page, save: Save, name: str) -> None:
    """Look at a page at a desk and on a phone."""
    looked_at(page, save, name)
    page.set_viewport_size(PHONE)
    looked_at(page, save, f"{name}-phone")
    page.set_viewport_size(DESK)


def choose(page: Page, save: Save, name: str) -> None:
    """Go from the list of agreements to the form of a template."""
    page.get_by_role("link", name="Sopimukset", exact=True).first.click()
    page.get_by_role("link", name="Sopimuspohjasta").click()
    both(page, save, "templates")
    page.get_by_role("link", name=name, exact=True).click()
    both(page, save, "template")
    page.get_by_role("link", name="Tee sopimus", exact=True).click()


def say(page: Page, number: str, key: str, **fields: str) -> None:
    """Fill the form of an agreement that is made by a template."""
    decided = {"case_number": number, "key": key, "body": "lautakunta"}
    days = {
        "date": (clock.today() - timedelta(days=10)).isoformat(),
        "valid_from": clock.today().isoformat(),
        "valid_to": (clock.today() + timedelta(days=365)).isoformat(),
    }
    for field, value in (decided | days | {name.replace("_", "-"): text for name, text in fields.items()}).items():
        page.fill(f"#{field}", value)


def sign(page: Page, party: str) -> None:
    page.get_by_role("link", name="Kirjaa allekirjoitus").click()
    page.select_option("#party", label=party)
    page.fill("#signed_on", (clock.today() - timedelta(days=2)).isoformat())
    page.fill("#document_number", "KAUP-2026-200-1")
    press(page, "Näytä vaikutus")


def test_student_welfare_of_two_municipalities_goes_from_a_template_to_its_end(
    chromium: Chromium, demo: tuple[Consortium, DemoServer], save_screenshot: Save
) -> None:
    consortium, server = demo
    paula, veera = (
        employment.administrator(chromium, server, who) for who in ("paula.paakayttaja", "veera.varahenkilo")
    )
    choose(paula, save_screenshot, "Opiskeluhuollon palvelut")
    say(paula, "KAUP-2026-200", NEW, party_1_1=TOWNS[0], where_1_1="Tyhjäkuja", party_1_2=TOWNS[1], party_2_1=COUNTY)
    press(paula, "Tee sopimus")
    expect(paula.locator("#where-1-1-error")).to_contain_text("ei kuulu")
    both(paula, save_screenshot, "template-make")
    paula.fill("#where-1-1", "")
    press(paula, "Tee sopimus")
    expect(paula.locator("main")).to_contain_text("Allekirjoituksia puuttuu")
    both(paula, save_screenshot, "template-made")
    for party in (COUNTY, TOWNS[1]):
        sign(paula, party)
        press(paula, "Kirjaa allekirjoitus")
        assert not enters(consortium)
    sign(paula, TOWNS[0])
    expect(paula.locator("main")).to_contain_text("Psykologi Pirkko")
    press(paula, "Kirjaa allekirjoitus")
    assert not enters(consortium)
    page = f"{server.issuer}/admin/agreements/{NEW}"
    veera.goto(f"{page}/proposal")
    press(veera, "Hyväksy")
    expect(veera.locator("main")).to_contain_text("Voimassa")
    assert enters(consortium)

    paula.goto(page)
    paula.locator("summary", has_text="Keskeytä heti").click()
    paula.select_option("#party", label=TOWNS[1])
    paula.fill("#reason", "Lokitarkastus kesken")
    press(paula, "Keskeytä heti")
    assert not enters(consortium)
    veera.goto(page)
    press(veera, "Pura keskeytys")
    assert enters(consortium)

    paula.goto(page)
    paula.get_by_role("link", name="Irtisano sopimus").click()
    paula.select_option("#party", label=COUNTY)
    press(paula, "Näytä vaikutus")
    expect(paula.locator("main")).to_contain_text("Psykologi Pirkko")
    press(paula, "Irtisano sopimus")
    veera.goto(f"{page}/proposal")
    press(veera, "Hyväksy")
    expect(veera.locator("main")).to_contain_text("Voimassa, irtisanottu")
    both(veera, save_screenshot, "template-in-notice")
    last = last_day_of_notice(3, None, clock.today())
    assert last is not None
    ends = clock.day_end(last)
    assert (enters(consortium, ends - timedelta(seconds=1)), enters(consortium, ends)) == (True, False)
    assert (state(consortium, ends - timedelta(seconds=1)), state(consortium, ends)) == ("notice", "terminated")


def test_the_employment_agreement_goes_from_a_template_to_its_end(
    chromium: Chromium, demo: tuple[Consortium, DemoServer], save_screenshot: Save
) -> None:
    consortium, server = demo
    paula, veera = (
        employment.administrator(chromium, server, who) for who in ("paula.paakayttaja", "veera.varahenkilo")
    )
    choose(paula, save_screenshot, "Kunnan täydentävät työllisyyspalvelut")
    say(paula, "TYO-2026-90", employment.NEW, party_1_1="Mansikkala", where_1_1="tyollisyysalue", party_2_1="Nevakumpu")
    press(paula, "Tee sopimus")
    expect(paula.locator("main")).to_contain_text("Allekirjoituksia puuttuu")
    employment.to_its_end(consortium, server, (paula, veera), save_screenshot)


def test_a_template_is_made_of_an_agreement(
    chromium: Chromium, demo: tuple[Consortium, DemoServer], save_screenshot: Save
) -> None:
    paula = employment.administrator(chromium, demo[1], "paula.paakayttaja")
    paula.goto(f"{demo[1].issuer}/admin/agreements/{WELFARE}")
    paula.get_by_role("link", name="Tee tästä sopimuksesta sopimuspohja").click()
    both(paula, save_screenshot, "template-new")
    for field, value in (("key", "huolto-2"), ("name_fi", "Huolto"), ("name_sv", "Vård"), ("name_en", "Care")):
        paula.fill(f"#{field}", value)
    press(paula, "Tee sopimuspohja")
    expect(paula.locator("main")).to_contain_text("Sopimuspohja on tehty.")
    expect(paula.locator("main h2", has_text="Mitä sallitaan")).to_have_count(3)
    both(paula, save_screenshot, "template-of-agreement")
