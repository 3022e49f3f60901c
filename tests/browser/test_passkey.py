"""Second factors in a browser: a passkey made, asked and used alone with Chromium's virtual authenticator; time codes
without scripts."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.database.engine import make_engine
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.signin.factors import levels
from iam.vault import Vault
from tests.kit.factories.access import admin_grant
from tests.kit.factories.facts import organisation
from tests.kit.people import PASSWORD, add_person
from tests.kit.proofs import code_of
from tests.kit.servers.avain import Avain
from tests.kit.servers.chromium import PATIENCE, axe

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True, slots=True)
class Here:
    """Where the service answers, and the login of the Aino of one test: no other test gives her factors."""

    issuer: str
    login: str


@pytest.fixture(scope="module")
def service(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Avain, Path]]:
    """The service and its folder; administrators are asked for a passkey, or as a parameter says."""
    folder = tmp_path_factory.mktemp("passkey")
    url = f"sqlite:///{shutil.copy(sqlite_template, folder / 'avain.db')}"
    with Avain(url, folder, getattr(request, "param", None)) as server:
        yield server, folder


@pytest.fixture
def avain(service: tuple[Avain, Path]) -> Here:
    """The service, in which an Aino of the test's own is an administrator with a password."""
    server, folder = service
    engine = make_engine(f"sqlite:///{folder / 'avain.db'}")
    with Session(engine) as session, session.begin():
        root = session.scalars(select(Organisation.id)).one_or_none() or organisation(session, "KOIVU", "consortium")
        login = f"aino.{len(session.scalars(select(Person.id)).all())}"
        person_id = add_person(session, Vault.open(folder / "vault.key"), login)
        admin_grant(session, person_id, "persons.read", root)
    engine.dispose()
    return Here(server.issuer, login)


def sign_in(page: Page, avain: Here, path: str) -> None:
    """Open a page and sign in with the password on the way."""
    page.goto(avain.issuer + path)
    sound(page)
    page.fill("#login", avain.login)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Kirjaudu sisään", exact=True).click()


def sign_out(page: Page, avain: Here) -> None:
    page.goto(f"{avain.issuer}/account")
    page.get_by_role("button", name="Kirjaudu ulos").click()
    page.wait_for_url("**/logged-out")


def sound(page: Page) -> None:
    """No accessibility rule is broken here."""
    assert axe(page) == [], page.url


def at_home(page: Page) -> None:
    """The administration is open."""
    expect(page.locator(".side-menu")).to_be_visible()


def test_a_passkey_is_made_where_it_is_asked_and_then_signs_in_by_itself_and_as_a_second_factor(
    page: Page, avain: Here, save_screenshot: Callable[[Page, str], Path]
) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    sign_in(page, avain, "/admin/")
    expect(page.locator("h1")).to_have_text("Ota toinen tunnistustapa käyttöön")
    sound(page)
    save_screenshot(page, "factor-set-up")
    page.fill("#name", "Työkone")
    page.get_by_role("button", name="Luo pääsyavain").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    sound(page)
    save_screenshot(page, "factor-codes")
    page.locator("main a.hds-button").click()
    at_home(page)

    sign_out(page, avain)
    page.goto(f"{avain.issuer}/login")
    page.get_by_role("button", name="Kirjaudu pääsyavaimella").click()
    page.wait_for_url("**/account")
    expect(page.locator("#factors")).to_contain_text("Työkone")
    sound(page)
    save_screenshot(page, "factor-account")
    page.goto(f"{avain.issuer}/admin/")
    at_home(page)

    sign_out(page, avain)
    sign_in(page, avain, "/admin/")
    expect(page.locator("h1")).to_have_text("Vahvista, että se olet sinä")
    sound(page)
    save_screenshot(page, "factor")
    page.get_by_role("button", name="Käytä pääsyavainta").click()
    at_home(page)


def test_a_key_that_knows_nobody_says_so_on_the_page_and_other_ways_stay(page: Page, avain: Here) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    page.goto(f"{avain.issuer}/login")
    page.get_by_role("button", name="Kirjaudu pääsyavaimella").click()
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | {"isUserVerified": False}})
    expect(page.locator("[data-passkey-problem]")).to_be_visible()
    sound(page)
    page.fill("#login", avain.login)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Kirjaudu sisään", exact=True).click()
    page.wait_for_url("**/account")


def test_the_pages_of_time_codes_are_sound(
    page: Page, avain: Here, save_screenshot: Callable[[Page, str], Path]
) -> None:
    sign_in(page, avain, "/factor/set-up/code")
    expect(page.locator("h1")).to_have_text("Ota toinen tunnistustapa käyttöön")
    page.get_by_role("button", name="Käytä vahvistuskoodeja").click()
    sound(page)
    save_screenshot(page, "factor-code")
    secret = page.inner_text("#totp-secret")
    page.fill("#code", "1")
    page.get_by_role("button", name="Ota käyttöön").click()
    sound(page)
    page.fill("#code", code_of(secret))
    page.get_by_role("button", name="Ota käyttöön").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    recovery = page.locator("#recovery-codes li").first.inner_text()
    sign_out(page, avain)
    sign_in(page, avain, "/admin/")
    page.locator("summary").click()
    sound(page)
    page.fill("#code", "1")
    page.get_by_role("button", name="Jatka").click()
    expect(page.locator("#error-summary")).to_be_visible()
    sound(page)
    save_screenshot(page, "factor-wrong")

    page.goto(f"{avain.issuer}/factor/replace")
    sound(page)
    page.fill("#recovery_code", recovery)
    page.locator('form:has(#recovery_code) button[type="submit"]').click()
    page.wait_for_url("**/factor/replace*")
    sound(page)
    save_screenshot(page, "factor-replace")
    page.locator('form[action="/factor/replace/code"] button').click()
    sound(page)
    page.fill("#code", code_of(page.inner_text("#totp-secret")))
    page.locator('form[action="/factor/replace/code"] button').click()
    page.wait_for_url("**/account")
    expect(page.locator('form[action="/factor/replace/stop"]')).to_be_visible()
    sound(page)
    save_screenshot(page, "factor-waits")


@pytest.mark.parametrize(
    "service", [{"IAM_SIGNIN__ADMINISTRATORS": levels.TWO_FACTOR}], indirect=True, ids=["two-factor"]
)
def test_time_codes_work_without_scripts_where_no_passkey_is_offered(page_without_scripts: Page, avain: Here) -> None:
    page = page_without_scripts
    page.goto(f"{avain.issuer}/admin/")
    expect(page.locator("#passkey-form")).to_be_hidden()
    page.fill("#login", avain.login)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Kirjaudu sisään", exact=True).click()
    expect(page.locator("#passkey-form")).to_be_hidden()
    page.get_by_role("button", name="Käytä vahvistuskoodeja").click()
    expect(page.locator(".qr svg")).to_be_visible()
    page.fill("#code", code_of(page.inner_text("#totp-secret")))
    page.get_by_role("button", name="Ota käyttöön").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.locator("main a.hds-button").click()
    at_home(page)
