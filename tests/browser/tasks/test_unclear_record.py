"""Payroll gives a number to somebody else, or corrects nearly everything of somebody: a human decides whose record it
is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks import hr_file
from tests.browser.tasks.desk import Desk
from tests.kit.worlds.consortium import Consortium, DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.services]
KNOWN = {390: ("1400", "Heikki Nevaperä"), 1280: ("1760", "Outi Rautalinna")}
TOLD = {
    "etunimet": "Bertta Elina",
    "kutsumanimi": "Bertta",
    "hetu": "",
    "tehtavanimike_koodi": "koulunkaynninohjaaja",
    "nimike": "Koulunkäynninohjaaja",
}


def test_an_unclear_record_is_decided_with_both_sides_shown(
    town: tuple[Consortium, DemoServer], desk: Callable[[str], Desk], width: int
) -> None:
    number, known = KNOWN[width]
    family = {390: "Kuulas", 1280: "Kirkas"}[width]
    hr_file.correct(town[0], number, sukunimi=family, **TOLD)
    heli = desk("personnel")
    hr_file.run(heli)
    heli.sound()
    heli.tap("Katso ja ratkaise")
    card = heli.page.locator("section.card", has_text=f"Bertta {family}")
    for words in (
        "Koulunkäynninohjaaja, Rantapuiston koulu",
        known,
        f"Henkilönumero {number}",
        "Numero siirtyy hänelle",
    ):
        expect(card).to_contain_text(words)
    narrow = card.locator(".radio-card").evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert min(narrow) >= 300, "no word is broken in two"
    card.locator("label", has_text="Joku muu" if width == 390 else known).click()
    card.get_by_role("button").click()
    heli.told("Ratkaistu.")
    hr_file.run(heli)
    heli.told("Valmis")
    heli.search(f"{family} bertta")
    heli.tap(f"{family} Bertta")
    heli.told("Koulunkäynninohjaaja · Rantapuiston koulu")
    if width == 390:
        heli.search(known)
        heli.told("Nevaperä Heikki")
