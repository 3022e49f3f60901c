"""Personnel: somebody is employed, leaves or changes the name, and payroll's file says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.tasks import hr_file
from tests.browser.tasks.desk import Desk
from tests.kit.worlds.consortium import Consortium, DemoServer, yesterday

pytestmark = [pytest.mark.browser, pytest.mark.services]
Town = tuple[Consortium, DemoServer]


def test_a_new_employee_has_her_rights_after_the_run(town: Town, desk: Callable[[str], Desk], width: int) -> None:
    number, family = {390: ("3001", "Uusitalo"), 1280: ("3002", "Uusniemi")}[width]
    names = {"etunimet": "Nelli Maria", "kutsumanimi": "Nelli", "sukunimi": family, "hetu": ""}
    hr_file.add(town[0], henkilonumero=number, palvelussuhdenumero=f"P{number}-1", **names)
    heli = desk("personnel")
    hr_file.run(heli, look=True)
    heli.told("Valmis")
    heli.search(f"{family} nelli")
    heli.tap(f"{family} Nelli")
    heli.told("Luokanopettaja · Koivurinteen koulu")
    heli.told("Wilma: Opettaja · Koivurinteen koulu")


def test_a_leaver_is_gone_after_the_run_and_the_page_says_when_and_why(
    town: Town, desk: Callable[[str], Desk], width: int
) -> None:
    number, name = {390: ("1620", "Siiliniemi Viivi"), 1280: ("1775", "Myllykoski Lasse")}[width]
    last = yesterday()
    hr_file.correct(town[0], number, paattymispvm=f"{last.day}.{last.month}.{last.year}")
    heli = desk("personnel")
    hr_file.run(heli)
    heli.told("Valmis")
    heli.search(name)
    heli.tap(name)
    heli.told("Ei käyttöoikeuksia tänä päivänä.")
    heli.told(f"{last.day}.{last.month}.{last.year}")
    heli.tap("Aikajana")
    heli.told("Tuonti lähteestä Palkkajärjestelmä")


def test_somebody_who_changed_the_name_is_found_by_the_old_and_the_new(
    town: Town, desk: Callable[[str], Desk], width: int
) -> None:
    number, old, new = {390: ("1780", "Kynnyssaari", "Aaltola"), 1280: ("1770", "Harjulinna", "Meriluoto")}[width]
    hr_file.correct(town[0], number, sukunimi=new)
    heli = desk("personnel")
    hr_file.run(heli)
    heli.told("Valmis")
    for looked_for in (old, new):
        heli.search(looked_for)
        expect(heli.page.locator("main tbody th, main tbody td").first).to_contain_text(new)
    heli.tap(new)
    heli.tap("Aikajana")
    heli.told(old)
