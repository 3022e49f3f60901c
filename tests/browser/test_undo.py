"""A run that took a teacher's rights by mistake is undone in a browser, with its effect first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam.directory.source import Run
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, prepared, served, yesterday

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)


def schools(consortium: Consortium) -> set[str]:
    rights = consortium.explain("aino.esimerkki", "--application", "wilma")["rights"]
    return {right["scope_key"] for right in rights}


def test_a_run_is_undone_and_the_next_night_does_not_bring_it_back(
    chromium: Chromium,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    save_screenshot: Callable[[Page, str], Path],
) -> None:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path / "demo") as (consortium, server):
        before = schools(consortium)
        consortium.end_employment("P1001-1", yesterday())
        assert consortium.run().state == "done"
        assert schools(consortium) == {"OPISTO"}
        with consortium.sessions() as session:
            run_id = session.scalars(select(Run.id).order_by(Run.id.desc()).limit(1)).one()
        page = chromium.context(language="sv-FI").new_page()
        page.goto(f"{server.issuer}/admin/runs/{run_id}")
        page.fill("#login", "veera.varahenkilo")
        page.fill("#password", PASSWORDS["veera.varahenkilo"])
        page.locator("main form:has(#password) button[type=submit]").first.click()
        page.get_by_role("link", name="Ångra den här körningen").click()
        expect(page.locator("main")).to_contain_text("Esimerkki Aino")
        assert axe(page) == []
        save_screenshot(page, "undo")
        page.get_by_role("button", name="Ångra körningen", exact=True).click()
        expect(page.locator("main")).to_contain_text("Det som körningen skrev är ångrat.")
        save_screenshot(page, "undone")
        assert schools(consortium) == before
        report = consortium.run()
        assert (report.state, report.counts["refused"]) == ("done", 1)
        assert schools(consortium) == before
        page.goto(f"{server.issuer}/admin/runs/{run_id}/undo")
        expect(page.locator("main")).to_contain_text("är den redan ångrad")
