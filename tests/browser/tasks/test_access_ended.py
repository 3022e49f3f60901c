"""A secretary's phone rings: a pupil must not get in any more. Then it was somebody else, and she takes it back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]
RIGHT = "Wilma: Oppilas · Koivurinteen koulu"


def test_a_secretary_ends_a_pupils_access_in_three_taps_and_undoes_it(desk: Callable[[str], Desk], width: int) -> None:
    name = {390: "Suoniemi Kaarlo", 1280: "Oravaniitty Essi"}[width]
    tiina = desk("secretary")
    tiina.tap("Lopeta jonkun pääsy")
    tiina.tap(name)
    tiina.told(RIGHT)
    expect(tiina.page.get_by_role("button", name="Lopeta pääsy nyt")).to_be_in_viewport()
    tiina.fill(end_reason="Tunnus on toisen käsissä")
    tiina.press("Lopeta pääsy nyt")
    tiina.told("Pääsy lopetettiin")
    tiina.told("Tunnus on toisen käsissä")
    tiina.told("Ei käyttöoikeuksia tänä päivänä.")
    tiina.page.locator("summary", has_text="Kumoa").click()
    tiina.fill(restore_reason="Kyse oli toisesta oppilaasta")
    tiina.press("Palauta pääsy")
    tiina.told("Pääsy palautettiin")
    tiina.told(RIGHT)
