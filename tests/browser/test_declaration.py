"""A declaration waits, and a second person applies it in a browser, without its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
RULE = """
rules:
  - rule: kaikki-rehtoreiksi
    owner: mansikkala
    bind: {a: {affiliation: {kind: employee, organisation: {under: mansikkala}}}}
    gives: {role: "wilma:rehtori", scope: organisation of a}
"""


def test_what_somebody_declared_is_looked_at_and_applied_by_another(
    chromium: Chromium,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    save_screenshot: Callable[[Page, str], Path],
) -> None:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path / "demo") as (consortium, server):
        file = tmp_path / "rule.yaml"
        file.write_text(RULE, encoding="utf-8")
        assert consortium.iam("apply", "-f", str(file), "--as", "paula.paakayttaja").exit_code == 3
        file.unlink()
        page = chromium.context(language="fi-FI").new_page()
        page.goto(f"{server.issuer}/admin/")
        page.fill("#login", "veera.varahenkilo")
        page.fill("#password", PASSWORDS["veera.varahenkilo"])
        page.locator("main form:has(#password) button[type=submit]").first.click()
        page.locator("#second a").click()
        expect(page.locator("#differences")).to_contain_text("kaikki-rehtoreiksi")
        expect(page.locator("main")).to_contain_text("Esimerkki Aino")
        assert axe(page) == []
        save_screenshot(page, "declaration")
        page.set_viewport_size({"width": 390, "height": 844})
        save_screenshot(page, "declaration-phone")
        page.get_by_role("button", name="Hyväksy", exact=True).click()
        expect(page.locator("main")).to_contain_text("Se on toteutettu, ja oikeudet seuraavat sitä.")
        held = consortium.explain("aino.esimerkki", "--application", "wilma")["rights"]
        assert {right["scope_key"] for right in held if right["role"] == "wilma:rehtori"} == {"KOIVU", "RANTA"}
