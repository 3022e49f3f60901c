"""A teacher looks after a colleague's papers for some weeks: a right by hand, with its end and its reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from iam import clock
from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_a_rights_manager_gives_a_right_by_hand_and_ends_it(desk: Callable[[str], Desk], width: int) -> None:
    name = {390: "Haapasaari Leevi", 1280: "Kaarnamäki Reetta"}[width]
    last = clock.today() + timedelta(days=20)
    oili = desk("rights-manager")
    oili.search(name)
    oili.tap(name)
    oili.tap("Anna oikeus")
    expect(oili.page.locator("#role")).to_be_in_viewport()
    oili.fill(role="wilma:sihteeri", until=last.isoformat(), reason="Hoitaa sihteerin tehtäviä loman ajan")
    oili.page.select_option("#capacity", label="Luokanopettaja · Koivurinteen koulu")
    oili.page.select_option("#scope", label="Koivurinteen koulu")
    oili.press("Anna oikeus")
    oili.told("Oikeus annettiin.")
    oili.told(f"Wilma: Koulusihteeri · Koivurinteen koulu, {last.day}.{last.month}.{last.year} asti")
    row = oili.page.locator("main .rows li", has_text="Wilma: Koulusihteeri")
    row.locator("summary").click()
    oili.told("Annettu käsin: Hoitaa sihteerin tehtäviä loman ajan")
    row.get_by_label("Lopettamisen perustelu").fill("Sihteeri palasi lomalta")
    oili.press("Lopeta tämä oikeus")
    oili.told("Oikeus lopetettiin.")
    expect(oili.page.locator("main .rows")).not_to_contain_text("Koulusihteeri")
    oili.told("Wilma: Opettaja")
