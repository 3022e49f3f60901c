"""The teachers of a school get a role for a term at once: chosen from the list, with the effect seen by both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from iam import clock
from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]
SCHOOLS = {390: "Rantapuiston koulu", 1280: "Koivurinteen koulu"}


def test_everybody_who_works_at_a_school_gets_a_role_at_once_when_a_second_manager_accepts_it(
    desk: Callable[[str], Desk], width: int
) -> None:
    oili, outo, school = desk("rights-manager"), desk("second-manager"), SCHOOLS[width]
    oili.menu("Henkilöt")
    oili.page.locator("#organisation").select_option(label=school)
    oili.page.locator("#kind").select_option(label="Työntekijä")
    oili.press("Hae")
    oili.press("Tee kaikille tässä luettelossa…")
    oili.tap("Anna oikeus")
    oili.page.locator("#role").select_option(label="Oppimisympäristö: Koulun vastuuhenkilö")
    oili.page.locator("#scope").select_option(label=school)
    oili.fill(until=(clock.today() + timedelta(days=90)).isoformat(), reason=f"Digikokeilu {width}")
    oili.press("Näytä, mitä siitä seuraa")
    expect(oili.page.locator("#by-organisation")).to_contain_text(school)
    oili.press("Anna oikeus")
    oili.told("odottaa toista henkilöä")

    outo.go("/admin/")
    outo.tap("Anna oikeus")
    outo.told(f"Digikokeilu {width}")
    outo.press("Hyväksy")
    outo.told("Se on tehty")
    outo.menu("Käyttäjäroolit")
    outo.tap("Koulun vastuuhenkilö")
    expect(outo.page.locator("#holders")).to_contain_text(school)
