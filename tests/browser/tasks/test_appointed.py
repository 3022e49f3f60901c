"""A secretary becomes an administrator of her school, for a time: one administrator of the consortium appoints, another
accepts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from iam import clock
from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]
WHO = {390: ("Kuraattori", "Kaisa"), 1280: ("Työvoima", "Taina")}


def test_an_administrator_is_appointed_with_a_part_and_an_end_and_holds_it_once_a_second_one_accepted(
    desk: Callable[[str], Desk], width: int
) -> None:
    paula, last = desk("paula.paakayttaja"), clock.today() + timedelta(days=180)
    family, given = WHO[width]
    paula.menu("Pääkäyttäjät")
    paula.tap("Nimeä pääkäyttäjä")
    paula.fill(q=f"{family} {given}")
    paula.page.keyboard.press("Enter")
    paula.tap(f"{family} {given}")
    paula.fill(role="secretary", organisation="Rantapuiston koulu", last=last.isoformat())
    paula.press("Näytä vaikutus")
    paula.told("Antaa kertakoodeja ja käyttäjätunnuksia")
    paula.press("Nimeä")
    paula.told("Mitään ei vielä muutettu")

    veera = desk("veera.varahenkilo")
    veera.page.locator("#second").get_by_role("link", name=f"{given} {family}").click()
    veera.sound()
    veera.told("Rantapuiston koulu")
    veera.press("Hyväksy")
    veera.told("Se on tehty")
    veera.menu("Pääkäyttäjät")
    row = veera.page.locator("#administrators tr", has_text=f"{family} {given}")
    expect(row).to_contain_text("Sihteeri")
    expect(row).to_contain_text(f"{last.day}.{last.month}.{last.year}")
