"""Every kind of administration page in a browser, as the consortium's administrator and as a school's secretary see
it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from iam.change import SYSTEM
from iam.plans import rule_proposals
from tests.kit.servers.chromium import PATIENCE, Chromium, axe, watch_complaints
from tests.kit.worlds.consortium import PASSWORDS, SCHOOLS, SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
ELSEWHERE = {
    "admin.login",
    "admin.callback",
    "admin.unclear",
    "admin.agreement_proposal",
    "admin.show_signature",
    "admin.show_clause",
    "admin.show_clause_end",
    "admin.show_cancellation",
    "admin.show_restoring",
    "admin.show_closing",
    "admin.show_appointment",
    "admin.waiting_administrator",
    "admin.bulk_rules",
    "admin.waiting_bulk_act",
    "admin.export_occupations",
}
"""Views that no link leads to here: the door, the people of whom a source is unclear, of whom there are none; a signature
that is missing, what waits about an agreement, clauses and cancelling, which the first agreement does not have
(``test_agreement``), clauses to restore (``test_restoring``), what an organisation is open to (``test_new_source``), and an
appointment, which begins by looking for somebody (``test_appointing``); acts for many people (``test_bulk``); the names
of occupations taken home, of which there are none (``test_occupations``)."""
DECLARATION = """
rules:
  - rule: kaikki-rehtoreiksi
    owner: mansikkala
    bind: {a: {affiliation: {kind: employee, organisation: {under: mansikkala}}}}
    gives: {role: "wilma:rehtori", scope: organisation of a}
"""
"""Of it somebody gains too much to go through: it waits."""
ADMINISTRATOR, SECRETARY = "paula.paakayttaja", "sanna.sihteeri"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        with pair[0].sessions.begin() as session:
            assert rule_proposals.withdraw(session, "oppilas-wilmaan", SYSTEM)
        file = pair[0].settings.state_dir / "rule.yaml"
        file.write_text(DECLARATION, encoding="utf-8")
        assert pair[0].iam("apply", "-f", str(file)).exit_code == 3
        yield pair


class Tour:
    """A walk over the pages that links lead to, one page of each kind, each looked at closely."""

    def __init__(self, page: Page, issuer: str, kinds: MapAdapter) -> None:
        self.page, self.issuer, self.kinds = page, issuer, kinds
        self.seen: dict[str, str] = {}
        self.wrong: list[str] = []
        self.complaints = watch_complaints(page)
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def sign_in(self, login: str) -> None:
        """Sign in at the door of the administration."""
        self.page.goto(f"{self.issuer}/admin/")
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORDS[login])
        self.page.locator("main form:has(#password) button[type=submit]").first.click()
        expect(self.page.locator(".side-menu")).to_be_visible()

    def menu(self) -> list[str]:
        """The pages that the menu leads to."""
        return self._links(".side-menu a")

    def walk(self, start: list[str]) -> None:
        """Look at the pages of ``start``, and at one of each further kind that they lead to."""
        waiting = list(start)
        while waiting:
            address = waiting.pop(0)
            kind = self._kind(address)
            if kind is not None and kind not in self.seen:
                self.seen[kind] = address
                self._look(address)
                waiting += self._links("main a:not([download])")

    def _look(self, address: str) -> None:
        answer = self.page.goto(address)
        if answer is None or answer.status != 200:
            self.wrong.append(f"{address}: {answer and answer.status}")
            return
        self.page.locator("main details").evaluate_all("all => all.slice(0, 5).forEach(one => { one.open = true })")
        self.wrong += [f"{address}: {found.rule} {found.targets}" for found in axe(self.page)]
        if self.page.locator("h1").count() != 1:
            self.wrong.append(f"{address}: not one heading of the first level")
        self.wrong += [f"{address}: {complaint}" for complaint in self.complaints]
        self.complaints.clear()

    def _links(self, selector: str) -> list[str]:
        found: list[str] = self.page.locator(selector).evaluate_all("all => all.map(one => one.href)")
        return list(dict.fromkeys(urljoin(self.page.url, address) for address in found))

    def _kind(self, address: str) -> str | None:
        """The view that answers an address of the administration, and its tab; None for anything else."""
        path, query = urlsplit(address).path, dict(parse_qsl(urlsplit(address).query))
        if not address.startswith(self.issuer) or not path.startswith("/admin/"):
            return None
        try:
            endpoint, _ = self.kinds.match(path, method="GET")
        except HTTPException:
            return f"nothing answers {path}"
        return f"{endpoint} {query.get('tab', '')}".strip()


@pytest.fixture
def tour(demo: tuple[Consortium, DemoServer], chromium: Chromium) -> Iterator[Callable[[str, str], Tour]]:
    """``tour(login, language)``: a person's tour, signed in."""
    consortium, server = demo
    contexts = []

    def start(login: str, language: str) -> Tour:
        contexts.append(chromium.context(language=language))
        made = Tour(contexts[-1].new_page(), server.issuer, consortium.app.url_map.bind("localhost"))
        made.sign_in(login)
        return made

    yield start
    for context in contexts:
        context.close()


