"""HT-03: whatever people wrote, no page runs it: a real browser opens the pages of a consortium whose every name is a
script or markup."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application, ApplicationEnabled
from iam.database.types import uuid7
from iam.oidc.model import Client
from iam.signin.accounts.factor import Passkey
from iam.signin.factors import levels
from iam.tokens.session import LoginSessionRow
from tests.kit.servers.avain import Avain
from tests.kit.servers.chromium import Chromium, watch_complaints
from tests.kit.worlds import admin as admin_world, neighbour, payloads
from tests.kit.worlds.admin import Reader, World
from tests.kit.worlds.oidc import request_of
from tests.kit.worlds.payloads import PAYLOADS, RUNNING, TAG

pytestmark = [pytest.mark.browser, pytest.mark.services]
BACK = "https://wilma.example/back"
STRANGE = """() => [...document.querySelectorAll('*')].filter(one =>
  one.localName === 'avain-canary' || (one.localName === 'script' && !one.getAttribute('src')?.startsWith('/static/'))
  || ['iframe', 'object', 'embed', 'base', 'style'].includes(one.localName)
  || one.getAttributeNames().some(name => name.startsWith('on') || name === 'avain-canary' || name === 'style')
).map(one => one.outerHTML)"""
"""What no page of ours holds: elements and attributes that a payload would bring along."""


class Watched:
    """A page that notices whatever a payload could set off: dialogs, errors, breaches of the policy, requests to
    elsewhere, markup."""

    def __init__(self, context: BrowserContext, issuer: str) -> None:
        self.page, self.issuer = context.new_page(), issuer
        self.noticed, self.shown = watch_complaints(self.page), 0
        self.page.on("dialog", self._dialog)
        self.page.on("request", lambda request: self._asked(request.url))
        protocol = context.new_cdp_session(self.page)
        protocol.on("Audits.issueAdded", self._issue)
        protocol.send("Audits.enable")

    def _dialog(self, dialog: Any) -> None:
        self.noticed.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme not in ("about", "data") and not url.startswith(f"{self.issuer}/"):
            self.noticed.append(f"a request to {url}")

    def _issue(self, told: dict[str, Any]) -> None:
        if told["issue"]["code"] == "ContentSecurityPolicyIssue":
            self.noticed.append(f"a breach of the policy: {told['issue']['details']}")

    def open(self, path: str) -> None:
        """Open a page of ours and look at it."""
        self.page.goto(f"{self.issuer}{path}")
        self.look(path)

    def look(self, what: str) -> None:
        """Look at the page as it stands: every fold open, every field touched."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        self.page.evaluate("document.querySelectorAll('a, input, button, select').forEach(one => one.focus())")
        self.noticed += self.page.evaluate(STRANGE)
        assert self.noticed == [], what
        self.shown += self.page.inner_text("html").count(TAG)


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Avain]]:
    """The service over a consortium in which every text is a payload, its own name among them."""
    folder = tmp_path_factory.mktemp("payloads")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'avain.db')}"
    world = admin_world.build(url, folder)
    payloads.write(world)
    more = {"IAM_SIGNIN__ADMINISTRATORS": levels.PASSWORD, "IAM_CONSORTIUM": PAYLOADS[0], "IAM_DATABASE__URL": url}
    with Avain(url, folder, more) as server:
        yield world, server
    world.engine.dispose()


@pytest.fixture
def watched(served: tuple[World, Avain], chromium: Chromium) -> Iterator[Callable[[str], Watched]]:
    """``watched(login)``: a page of somebody who is signed in by a browser with a strange name; of nobody when
    empty."""
    world, server = served
    contexts = []

    def start(login: str = "") -> Watched:
        context = chromium.context()
        contexts.append(context)
        if login:
            value = signed_in(world, login)
            context.add_cookies([{"name": "avain", "value": value, "domain": "localhost", "path": "/"}])
        return Watched(context, server.issuer)

    yield start
    for context in contexts:
        context.close()


def signed_in(world: World, login: str) -> str:
    """The secret of a new session of somebody; their browser calls itself a payload, and so does their passkey."""
    reader = Reader(world, login)
    with Session(world.engine) as session, session.begin():
        session.get_one(LoginSessionRow, reader.session_id).agent = f"{RUNNING[1]} Firefox/ Linux"
        session.add(
            Passkey(
                person_id=world.ids[login],
                credential_id=uuid7().bytes,
                public_key=b"k",
                sign_count=0,
                backup_eligible=False,
                backed_up=False,
                transports=[],
                name=RUNNING[0],
                created_at=clock.now(),
                used_at=None,
            )
        )
    cookie = reader.http.get_cookie("avain")
    assert cookie is not None
    return cookie.value


