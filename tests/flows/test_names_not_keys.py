"""Whoever reads the pages reads names: no key of an organisation, an application, a role, a rule, a group or a data group
stands in the demonstration's pages where it has a name, nor in what waits for a second person or explains a right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from iam.access.model.role import Application, DataGroup, Role, RoleContent
from iam.access.model.rule import Rule
from iam.apply.on_pages import application_stating
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation
from iam.oidc.model import Client
from iam.signin.accounts.account import Account
from tests.kit.browser import Browser
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, prepared

HOME, SOME = "/admin/", 2
"""Where the walk begins, and how many addresses of each kind it opens."""
WITHOUT_NAMES = frozenset({"code", "pre", "script", "style", "textarea", "datalist", "kbd"})
"""Elements in which keys are right: what is written for machines, or offered to be written."""
WAITS = """
rules:
  - rule: luokanopettaja-wilmaan
    owner: mansikkala
    bind: {a: {affiliation: {kind: employee, organisation: {under: mansikkala}}}}
    gives: {role: "wilma:rehtori", scope: organisation of a}
"""
"""A rule that has a name says something else: too many gain by it, so it waits."""
KEYS_ARE_RIGHT: Mapping[str, str] = {
    "admin.show_sample": "the rows of a source as it has them",
    "admin.new_role": "an example of how a use of data is written",
    "admin.edit_role": "an example of how a use of data is written",
    "admin.new_data_group": "an example of what a code is",
}
"""By endpoint: why a key stands there."""


class Page(HTMLParser):
    """The text that a page shows outside of code, and the addresses it leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.links, self._within = list[str](), list[str](), 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within += tag in WITHOUT_NAMES
        if tag == "a":
            self.links += [href for name, href in attrs if name == "href" and href]

    def handle_endtag(self, tag: str) -> None:
        self._within -= tag in WITHOUT_NAMES

    def handle_data(self, data: str) -> None:
        if not self._within:
            self.text.append(data)


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consortium]:
    with Consortium(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("named") / "state") as made:
        file = made.settings.state_dir / "waits.yaml"
        file.write_text(WAITS, encoding="utf-8")
        assert made.iam("apply", "-f", str(file)).exit_code == 3
        _stated_on_a_page(made)
        yield made


def _stated_on_a_page(made: Consortium) -> None:
    """A role of many is given more content, another role and a second person's guard: it waits."""
    actor = made.actor()
    with made.sessions.begin() as session:
        wilma = application_stating.application_row(session, "wilma")
        (teacher,) = (one for one in wilma["roles"] if one["key"] == "opettaja")
        more = {"content": [*teacher["content"], "henkilosto:read"], "includes": ["sihteeri"], "sensitive": True}
        stated = application_stating.role_stated(wilma, {**teacher, **more})
        report = application_stating.write(session, stated, actor, made.vault)
        assert report.held is not None


def keys(session: Session) -> dict[str, str]:
    """What must not stand in a text, and whose key it is."""
    roles = session.execute(select(Application.key, Role.key).join(Role, Role.application_id == Application.id))
    named = set(session.scalars(select(DataGroup.key)))
    uses = session.execute(select(RoleContent.data_group, RoleContent.operation).distinct())
    # The id of a client is its own, and may be what its application is called in files.
    clients = set(session.scalars(select(Client.client_id)))
    found = (
        dict.fromkeys(session.scalars(select(Organisation.key)), "organisation")
        | dict.fromkeys(session.scalars(select(Application.key)), "application")
        | dict.fromkeys(session.scalars(select(Rule.key).where(Rule.name.is_not(None))), "rule")
        | {f"{application}:{role}": "role" for application, role in roles}
        | dict.fromkeys(session.scalars(select(Group.key)), "group")
        | {f"{group}:{operation}": "use" for group, operation in uses if group in named}
    )
    return {key: what for key, what in found.items() if key not in clients}


