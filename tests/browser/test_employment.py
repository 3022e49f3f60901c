"""The agreement on employment services on its pages in a browser: from last year's as a template to signatures, entry
into force, suspension, notice and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam import clock
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementTerm
from iam.access.model.agreements import Term
from iam.access.right import rights
from iam.change import SYSTEM, begin
from tests.browser.test_agreement import looked_at, press
from tests.kit.servers.chromium import PATIENCE, Chromium
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, DemoServer, prepared, served, yesterday

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
OLD, NEW, ADVISER = "tyollisyys-nevakumpu", "tyollisyys-nevakumpu-2", "taina.tyovoima"
PAGE = f"/admin/agreements/{NEW}"


@pytest.fixture
def demo(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    """The demonstration, in which the agreement with Nevakumpu ended yesterday."""
    with served(prepared(tmp_path_factory, *SMALL), tmp_path / "demo") as (consortium, server):
        end_yesterday(consortium, OLD)
        yield consortium, server


def end_yesterday(consortium: Consortium, key: str) -> None:
    """Let an agreement have ended yesterday."""
    with consortium.sessions.begin() as session:
        t, id_ = AgreementTerm, select(Agreement.id).where(Agreement.key == key).scalar_subquery()
        term = session.scalars(select(t).where(t.agreement_id == id_, t.closed_by.is_(None))).one()
        ended = Term(term.valid_from, clock.day_end(yesterday()), term.all_sign)
        agreements.set_terms(session, begin(session, "command", SYSTEM, "test"), {term.agreement_id: ended})


def administrator(chromium: Chromium, server: DemoServer, login: str) -> Page:
    page = chromium.context(language="fi-FI").new_page()
    page.goto(f"{server.issuer}/admin/agreements/{OLD}")
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".side-menu")).to_be_visible()
    page.goto(f"{server.issuer}/admin/agreements/{OLD}")
    return page


def advises(consortium: Consortium, at: datetime | None = None) -> bool:
    """Whether the adviser of Nevakumpu has the role in the area's customer system then; now, where no time is named."""
    person_id = consortium.actor(ADVISER).person_id
    assert person_id is not None
    with consortium.sessions() as session, clock.fixed(at or clock.now()):
        return ("ohjaaja", "tyollisyysalue") in {
            (one.role_key, one.scope_key) for one in rights(session, person_id, None)
        }


def make(page: Page) -> None:
    """Make next year's agreement from the one that ended."""
    page.get_by_role("link", name="Tee sopimuksesta kopio").click()
    for field, value in (
        ("case_number", "TYO-2026-90"),
        ("key", NEW),
        ("body", "kunnanhallitus"),
        ("date", (clock.today() - timedelta(days=10)).isoformat()),
        ("valid_from", clock.today().isoformat()),
        ("valid_to", (clock.today() + timedelta(days=365)).isoformat()),
    ):
        page.fill(f"#{field}", value)
    page.check("#clauses")
    press(page, "Tee sopimus")
    expect(page.locator("main")).to_contain_text("Allekirjoituksia puuttuu")


def sign(page: Page, party: str, by: str) -> None:
    page.get_by_role("link", name="Kirjaa allekirjoitus").click()
    page.select_option("#party", label=party)
    page.fill("#signed_on", (clock.today() - timedelta(days=2)).isoformat())
    page.fill("#signed_by", by)
    page.fill("#document_number", "TYO-2026-90-1")
    press(page, "Näytä vaikutus")


def test_the_employment_agreement_goes_from_a_copy_to_its_end(
    chromium: Chromium, demo: tuple[Consortium, DemoServer], save_screenshot: Callable[[Page, str], Path]
) -> None:
    consortium, server = demo
    paula, veera = (administrator(chromium, server, who) for who in ("paula.paakayttaja", "veera.varahenkilo"))
    assert not advises(consortium)
    make(paula)
    to_its_end(consortium, server, (paula, veera), save_screenshot)


def to_its_end(
    consortium: Consortium,
    server: DemoServer,
    administrators: tuple[Page, Page],
    save_screenshot: Callable[[Page, str], Path],
) -> None:
    """Sign the new agreement, on whose page the first administrator is; suspend it, give it back and give notice."""
    paula, veera = administrators
    sign(paula, "Nevakumpu", "kunnanjohtaja")
    press(paula, "Kirjaa allekirjoitus")
    assert not advises(consortium)
    sign(paula, "Mansikkala", "työllisyysjohtaja")
    expect(paula.locator("main")).to_contain_text("Työvoima Taina")
    looked_at(paula, save_screenshot, "employment-sign")
    press(paula, "Kirjaa allekirjoitus")
    assert not advises(consortium)
    veera.goto(f"{server.issuer}{PAGE}/proposal")
    press(veera, "Hyväksy")
    expect(veera.locator("main")).to_contain_text("Voimassa")
    assert advises(consortium)

    paula.goto(f"{server.issuer}{PAGE}")
    paula.locator("summary", has_text="Keskeytä heti").click()
    paula.select_option("#party", label="Nevakumpu")
    paula.fill("#reason", "Lokitarkastus kesken")
    press(paula, "Keskeytä heti")
    assert not advises(consortium)
    veera.goto(f"{server.issuer}{PAGE}")
    press(veera, "Pura keskeytys")
    assert advises(consortium)

    paula.goto(f"{server.issuer}{PAGE}")
    paula.get_by_role("link", name="Irtisano sopimus").click()
    paula.select_option("#party", label="Nevakumpu")
    last = clock.today() + timedelta(days=30)
    paula.fill("#last_day", last.isoformat())
    press(paula, "Näytä vaikutus")
    expect(paula.locator("main")).to_contain_text("Työvoima Taina")
    press(paula, "Irtisano sopimus")
    expect(paula.locator("main")).to_contain_text("Voimassa, irtisanottu")
    looked_at(paula, save_screenshot, "employment-in-notice")
    end = clock.day_end(last)
    assert advises(consortium, end - timedelta(seconds=1))
    assert not advises(consortium, end)
