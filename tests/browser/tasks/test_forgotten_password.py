"""Somebody stands at the help desk and has forgotten the password."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_somebody_at_the_desk_goes_away_with_a_code_that_opens_their_account(desk: Callable[[str], Desk]) -> None:
    timo = desk("help-desk")
    timo.fill(q="malli eero")
    timo.page.keyboard.press("Enter")
    timo.tap("Malli Eero")
    timo.tap("Kirjautuminen")
    timo.press("Anna kertakoodi")
    timo.told("Kertakoodi tunnukselle eero.malli")