def walk(browser: Browser, consortium: Consortium, language: str = "fi") -> Iterator[tuple[str, str, Page]]:
    """Every kind of page that can be reached by links, some of each: its endpoint, its address and what it shows."""
    kinds, seen = consortium.app.url_map.bind("localhost"), dict[str, int]()
    waiting, known = [HOME], {HOME}
    while waiting:
        address = waiting.pop(0)
        parts = urlsplit(address)
        try:
            endpoint, _ = kinds.match(parts.path, method="GET")
        except HTTPException:
            continue
        kind = f"{endpoint} {dict(parse_qsl(parts.query)).get('tab', '')}"
        if not endpoint.startswith("admin.") or endpoint.endswith("_file") or seen.get(kind, 0) >= SOME:
            continue
        seen[kind] = seen.get(kind, 0) + 1
        answer = browser.get(address, **{"Accept-Language": language})
        if answer.status_code != 200 or "html" not in answer.content_type:
            continue
        page = Page(answer.text)
        yield endpoint, address, page
        for link in (urljoin(address, href) for href in page.links):
            if link.startswith("/admin/") and link not in known:
                known.add(link)
                waiting.append(link)


def entered(consortium: Consortium, login: str) -> Browser:
    """An administrator's browser, let in at the door."""
    browser = Browser(consortium.app)
    at = browser.get(HOME)
    for _ in range(9):
        if at.location is None:
            break
        at = browser.get(at.location.removeprefix(browser.base))
    at = browser.fill(at, "/login", login=login, password=PASSWORDS[login])
    while at.location is not None:
        at = browser.get(at.location.removeprefix(browser.base))
    assert at.status_code == 200, at.text
    return browser


def test_no_key_stands_on_a_page_where_a_name_exists(consortium: Consortium) -> None:
    with consortium.sessions() as session:
        whose = keys(session)
    pattern = re.compile(
        r"(?<![\w:./@-])(" + "|".join(map(re.escape, sorted(whose, key=len, reverse=True))) + r")(?![\w:/@-])"
    )
    browser = entered(consortium, "paula.paakayttaja")
    endpoints, wrong = set(), list[str]()
    for endpoint, address, page in walk(browser, consortium):
        endpoints.add(endpoint)
        if endpoint in KEYS_ARE_RIGHT:
            continue
        for found in dict.fromkeys(pattern.findall(" ".join(page.text))):
            wrong.append(f"{endpoint} {address}: the {whose[found]} {found}")
    assert len(endpoints) > 60
    assert wrong == []


def test_what_waits_and_what_explains_a_right_speaks_of_things_by_their_names_in_the_readers_language(
    consortium: Consortium,
) -> None:
    with consortium.sessions() as session:
        whose = keys(session)
        finnish = {one.name_fi for one in session.scalars(select(Organisation)) if one.name_fi != one.name_en}
        aino = session.scalars(select(Account.person_id).where(Account.login == "aino.esimerkki")).one()
    browser, english = entered(consortium, "veera.varahenkilo"), {"Accept-Language": "en"}
    home = Page(browser.get(HOME, **english).text)
    waiting = [link for link in home.links if "/admin/declaration?" in link or link.endswith("/proposal")]
    assert len(waiting) == 2
    texts = {link: " ".join(Page(browser.get(link, **english).text).text) for link in waiting}
    texts["why"] = " ".join(Page(browser.get(f"/admin/persons/{aino}?tab=rights", **english).text).text)
    wrong = [(at, name) for at, text in texts.items() for name in {*whose, *finnish} if _stands(name, text)]
    assert wrong == []
    told = " ".join(texts.values())
    assert "Said before: Whoever is an employee (" in told
    assert "Added: Staff data: reading." in told
    assert "Includes from now on: Wilma: School secretary." in told
    assert "Oppimisympäristön vastuuhenkilöt" in texts["why"]
    assert "Koivurinne School: " in told, "why it waits"


def _stands(name: str, text: str) -> bool:
    return re.search(rf"(?<![\w:./@-]){re.escape(name)}(?![\w:/@-])", text) is not None