def asking(world: World) -> str:
    """The path by which an application that calls itself a payload, in all that it says of itself, asks for a
    sign-in."""
    with Session(world.engine) as session, session.begin():
        client = session.scalars(select(Client).where(Client.client_id == "wilma")).one()
        client.redirect_uris, client.scope, client.auth = [BACK], "openid profile email roles", "none"
        link = f'https://evil.example/"><img src=x onerror=alert("{TAG}")>'
        client.metadata_ = {
            "application_type": "web",
            "purpose": RUNNING[7],
            "legal_basis": RUNNING[6],
            "policy_uri": link,
            "tos_uri": link,
        }
        session.get_one(Application, client.application_id).notice = "consent"
        session.merge(ApplicationEnabled(application_id=client.application_id, organisation_id=world.ids["MUSTIKKALA"]))
    asked = request_of("wilma", redirect_uri=BACK, scope="openid profile email roles", state=RUNNING[5])
    return f"/oauth2/authorize?{urlencode(asked)}"


def send(page: Page, selector: str) -> None:
    """Press a button, and wait for the page that follows."""
    with page.expect_navigation():
        page.locator(selector).first.click()


def test_ht_03_no_page_of_signing_in_runs_what_people_wrote(
    served: tuple[World, Avain], watched: Callable[[str], Watched]
) -> None:
    path, stranger = asking(served[0]), watched("")
    stranger.open(path)
    assert stranger.page.locator("#password").count() == 1
    for other in (
        "/login",
        f"/login?login_hint={RUNNING[4]}",
        "/first-code",
        "/forgotten",
        "/oauth2/authorize?client_id=<x",
    ):
        stranger.open(other)
    assert stranger.shown >= 6, "the payloads are on the pages"
    anna = watched("anna")
    anna.open(path)
    assert anna.page.locator("input[name=capacity]").count() == 2
    anna.page.locator("label[for=capacity-1]").click()
    send(anna.page, "main form button[type=submit]")
    anna.look("consent")
    assert anna.page.locator("button[value=continue]").count() == 1
    assert anna.page.locator("a[href^='https://evil.example/']").count() == 2
    told = anna.page.inner_text("main")
    assert all(one in told for one in RUNNING[6:])
    ville = watched("ville")
    ville.open(path)
    assert TAG in ville.page.inner_text("main")


def test_ht_03_my_account_and_signing_out_run_nothing_that_people_wrote(watched: Callable[[str], Watched]) -> None:
    anna = watched("anna")
    for path in ("/account", "/factor/set-up", "/logout", "/logged-out"):
        anna.open(path)
    assert anna.shown >= 8, "the payloads are on the pages"


def test_ht_03_no_administration_page_runs_what_people_wrote(
    served: tuple[World, Avain], watched: Callable[[str], Watched]
) -> None:
    paula, world = watched("paula"), served[0]
    paula.open("/admin/")
    assert paula.page.locator(".side-menu").count() == 1
    paths = [path for path in payloads.addresses(world) if path.startswith("/admin")]
    pages = [path for path in paths if "." not in path.partition("?")[0]]
    assert f"/admin/persons/{world.ids[neighbour.MARK]}?tab=rights" in pages
    for path in pages:
        paula.open(path)
    assert paula.shown > 200, "the payloads are on the pages"


def test_a_page_that_took_what_people_wrote_for_markup_is_noticed(chromium: Chromium) -> None:
    for payload, notice in (
        (RUNNING[1], "a dialog"),
        (RUNNING[2], "a dialog"),
        (RUNNING[5], "a request to"),
        (PAYLOADS[0], TAG),
        (f"<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">{RUNNING[1]}", "policy"),
    ):
        with chromium.context() as context:
            seen = planted(context, f"<!doctype html><p>{payload}</p>")
            with pytest.raises(AssertionError, match=notice):
                seen.look("planted")


def planted(context: BrowserContext, page: str) -> Watched:
    """A site whose every address answers with a page as it is given."""
    seen = Watched(context, "http://localhost:1")
    seen.page.route("**/*", lambda route: route.fulfill(body=page, content_type="text/html"))
    seen.page.goto(f"{seen.issuer}/")
    return seen
