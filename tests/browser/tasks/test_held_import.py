"""Payroll's file broke off half way: the guard stops it, and another administrator decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.tasks import hr_file
from tests.browser.tasks.desk import Desk
from tests.kit.worlds.consortium import Consortium, DemoServer

pytestmark = [pytest.mark.browser, pytest.mark.services]


@pytest.fixture
def half(town: tuple[Consortium, DemoServer], width: int) -> Iterator[Callable[[], None]]:
    """The file is cut to its half, or less: what was refused is not asked again. What is given makes it whole."""
    whole = town[0].hr.read_bytes()
    hr_file.alter(town[0], lambda rows: rows[: len(rows) // (2 if width == 390 else 3)])
    yield lambda: _write(town[0], whole)
    _write(town[0], whole)


def _write(town: Consortium, content: bytes) -> None:
    town.hr.write_bytes(content)


def test_half_a_file_changes_nothing_until_another_administrator_has_decided(
    half: Callable[[], None], desk: Callable[[str], Desk], width: int
) -> None:
    heli = desk("personnel")
    hr_file.run(heli)
    heli.sound()
    heli.told("Tiedot ja oikeudet ovat ennallaan.")
    heli.told("Käynnistit ajon itse")
    veera = desk("veera.varahenkilo")
    veera.tap("Hyväksyntää odottavia tuonteja")
    veera.told("Mitään ei muutettu.")
    refuse(veera) if width == 390 else accept(veera)
    half()
    hr_file.run(heli)
    heli.told("Valmis")


def refuse(veera: Desk) -> None:
    """Refuse it with a reason, which whoever ran it reads on the run's page."""
    veera.page.locator("summary", has_text="Hylkää se").click()
    veera.fill(reason="Tiedosto katkesi kesken")
    veera.press("Hylkää")
    veera.told("Hylätty. Siitä ei viedä mitään läpi.")
    veera.page.locator("main table#runs a").first.click()
    veera.told("Hylännyt Veera Varahenkilö")
    veera.told("Tiedosto katkesi kesken")


def accept(veera: Desk) -> None:
    """Accept it as it is: what is missing from it stays until it is missing again."""
    veera.page.get_by_role("button", name="Hyväksy muutokset").click()
    hr_file.ended(veera)
    veera.told("Valmis")
