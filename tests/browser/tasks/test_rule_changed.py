"""A rule is changed: whom it touches is seen before, and what takes much from many waits for a second person."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]
RULE, RANTA, KOIVU = "Opettajat oppimisympäristöön", "Rantapuiston koulu", "Koivurinteen koulu"
KEPT = {390: (RANTA, KOIVU), 1280: (KOIVU, RANTA)}


def test_a_rule_is_changed_once_its_effect_was_seen_by_whoever_proposes_and_whoever_accepts_it(
    desk: Callable[[str], Desk], width: int
) -> None:
    kept, left = KEPT[width]
    oili, outo = desk("rights-manager"), desk("second-manager")
    oili.menu("Käyttöoikeussäännöt")
    oili.tap(RULE)
    oili.tap("Muokkaa ja kokeile")
    oili.fill(place_under=kept)
    oili.press("Näytä vaikutus")
    expect(oili.page.locator("#by-organisation")).to_contain_text(left)
    oili.press("Julkaise sääntö")
    oili.told("odottaa toista henkilöä")

    outo.go("/admin/")
    outo.page.locator("#second").get_by_role("link", name=RULE).click()
    outo.sound()
    expect(outo.page.locator("#by-organisation")).to_contain_text(left)
    outo.press("Hyväksy")
    outo.told(f"koulu; {kept}")
