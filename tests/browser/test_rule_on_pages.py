"""A rule is made on its page, on a phone and on a desk: named in words, its occupation looked for and ticked, its effect
seen, and called otherwise afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_roles_on_pages import FIRST, administrator, looked_at, press
from tests.kit.servers.chromium import PATIENCE, Chromium
from tests.kit.worlds.consortium import SMALL, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as (_, server):
        yield server.issuer


@pytest.mark.parametrize("width", [390, 1280])
def test_a_rule_is_made_with_an_occupation_chosen_from_those_people_have(
    chromium: Chromium, issuer: str, save_screenshot: Callable[[Page, str], Path], width: int
) -> None:
    paula = administrator(chromium, issuer, FIRST, "/admin/rules/new")
    paula.set_viewport_size({"width": width, "height": 844})
    main = paula.locator("main")
    paula.fill("#name_fi", f"Rehtorit oppimisympäristöön {width}")
    paula.fill("#name_sv", f"Rektorer till lärmiljön {width}")
    paula.fill("#owner", "Mansikkala")
    paula.get_by_label("Työntekijä", exact=True).check()
    paula.fill("#find", "rehtor")
    press(paula, "Etsi")
    choice = paula.locator("#occupations-choice")
    expect(choice.get_by_label("rehtori", exact=False).first).to_be_visible()
    choice.locator("input[value=rehtori]").check()
    paula.select_option("#place_kind", "school")
    paula.select_option("#role", "oppimisymparisto:opettaja")
    press(paula, "Näytä vaikutus")
    expect(main).to_contain_text("Vaikutus")
    expect(choice.locator("input[value=rehtori]")).to_be_checked()
    looked_at(paula, save_screenshot, f"rule-occupation-{width}")
    paula.set_viewport_size({"width": width, "height": 844})
    press(paula, "Julkaise sääntö")
    paula.goto(f"{issuer}/admin/rules/rehtorit-oppimisymparistoon-{width}")
    expect(paula.locator("h1")).to_have_text(f"Rehtorit oppimisympäristöön {width}")
    expect(main).to_contain_text("rehtori")
    paula.get_by_role("link", name="Muuta nimeä").click()
    paula.fill("#name_fi", f"Rehtorit {width}")
    looked_at(paula, save_screenshot, f"rule-name-{width}")
    press(paula, "Tallenna")
    expect(paula.locator("h1")).to_have_text(f"Rehtorit {width}")
    paula.goto(f"{issuer}/admin/rules")
    expect(paula.get_by_role("link", name=f"Rehtorit {width}", exact=True)).to_be_visible()
