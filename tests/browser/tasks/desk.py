"""An administrator at a desk or with a telephone: how they sign in, press, and look whether a page is sound."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.test_reflow import WRONG
from tests.kit.servers.chromium import axe
from tests.kit.worlds.consortium import PASSWORDS

MADE = "hidas-valo-kulkee-lahteelle"
"""The password of those who are administrators in these tests alone."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A page on which somebody has signed in to the administration."""

    page: Page
    issuer: str

    @classmethod
    def of(cls, page: Page, issuer: str, login: str) -> Desk:
        """Sign in, and stand on the overview."""
        page.goto(f"{issuer}/admin/")
        page.fill("#login", login)
        page.fill("#password", PASSWORDS.get(login, MADE))
        page.locator("main form:has(#password) button[type=submit]").first.click()
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_url(f"{issuer}/admin/")
        return cls(page, issuer)

    def go(self, path: str) -> None:
        """Go to a page of the administration, and look at it."""
        self.page.goto(f"{self.issuer}{path}")
        self.sound()

    def search(self, text: str) -> None:
        """Look for somebody on the overview."""
        self.page.goto(f"{self.issuer}/admin/")
        self.fill(q=text)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/admin/persons?**")
        self.sound()

    def tap(self, name: str) -> None:
        """Follow a link of the page's content."""
        self.page.locator("main").get_by_role("link", name=name).first.click()
        self.sound()

    def menu(self, name: str) -> None:
        """Choose in the menu, which is opened first where the screen is narrow."""
        wide = self.page.locator(".side-menu")
        narrow = self.page.locator(".phone-menu")
        if not wide.is_visible():
            narrow.locator("summary").click()
        (wide if wide.is_visible() else narrow).get_by_role("link", name=name, exact=True).click()
        self.sound()

    def press(self, name: str) -> None:
        """Press a button of the page's content."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).first.click()
        self.sound()

    def fill(self, **said: str) -> None:
        """Fill fields by their ids (two underscores for a dot), and choose in lists."""
        for name, value in said.items():
            field = self.page.locator(f'[id="{name.replace("__", ".")}"]')
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def told(self, text: str) -> None:
        """The page's content tells something."""
        expect(self.page.locator("main")).to_contain_text(text)

    def sound(self) -> None:
        """The page fits its width, and breaks no rule of accessibility."""
        self.page.wait_for_load_state()
        # Hints beside wide tables come once the page has its size.
        self.page.wait_for_function(f"() => ({WRONG})().length === 0 || performance.now() > 5000")
        found = self.page.evaluate(WRONG)
        assert found == [], found
        broken = axe(self.page)
        assert broken == [], broken
