"""A guardian asks the data protection officer who can see the child's data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]
SEEN = {
    "Malli Eero": ("Wilma: Rehtori · Koivurinteen koulu", "Oppilastiedot: katselu", "Rehtorit Wilmaan"),
    "Huoltaja Helena": ("Wilma: Huoltaja · Koivurinteen koulu", "Lapsen tiedot: katselu", "Huoltajat Wilmaan"),
    "Psykologi Pirkko": ("Wilma: Koulupsykologi · Perusopetus", "Oppilaan nimi: katselu", "Sopimus"),
}
"""Who sees the pupil: by which right, what it opens, and why; the psychologist is of another employer."""


def test_from_the_pupil_to_those_who_see_him_and_why(desk: Callable[[str], Desk], width: int) -> None:
    tuija = desk("data-protection-officer")
    tuija.search("oppilas onni")
    tuija.tap("Oppilas Onni")
    tuija.tap("Kuka näkee tiedot?")
    for name, told in SEEN.items():
        row = tuija.page.locator("#seers li", has_text=name).filter(has_text=told[0])
        for words in told:
            expect(row).to_contain_text(words)
    expect(tuija.page.locator("#seers")).not_to_contain_text("Wilma: Oppilas")
    with tuija.page.expect_download() as taken:
        tuija.page.get_by_role("link", name="Tallenna luettelo tiedostoksi").click()
    assert "Psykologi Pirkko" in taken.value.path().read_text(encoding="utf-8-sig")
