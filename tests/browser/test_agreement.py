"""An agreement on its pages in a browser: two people of whoever allows it record and accept a signature, the right is
there, it is suspended and given back, and notice ends it on the day that was shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam import clock
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementClause
from iam.change import SYSTEM, begin
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
FIRST, SECOND = "paula.paakayttaja", "veera.varahenkilo"
KEY = "opiskeluhuolto-2026"
AGREEMENT = f"/admin/agreements/{KEY}"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The demonstration, in which the city has not signed the agreement on student welfare yet."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (consortium, server):
        with consortium.sessions.begin() as session:
            id_ = session.scalars(select(Agreement.id).where(Agreement.key == KEY)).one()
            grantor_id = session.scalars(select(AgreementClause.grantor_id)).first()
            unsigned = [
                replace(one, signed_on=None) if one.legal_entity_id == grantor_id else one
                for one in agreements.parties(session, [id_])[id_]
            ]
            agreements.set_parties(session, begin(session, "command", SYSTEM, "test"), {id_: unsigned})
        yield server.issuer


def administrator(chromium: Chromium, issuer: str, login: str, language: str) -> Page:
    page = chromium.context(language=language).new_page()
    page.goto(f"{issuer}{AGREEMENT}")
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    page.goto(f"{issuer}{AGREEMENT}")
    return page


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_an_agreement_is_signed_suspended_given_back_and_given_notice_of(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path]
) -> None:
    paula = administrator(chromium, issuer, FIRST, "fi-FI")
    expect(paula.locator("main")).to_contain_text("Allekirjoituksia puuttuu")
    looked_at(paula, save_screenshot, "agreement-unsigned")
    paula.get_by_role("link", name="Kirjaa allekirjoitus").click()
    paula.select_option("#party", label="Mansikkala")
    paula.fill("#signed_on", (clock.today() - timedelta(days=3)).isoformat())
    paula.fill("#signed_by", "sivistysjohtaja")
    press(paula, "Näytä vaikutus")
    expect(paula.locator("main")).to_contain_text("saa roolin")
    looked_at(paula, save_screenshot, "agreement-sign")
    press(paula, "Kirjaa allekirjoitus")
    expect(paula.locator("main")).to_contain_text("odottaa tietojen luovuttajan toista henkilöä")
    looked_at(paula, save_screenshot, "agreement-proposal")

    veera = administrator(chromium, issuer, SECOND, "sv-FI")
    veera.goto(f"{issuer}/admin/")
    veera.locator(f'a[href="{AGREEMENT}/proposal"]').click()
    looked_at(veera, save_screenshot, "agreement-decide")
    press(veera, "Godkänn")
    expect(veera.locator("main")).to_contain_text("I kraft")

    paula.goto(f"{issuer}{AGREEMENT}")
    paula.locator("summary", has_text="Keskeytä heti").click()
    paula.select_option("#party", label="Mansikkala")
    paula.fill("#reason", "Epäily väärinkäytöstä")
    press(paula, "Keskeytä heti")
    expect(paula.locator("main")).to_contain_text("Tämä sopimus on keskeytetty")
    looked_at(paula, save_screenshot, "agreement-suspended")
    veera.reload()
    press(veera, "Häv avbrottet")
    expect(veera.locator("main")).to_contain_text("Avtalet ger rättigheter igen.")

    paula.goto(f"{issuer}{AGREEMENT}")
    paula.get_by_role("link", name="Tee uusi kohta").click()
    for side, name in (("grantor", "Mansikkala"), ("grantee", "Marjalan hyvinvointialue"), ("scope", "Mansikkala")):
        paula.select_option(f"#{side}", label=name)
    paula.check("#with_descendants")
    paula.fill("#more_positions", "kuraattori")
    paula.locator("input[name=use]").first.check()
    paula.fill("#delegation", "§ 4: johtaja voi tehdä teknisiä muutoksia")
    press(paula, "Näytä vaikutus")
    looked_at(paula, save_screenshot, "agreement-clause")
    paula.set_viewport_size({"width": 390, "height": 844})
    looked_at(paula, save_screenshot, "agreement-clause-narrow")
    press(paula, "Tallenna kohta")
    expect(paula.locator("main")).to_contain_text("Se sallii enemmän toisen rekisterinpitäjän tiedoissa.")
    looked_at(paula, save_screenshot, "agreement-clause-proposal")
    veera.goto(f"{issuer}{AGREEMENT}/proposal")
    press(veera, "Godkänn")
    veera.get_by_role("link", name="Ändra punkt 2").click()
    looked_at(veera, save_screenshot, "agreement-clause-edit")
    veera.goto(f"{issuer}{AGREEMENT}")
    veera.get_by_role("link", name="Avsluta punkt 2").click()
    veera.fill("#last_day", (clock.today() + timedelta(days=10)).isoformat())
    veera.fill("#office_holder", "sivistysjohtaja")
    veera.fill("#date", clock.today().isoformat())
    press(veera, "Visa effekten")
    looked_at(veera, save_screenshot, "agreement-clause-end")
    press(veera, "Avsluta punkten")
    expect(veera.locator("main")).to_contain_text("Punkten upphör.")
    looked_at(veera, save_screenshot, "agreement-clauses")

    veera.get_by_role("link", name="Säg upp avtalet").click()
    veera.select_option("#party", index=1)
    veera.fill("#last_day", (clock.today() + timedelta(days=30)).isoformat())
    press(veera, "Visa effekten")
    looked_at(veera, save_screenshot, "agreement-notice")
    press(veera, "Säg upp avtalet")
    expect(veera.locator("main")).to_contain_text("förlorar något, 6 på sju dagar; gränsen är 5")
    paula.goto(f"{issuer}{AGREEMENT}/proposal")
    press(paula, "Hyväksy")
    expect(paula.locator("main")).to_contain_text("Voimassa, irtisanottu")
    paula.set_viewport_size({"width": 390, "height": 844})
    looked_at(paula, save_screenshot, "agreement-in-notice")
    paula.goto(f"{issuer}{AGREEMENT}/history")
    looked_at(paula, save_screenshot, "agreement-history")
    paula.set_viewport_size({"width": 1280, "height": 800})
    paula.goto(f"{issuer}{AGREEMENT}/copy")
    looked_at(paula, save_screenshot, "agreement-copy")
    said = {
        "case_number": "KAUP-2027-9",
        "key": "opiskeluhuolto-2027",
        "body": "sivistyslautakunta",
        "date": "2026-11-02",
        "supervised_by": "tietosuojavastaava",
        "report_months": "6",
        "notice_months": "3",
        "review_on": "2028-06-30",
    }
    for field, value in (said | {"valid_from": "2027-08-01", "valid_to": "2029-07-31"}).items():
        paula.fill(f"#{field}", value)
    press(paula, "Tee sopimus")
    expect(paula.locator("main")).to_contain_text(
        "Se ei anna kenellekään mitään ennen kuin osapuolet ovat allekirjoittaneet."
    )
    looked_at(paula, save_screenshot, "agreement-made")
    paula.get_by_role("link", name="Peru sopimus").click()
    paula.select_option("#party", label="Mansikkala")
    paula.fill("#reason", "Rahoitus peruuntui")
    press(paula, "Näytä vaikutus")
    paula.set_viewport_size({"width": 390, "height": 844})
    looked_at(paula, save_screenshot, "agreement-cancel")
    press(paula, "Peru sopimus")
    expect(paula.locator("main")).to_contain_text("Rahoitus peruuntui")
    looked_at(paula, save_screenshot, "agreement-cancelled")
    for page in (paula, veera):
        page.context.close()


def looked_at(page: Page, save: Callable[[Page, str], Path], name: str) -> None:
    assert axe(page) == []
    save(page, name)
