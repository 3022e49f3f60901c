"""On a phone's 320 pixels every page is read without scrolling sideways, in three languages, no column of a table is
cut in silence, and what is pressed is as high as a thumb."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_admin_pages import ADMINISTRATOR, ELSEWHERE, Tour
from tests.kit.servers.chromium import PATIENCE, Chromium, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
NARROW = {"width": 320, "height": 640}
LANGUAGES = ("fi", "sv", "en")

WRONG = """() => {
  const wide = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > wide) found.push(`scrolls sideways: ${document.documentElement.scrollWidth}`);
  const named = (one) => one.tagName.toLowerCase() + (one.className && one.className.baseVal === undefined ? "." + one.className : "") + " " + one.textContent.trim().slice(0, 40);
  for (const one of document.querySelectorAll("body *")) {
    const box = one.getBoundingClientRect();
    const scrolled = one.closest(".hds-table-container, pre, .visually-hidden, .skip-link");
    if (box.width && box.right > wide + 1 && (!scrolled || scrolled === one)) found.push("beyond the edge: " + named(one));
    const clipped = one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "hidden" && !one.closest(".visually-hidden");
    if (clipped && one.clientWidth) found.push("cut: " + named(one));
  }
  for (const one of document.querySelectorAll(".hds-table-container")) {
    const hint = one.querySelector(".table-hint"), shown = hint && hint.getClientRects().length > 0;
    if (one.getClientRects().length && (one.scrollWidth > one.clientWidth + 1) !== shown) found.push((shown ? "needless hint: " : "no hint: ") + named(one));
  }
  for (const one of document.querySelectorAll(".hds-button, summary, header button")) {
    const box = one.getBoundingClientRect();
    if (wide < 600 && box.width && box.height < 44) found.push(`too low for a thumb, ${box.height}: ` + named(one));
  }
  for (const one of document.querySelectorAll("th")) if (!one.textContent.trim()) found.push("a head without a name: " + named(one.closest("table")));
  return found;
}"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        yield pair


@pytest.fixture
def phone(chromium: Chromium) -> Iterator[Callable[[str], Page]]:
    """``phone("sv")``: a page on a phone, in a language."""
    contexts = []

    def start(language: str) -> Page:
        contexts.append(chromium.context(language=f"{language}-FI"))
        page = contexts[-1].new_page()
        page.set_viewport_size({"width": 320, "height": 640})
        return page

    yield start
    for context in contexts:
        context.close()


def wrong(page: Page) -> list[str]:
    """What does not fit on the page."""
    page.wait_for_load_state()
    page.locator("main details, .phone-menu").evaluate_all("all => all.forEach(one => { one.open = true })")
    found: list[str] = page.evaluate(WRONG)
    return [f"{page.url}: {one}" for one in found]


class Narrow(Tour):
    """A tour on a phone: of every kind of page what does not fit is noted."""

    def _look(self, address: str) -> None:
        answer = self.page.goto(address)
        if answer is not None and answer.status == 200:
            self.wrong += wrong(self.page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_administration_page_fits_a_phone(
    demo: tuple[Consortium, DemoServer], phone: Callable[[str], Page], language: str
) -> None:
    consortium, server = demo
    page = phone(language)
    paula = Narrow(page, server.issuer, consortium.app.url_map.bind("localhost"))
    page.goto(f"{server.issuer}/admin/")
    page.fill("#login", ADMINISTRATOR)
    page.fill("#password", PASSWORDS[ADMINISTRATOR])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator(".phone-menu")).to_be_visible()
    page.locator(".phone-menu summary").click()
    paula.walk(paula._links(".phone-menu a"))
    assert paula.wrong == []
    assert len(paula.seen) > 25, ELSEWHERE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_signing_in_and_my_account_fits_a_phone(
    demo: tuple[Consortium, DemoServer], phone: Callable[[str], Page], language: str, tmp_path: Path
) -> None:
    issuer, page, found = demo[1].issuer, phone(language), []
    for path in (
        "/login",
        "/login?flow=x",
        "/forgotten",
        "/first-code",
        "/logged-out",
        "/nothing",
        "/oauth2/authorize?client_id=x",
        "/oauth2/logout?client_id=x",
    ):
        page.goto(f"{issuer}{path}")
        found += wrong(page)
        assert axe(page) == [], path
    page.goto(f"{issuer}/login")
    page.fill("#login", ADMINISTRATOR)
    page.fill("#password", "väärä")
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator("#form-error")).to_be_visible()
    found += wrong(page)
    page.fill("#password", PASSWORDS[ADMINISTRATOR])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    page.wait_for_url("**/account")
    found += wrong(page)
    assert axe(page) == []
    for path in ("/logout", "/factor/set-up", "/nothing", "/oauth2/logout?client_id=x"):
        page.goto(f"{issuer}{path}")
        found += wrong(page)
        assert axe(page) == [], path
    assert found == []
