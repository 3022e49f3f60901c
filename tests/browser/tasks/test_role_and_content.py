"""A role is made: what it is called and means, and what it holds, in words; then whoever has another role gets it, which
a second person of the same part accepts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_a_role_is_made_of_data_groups_by_name_and_given_with_another_once_a_second_person_has_seen_whom_it_touches(
    desk: Callable[[str], Desk], width: int
) -> None:
    saku, called = desk("application-owner"), f"Ruokailun vastaava {width}"
    saku.menu("Sovellukset")
    saku.tap("Oppimisympäristö")
    saku.tap("Roolit ja tietoryhmät")
    saku.tap("Lisää tietoryhmä")
    saku.fill(key=f"ruoka-{width}", name_fi=f"Ruokavaliot {width}", meaning_fi="Mitä lapsi saa syödä.")
    saku.press("Tallenna")
    saku.tap("Lisää rooli")
    saku.fill(key=f"ruokailu-{width}", name_fi=called, name_sv=f"Matansvarig {width}", meaning_fi="Näkee ruokavaliot.")
    saku.page.get_by_role("group", name=f"Ruokavaliot {width}").get_by_label("katselu", exact=True).check()
    saku.press("Näytä vaikutus")
    saku.told(f"Ruokavaliot {width}: katselu")
    saku.told("Kukaan ei saa eikä menetä mitään.")
    saku.press("Tallenna rooli")
    saku.told("Rooli on tallennettu")

    saku.menu("Sovellukset")
    saku.tap("Oppimisympäristö")
    saku.tap("Opettaja")
    saku.tap("Muuta roolia")
    saku.page.get_by_label(called, exact=True).check()
    saku.press("Näytä vaikutus")
    expect(saku.page.locator("#effect")).to_contain_text("koulu")
    saku.press("Tallenna rooli")
    saku.told("odottaa toista henkilöä")

    kaija = desk("shared-applications")
    kaija.page.locator("#second").get_by_role("link", name="Oppimisympäristö: Opettaja").click()
    kaija.sound()
    expect(kaija.page.locator("#by-organisation")).to_contain_text("koulu")
    kaija.press("Hyväksy")
    saku.go("/admin/applications/oppimisymparisto")
    saku.tap("Opettaja")
    saku.told(called)
