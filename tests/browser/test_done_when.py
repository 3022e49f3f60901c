"""The demonstration in a browser, as ``make run`` serves it: sign in, choose, switch, sign out, and lose what one
had."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete

from iam.oidc.model import RememberedCapacity
from tests.kit.servers.chromium import PATIENCE, Chromium, axe, watch_complaints
from tests.kit.worlds.consortium import PASSWORDS, SCHOOLS, SMALL, Consortium, DemoServer, prepared, served, yesterday

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
TEACHER = "aino.esimerkki"
SIGN_IN = {"fi": "Kirjaudu sisään", "sv": "Logga in", "en": "Sign in"}
CHOOSE = {
    "fi": "Missä asemassa jatkat?",
    "sv": "I vilken egenskap fortsätter du?",
    "en": "In which capacity do you continue?",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared(tmp_path_factory, *SMALL)


@pytest.fixture(scope="module")
def standing(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    """The demonstration, for tests that change nothing in it but their own sessions."""
    with served(original, tmp_path_factory.mktemp("demo")) as pair:
        yield pair


@pytest.fixture
def demo(standing: tuple[Consortium, DemoServer]) -> DemoServer:
    """The demonstration, which remembers nobody's last choice."""
    consortium, server = standing
    with consortium.sessions.begin() as session:
        session.execute(delete(RememberedCapacity))
    return server


@pytest.fixture(scope="module")
def changing(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    """The demonstration, to change."""
    with served(original, tmp_path_factory.mktemp("changing")) as pair:
        yield pair


class Seen:
    """A page that is checked at each step: nothing may be wrong with it for somebody who cannot see or point."""

    def __init__(self, page: Page, *, scripts: bool = True) -> None:
        self.page, self.scripts = page, scripts
        self.complaints = watch_complaints(page)

    def sound(self) -> None:
        """No accessibility rule is broken here, and no script or policy complained on the way."""
        if self.scripts:
            assert axe(self.page) == [], self.page.url
        assert self.complaints == [], self.page.url

    def sign_in(self, login: str, button: str = SIGN_IN["fi"]) -> None:
        """Fill in the sign-in page."""
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORDS[login])
        self.page.get_by_role("button", name=button, exact=True).click()

    def choose(self, school: str) -> None:
        """Choose the capacity in a school."""
        self.page.locator("label", has_text=SCHOOLS[school]).click()
        self.page.get_by_role("button", name="Jatka").click()

    def told(self, school: str) -> None:
        """The application shows this school and its role, and nothing of another."""
        expect(self.page.locator("#organisation")).to_have_text(school)
        expect(self.page.locator("#roles li")).to_have_text([f"opettaja@{school}"])
        others = {"KOIVU", "RANTA", "OPISTO"} - {school}
        assert not others & set(re.findall(r"@(\w+)", self.page.content()))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_teacher_signs_in_chooses_a_school_switches_and_signs_out(
    demo: DemoServer, chromium: Chromium, scripts: bool
) -> None:
    with chromium.context(scripts=scripts) as context:
        page = context.new_page()
        seen = Seen(page, scripts=scripts)
        page.goto(demo.relying)
        seen.sound()
        page.get_by_role("link", name=SIGN_IN["fi"]).click()
        expect(page.locator("h1")).to_have_text(SIGN_IN["fi"])
        seen.sound()
        seen.sign_in(TEACHER)
        expect(page.locator("h1")).to_have_text(CHOOSE["fi"])
        seen.sound()
        seen.choose("KOIVU")
        seen.told("KOIVU")
        expect(page.locator("h1")).to_have_text("Hei, Aino Esimerkki")
        seen.sound()
        page.get_by_role("link", name="Vaihda asemaa").click()
        seen.choose("RANTA")
        seen.told("RANTA")
        page.get_by_role("button", name="Päivitä tiedot").click()
        seen.told("RANTA")
        page.get_by_role("button", name="Kirjaudu ulos").click()
        expect(page.get_by_role("status")).to_have_text("Olet kirjautunut ulos.")
        assert page.url.partition("?")[0] == f"{demo.relying}/"
        page.get_by_role("link", name=SIGN_IN["fi"]).click()
        expect(page.locator("#password")).to_be_visible()
        seen.sound()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_pages_of_signing_in_are_sound_in_every_language(
    demo: DemoServer, chromium: Chromium, language: str
) -> None:
    with chromium.context(language=f"{language}-FI") as context:
        page = context.new_page()
        seen = Seen(page)
        page.goto(f"{demo.issuer}/login")
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("h1")).to_have_text(SIGN_IN[language])
        seen.sound()
        page.fill("#login", TEACHER)
        page.fill("#password", "ei tämä")
        page.get_by_role("button", name=SIGN_IN[language], exact=True).click()
        expect(page.get_by_role("alert")).to_be_visible()
        seen.sound()
        page.goto(f"{demo.issuer}/first-code")
        seen.sound()
        page.goto(f"{demo.relying}/sign-in")
        seen.sign_in(TEACHER, SIGN_IN[language])
        expect(page.locator("h1")).to_have_text(CHOOSE[language])
        seen.sound()
        page.goto(f"{demo.issuer}/account")
        expect(page.locator("#password-change")).to_be_visible()
        page.locator("details").first.locator("summary").click()
        seen.sound()
        page.goto(f"{demo.issuer}/oauth2/logout")
        expect(page.locator("html")).to_have_attribute("lang", language)
        seen.sound()
        page.locator("button[name=decision]").first.click()
        expect(page.locator("a[href='/login']")).to_be_visible()
        seen.sound()


