"""A school's secretary on a phone of 390 pixels, in Finnish: what she does every day is three taps away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_reflow import WRONG
from tests.kit.servers.chromium import PATIENCE, Chromium, axe, watch_complaints
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
SECRETARY = "sanna.sihteeri"
PHONE = {"width": 390, "height": 844}
MAY_END = f"""
administrators:
  - {{login: {SECRETARY}, organisation: KOIVU, permissions: [persons.read, codes.issue, sessions.end, access.end]}}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        file = pair[0].settings.state_dir / "secretary.yaml"
        file.write_text(MAY_END, encoding="utf-8")
        pair[0].apply(file)
        yield pair


@pytest.fixture
def phone(demo: tuple[Consortium, DemoServer], chromium: Chromium) -> Iterator[Page]:
    """The secretary's phone, on her overview."""
    with chromium.context() as context:
        page = context.new_page()
        complaints = watch_complaints(page)
        page.set_viewport_size(PHONE)
        page.goto(f"{demo[1].issuer}/admin/")
        page.fill("#login", SECRETARY)
        page.fill("#password", PASSWORDS[SECRETARY])
        page.locator("main form:has(#password) button[type=submit]").first.click()
        expect(page.locator(".phone-menu")).to_be_visible()
        yield page
        assert complaints == []


def sound(page: Page) -> None:
    """The page fits the phone, and breaks no rule of accessibility in the light or the dark."""
    page.wait_for_load_state()
    assert page.evaluate(WRONG) == []
    assert axe(page) == []


def tap(page: Page, name: str) -> None:
    page.locator("main").get_by_role("link", name=name).first.click()
    sound(page)


def test_the_search_and_three_large_actions_stand_on_the_first_page(phone: Page) -> None:
    sound(phone)
    field, tiles = phone.locator("input[type=search]"), phone.locator(".tiles--actions .tile")
    heights = tiles.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert len(heights) == 3
    assert min(heights) >= 72, "a thumb finds it"
    last = tiles.last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 2 * PHONE["height"]
    assert field.evaluate("(one, tile) => one.compareDocumentPosition(tile) & 4", tiles.first.element_handle())
    for words in ("Odottaa sinua", "Viimeiset 14 päivää"):
        expect(phone.get_by_role("heading", name=words)).to_be_visible()


def test_a_pupil_has_a_one_time_code_after_three_taps(phone: Page) -> None:
    tap(phone, "Oppilas ei pääse kirjautumaan")
    tap(phone, "Oppilas Onni")
    phone.get_by_role("button", name="Anna kertakoodi").click()
    expect(phone.locator("main")).to_contain_text("Kertakoodi tunnukselle onni.oppilas")
    sound(phone)


def test_an_access_is_ended_after_three_taps(phone: Page) -> None:
    tap(phone, "Lopeta jonkun pääsy")
    tap(phone, "Esimerkki Aino")
    phone.get_by_label("Syy").last.fill("Avain katosi")
    expect(phone.get_by_role("button", name="Lopeta pääsy nyt")).to_be_visible()


def test_the_people_of_the_school_and_who_came_and_left_are_one_tap_away(phone: Page) -> None:
    tap(phone, "Vastuualueeni henkilöt")
    expect(phone.locator("main table tbody tr").first).to_be_visible()
    phone.go_back()
    tap(phone, "Uusia henkilöitä")
    expect(phone.locator("main")).to_contain_text("tulleet viimeisten 14 päivän aikana")
    phone.go_back()
    tap(phone, "Lähteneitä henkilöitä")
    expect(phone.locator("main")).to_contain_text("lähteneet viimeisten 14 päivän aikana")