def test_every_kind_of_page_is_sound_for_the_administrator_of_the_consortium(
    tour: Callable[[str, str], Tour], demo: tuple[Consortium, DemoServer]
) -> None:
    paula = tour(ADMINISTRATOR, "fi-FI")
    menu = paula.menu()
    assert {urlsplit(address).path.split("/")[2] for address in menu} >= {
        "",
        "persons",
        "organisations",
        "sources",
        "roles",
        "rules",
    }
    paula.walk(menu)
    assert paula.wrong == []
    assert set(menu) <= set(paula.seen.values())
    assert {f"admin.person {tab}".strip() for tab in ("", "facts", "timeline", "signin", "log")} <= set(paula.seen)
    rules = [
        rule
        for rule in demo[0].app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.") and "GET" in (rule.methods or ())
    ]
    pages = {rule.endpoint for rule in rules if not rule.endpoint.endswith("_file")}
    assert pages - {kind.split()[0] for kind in paula.seen} == ELSEWHERE


def test_every_kind_of_page_is_sound_for_a_secretary_who_sees_her_school_only(tour: Callable[[str, str], Tour]) -> None:
    sanna = tour(SECRETARY, "sv-FI")
    assert sanna.page.locator("html").get_attribute("lang") == "sv"
    expect(sanna.page.locator(".who__part")).to_contain_text("Björkbrinkens skola")
    sanna.walk(sanna.menu())
    assert sanna.wrong == []
    sanna.page.goto(f"{sanna.issuer}/admin/persons")
    assert "Psykologi" not in sanna.page.inner_text("main")


def test_a_person_without_administration_meets_a_page_that_says_so(
    demo: tuple[Consortium, DemoServer], page: Page
) -> None:
    page.goto(f"{demo[1].issuer}/admin/")
    page.fill("#login", "eero.malli")
    page.fill("#password", PASSWORDS["eero.malli"])
    page.locator("main form:has(#password) button[type=submit]").first.click()
    expect(page.locator("h1")).to_be_visible()
    assert page.locator(".side-menu").count() == 0
    assert axe(page) == []


def test_the_administrator_finds_why_a_teacher_has_a_right(tour: Callable[[str, str], Tour]) -> None:
    paula = tour(ADMINISTRATOR, "fi-FI")
    page = paula.page
    page.goto(f"{paula.issuer}/admin/persons")
    page.fill("input[type=search]", "Esimerkki Aino")
    page.locator("form[role=search] button").click()
    page.get_by_role("link", name="Esimerkki").first.click()
    expect(page.locator("h1")).to_contain_text("Aino")
    page.locator("main nav a", has_text="Oikeudet").click()
    page.locator("summary", has_text="Miksi?").first.click()
    expect(page.locator("main")).to_contain_text(SCHOOLS["KOIVU"])
    expect(page.locator("main")).to_contain_text("hr")
    assert axe(page) == []