def test_nothing_is_lost_of_the_page_on_a_narrow_screen(demo: DemoServer, chromium: Chromium) -> None:
    with chromium.context() as context:
        page = context.new_page()
        seen = Seen(page)
        page.set_viewport_size({"width": 320, "height": 640})
        page.goto(f"{demo.relying}/sign-in")
        assert _scrolls_sideways(page) is False
        seen.sign_in(TEACHER)
        expect(page.locator("h1")).to_have_text(CHOOSE["fi"])
        assert _scrolls_sideways(page) is False
        seen.choose("KOIVU")
        seen.told("KOIVU")
        assert _scrolls_sideways(page) is False
        page.goto(f"{demo.issuer}/account")
        assert _scrolls_sideways(page) is False
        seen.sound()


def test_somebody_without_a_right_is_told_so_and_may_go_back(demo: DemoServer, page: Page) -> None:
    seen = Seen(page)
    page.goto(f"{demo.relying}/sign-in")
    seen.sign_in("taina.tyovoima")
    expect(page.locator("h1")).to_contain_text("Wilma")
    seen.sound()
    page.locator("main a.hds-button").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Pääsy evättiin")
    seen.sound()


def test_a_page_that_is_not_there_is_sound(demo: DemoServer, page: Page) -> None:
    answer = page.goto(f"{demo.issuer}/ei-ole")
    assert answer is not None
    assert answer.status == 404
    Seen(page).sound()


def test_an_employment_that_ended_in_the_hr_file_is_gone_from_the_application(
    changing: tuple[Consortium, DemoServer], chromium: Chromium
) -> None:
    consortium, demo = changing
    with chromium.context() as context:
        seen = _in_koivu(context, demo)
        consortium.end_employment("P1001-1", yesterday())
        done = consortium.iam("source", "run", "hr", "--as", "olli.operaattori")
        assert done.exit_code == 0, done.output
        seen.page.get_by_role("button", name="Päivitä tiedot").click()
        expect(seen.page.get_by_role("alert")).to_contain_text("Oikeutesi tai istuntosi on päättynyt")
        seen.sound()
    with chromium.context() as context:
        page = context.new_page()
        page.goto(f"{demo.relying}/sign-in")
        Seen(page).sign_in(TEACHER)
        Seen(page).told("OPISTO")


def _in_koivu(context: BrowserContext, demo: DemoServer) -> Seen:
    """The teacher in a school."""
    seen = Seen(context.new_page())
    seen.page.goto(f"{demo.relying}/sign-in")
    seen.sign_in(TEACHER)
    seen.choose("KOIVU")
    seen.told("KOIVU")
    return seen


def _scrolls_sideways(page: Page) -> bool:
    page.wait_for_load_state("load")  # before its style sheet a page is as wide as its longest line
    found: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return found
