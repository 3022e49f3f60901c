"""Two schools become one on a coming day: what it does is seen first, and then the one continues the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from iam import clock
from tests.browser.tasks.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_a_school_is_continued_by_another_from_a_coming_day_once_what_it_does_was_seen(
    desk: Callable[[str], Desk], width: int
) -> None:
    paula, day = desk("paula.paakayttaja"), clock.today() + timedelta(days=40)
    old, new = f"Kuusikon koulu {width}", f"Kuusiluodon yhtenäiskoulu {width}"
    paula.menu("Organisaatiot")
    paula.fill(q=old)
    paula.page.keyboard.press("Enter")
    paula.tap(old)
    paula.tap("Yhdistä toiseen organisaatioon")
    paula.fill(other="Kuusiluodon yhtenäiskoulu", day=day.isoformat())
    paula.press("Näytä vaikutus")
    expect(paula.page.locator("#other-error")).to_be_visible()
    paula.fill(other=new)
    paula.press("Näytä vaikutus")
    paula.told(new)
    paula.told("Kukaan ei saa eikä menetä mitään.")
    paula.press("Tee se")
    continues = paula.page.locator("#relations tr", has_text=new)
    expect(continues).to_contain_text("Toimintaa jatkaa")
    expect(continues).to_contain_text(f"{day.day}.{day.month}.{day.year}")
