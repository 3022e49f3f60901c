"""Somebody at a desk: a browser in Finnish, in which fields, buttons and links are found by what they are called."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.kit.servers.chromium import Chromium, axe

LOOKS = re.compile("^(Näytä vaikutus|Näytä, mitä siitä seuraa)$")
"""The button that shows what an act does, before it is done."""
WIDTHS = (390, 1280)
CODE = re.compile(r"[2-9A-Z]{5}-[2-9A-Z]{5}")
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
Saves = Callable[[Page, str], Path]


class Desk:
    """One person's browser at an installation; ``close`` it."""

    def __init__(self, chromium: Chromium, issuer: str, save: Saves | None) -> None:
        self.issuer, self._save = issuer, save
        self.context: BrowserContext = chromium.context(language="fi-FI")
        self.page: Page = self.context.new_page()
        self.page.set_viewport_size({"width": WIDTHS[-1], "height": 844})

    def enters_as_administrator(self) -> None:
        """Open the administration pages for the first time, which ask for a passkey; the device has one."""
        devtools = self.context.new_cdp_session(self.page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        self.goto("/admin/")
        self.fill(Pääsyavaimen_nimi="Työkone")
        self.press("Luo pääsyavain")
        self.page.locator("#recovery-codes li").first.wait_for()
        self.page.locator("main a.hds-button").click()
        expect(self.page.locator(".side-menu")).to_be_visible()

    def close(self) -> None:
        """Close the browser's window."""
        self.context.close()

    @property
    def main(self) -> Locator:
        """What the page is about."""
        return self.page.locator("main")

    def goto(self, path: str) -> None:
        """Open a page of the installation."""
        self.page.goto(f"{self.issuer}{path}")

    def fill(self, **said: str) -> None:
        """Fill fields by their labels, in which ``_`` is a blank."""
        for label, value in said.items():
            self.say(label.replace("_", " "), value)

    def say(self, label: str, value: str) -> None:
        """Write into the field of a label, or choose in it by what is offered."""
        field = self.field(label)
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)

    def field(self, label: str) -> Locator:
        """The field of a label."""
        return self.main.get_by_label(re.compile(rf"^\s*{re.escape(label)}\s*(\*|\(|$)")).first

    def tick(self, label: str) -> None:
        """Tick the box, or choose the card, of a label."""
        self.main.get_by_label(label, exact=True).first.check()

    def press(self, name: str) -> None:
        """Press a button; where a fresh proof is asked, give it by the passkey and press again."""
        self._button(name).click()
        self.page.wait_for_load_state()
        if "/factor?" in self.page.url:
            self._button("Käytä pääsyavainta").click()
            self.page.wait_for_url(lambda url: "/factor" not in url)
            if not self._button(name).count():
                self.main.get_by_role("button", name=LOOKS).first.click()
            self._button(name).click()

    def _button(self, name: str) -> Locator:
        return self.main.get_by_role("button", name=name, exact=True).first

    def follow(self, name: str) -> None:
        """Follow a link."""
        self.main.get_by_role("link", name=name, exact=True).first.click()

    def sees(self, text: str) -> None:
        """The page says this."""
        expect(self.main).to_contain_text(text)

    def sees_no(self, text: str) -> None:
        """The page does not say this."""
        expect(self.main).not_to_contain_text(text)

    def looked_at(self, name: str) -> None:
        """The page is sound, and nothing of it sticks out on a phone."""
        assert axe(self.page) == [], self.page.url
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 844})
        assert self.page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[0], self.page.url
        self.page.set_viewport_size({"width": WIDTHS[-1], "height": 844})
        self.seen(name)

    def seen(self, name: str) -> None:
        """Keep the page as pictures, on a desk and on a phone, where pictures are asked for."""
        for width in WIDTHS if self._save else ():
            self.page.set_viewport_size({"width": width, "height": 844})
            assert self._save
            self._save(self.page, f"begin-{name}-{width}")

    def code(self) -> str:
        """The one-time code that stands on the page."""
        found = CODE.search(self.main.inner_text())
        assert found is not None, self.main.inner_text()
        return found[0]

    def first_sign_in(self, login: str, code: str, password: str) -> None:
        """Choose a password by a one-time code."""
        self.goto("/first-code")
        self.fill(Käyttäjätunnus=login, Kertakoodi=code)
        self.press("Jatka")
        self.fill(Uusi_salasana=password, Uusi_salasana_uudelleen=password)
        self.press("Tallenna ja kirjaudu sisään")
        self.page.wait_for_url("**/account*")
