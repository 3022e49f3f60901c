"""The rights of a person on paper: every reason can be read, and nothing that needs a screen is printed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.kit.servers.chromium import PATIENCE
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
ADMINISTRATOR = "paula.paakayttaja"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        yield pair


def test_every_reason_is_printed_and_no_form(page: Page, demo: tuple[Consortium, DemoServer]) -> None:
    page.goto(f"{demo[1].issuer}/admin/persons")
    page.fill("#login", ADMINISTRATOR)
    page.fill("#password", PASSWORDS[ADMINISTRATOR])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    page.wait_for_url("**/admin/persons")
    page.goto(f"{demo[1].issuer}/admin/persons?kind=employee")
    people = page.locator("main table th[scope=row] a").evaluate_all("all => all.map(one => one.href)")
    for address in people:
        page.goto(address)
        if page.locator(".rows .disclosure").count():
            break
    reason, forms = page.locator(".rows .disclosure__body").first, page.locator("main form")
    printed = page.locator(".paper-only")
    assert forms.count() > 1
    expect(reason).not_to_be_visible()
    expect(printed).not_to_be_visible()
    page.emulate_media(color_scheme="dark")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) != "rgb(255, 255, 255)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)", "paper is white, however dark the screen"
    assert reason.evaluate("one => one.checkVisibility({contentVisibilityAuto: true})")
    assert reason.evaluate("one => one.getBoundingClientRect().height") > 20
    expect(printed).to_be_visible()
    for n in range(forms.count()):
        expect(forms.nth(n)).not_to_be_visible()
    for hidden in (".side-menu", ".tabs", ".page-actions", "main > .disclosure"):
        assert not page.locator(hidden).first.is_visible(), hidden
