"""A new employee's first day: from a row of the HR file to her first sign-in by letter, without a declaration being
edited."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam.directory.organisation import Organisation
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
ADMINISTRATOR, CODE = "paula.paakayttaja", re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")
PASSWORD = "neljäs kuusi kaatuu vuonna"
NEW = {
    "henkilonumero": "990001",
    "hetu": "",
    "etunimet": "Ánne Máret",
    "kutsumanimi": "Ánne",
    "sukunimi": "Väisänen-Åkesson",
    "palvelussuhdenumero": "P990001-1",
    "sahkoposti": "",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        yield pair


def hired(consortium: Consortium) -> None:
    """Add a row of somebody new to the HR file, at the place of a teacher who is there."""
    with consortium.hr.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    like = next(row for row in rows if row["palvelussuhdenumero"] == "P1001-1")
    row = like | {name: value for name, value in NEW.items() if name in like}
    with consortium.hr.open("a", encoding="utf-8", newline="") as file:
        csv.DictWriter(file, list(row), delimiter=";", lineterminator="\n").writerow(row)


def sound(page: Page) -> None:
    assert axe(page) == [], page.url


def press(page: Page, form: str) -> None:
    page.locator(f'main form[action$="{form}"] button[type=submit]').click()


def test_a_new_employee_comes_from_the_hr_file_to_her_first_sign_in_by_letter_with_no_yaml(
    demo: tuple[Consortium, DemoServer], page: Page, chromium: Chromium
) -> None:
    consortium, server = demo
    with consortium.sessions() as session:
        school = session.scalar(select(Organisation.id).where(Organisation.key == "KOIVU"))
    page.goto(f"{server.issuer}/admin/organisations/{school}")
    page.fill("#login", ADMINISTRATOR)
    page.fill("#password", PASSWORDS[ADMINISTRATOR])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    page.wait_for_url(f"**/organisations/{school}")
    sound(page)
    page.select_option("#usernames_employee", "given.family")
    press(page, "/usernames")
    expect(page.locator("#usernames_employee")).to_have_value("given.family")

    hired(consortium)
    page.goto(f"{server.issuer}/admin/sources/hr")
    press(page, "/admin/sources/hr/run")
    page.wait_for_url("**/admin/runs/*")
    expect(page.locator("meta[http-equiv=refresh]")).to_have_count(0)
    page.goto(f"{server.issuer}/admin/persons?q=Väisänen")
    page.locator("main table th[scope=row] a").click()
    page.goto(f"{page.url.partition('?')[0]}?tab=signin")
    expect(page.locator("main")).to_contain_text("anne.vaisanen-akesson")
    press(page, "/sign-in-code")
    sound(page)
    letter = page.locator("article.letter")
    page.emulate_media(media="print")
    expect(letter).to_contain_text("anne.vaisanen-akesson")
    code = CODE.search(letter.inner_text())
    assert code is not None

    with chromium.context() as own:
        hers = own.new_page()
        hers.goto(f"{server.issuer}/first-code")
        hers.locator("input[name=login]").fill("Anne.Vaisanen-Akesson")
        hers.locator("input[name=code]").fill(code[0])
        hers.locator("main form button[type=submit]").first.click()
        for field in hers.locator("input[type=password]").all():
            field.fill(PASSWORD)
        hers.locator("main form button[type=submit]").first.click()
        hers.wait_for_url("**/account*")
        expect(hers.locator("main")).to_contain_text("Koivurinteen koulu")
