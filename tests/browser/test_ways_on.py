"""In a real browser: the filled form comes back after a proof and is done with one press; a typed password is shown on
request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from iam.access.model.assignment import Assignment
from iam.change import SYSTEM
from iam.signin.accounts import ending
from iam.tokens.session import LoginSessionRow
from tests.kit.servers.chromium import PATIENCE, axe
from tests.kit.worlds.consortium import PASSWORDS, SMALL, Consortium, DemoServer, prepared, served

pytestmark = [pytest.mark.browser, pytest.mark.services]
expect.set_options(timeout=PATIENCE)
ADMINISTRATOR, ORDINARY = "paula.paakayttaja", "eero.malli"
REASON = 'Sijaistaa: "4 B" & muut'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Consortium, DemoServer]]:
    with served(prepared(tmp_path_factory, *SMALL), tmp_path_factory.mktemp("demo")) as pair:
        yield pair


def sign_in(page: Page, login: str) -> None:
    page.fill("#login", login)
    page.fill("#password", PASSWORDS[login])
    page.locator("main form:has(#password) button[type=submit]").first.click()


def of_eero(page: Page, issuer: str) -> None:
    """Open the page of Eero, with everything that is folded away open."""
    page.goto(f"{issuer}/admin/persons?q=Malli")
    page.get_by_role("link", name=re.compile("Malli")).first.click()
    page.wait_for_url("**/admin/persons/0*")
    page.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true })")


def age(consortium: Consortium, minutes: int) -> None:
    """Let every proof in every sign-in be so many minutes older."""
    with consortium.sessions.begin() as session:
        for row in session.scalars(select(LoginSessionRow)):
            row.auth_time -= timedelta(minutes=minutes)
            row.proofs = [re.sub(r"(?<=:)\d+$", lambda at: str(int(at[0]) - minutes * 60), one) for one in row.proofs]


def granted(consortium: Consortium) -> list[str | None]:
    with consortium.sessions() as session:
        return list(session.scalars(select(Assignment.reason).where(Assignment.reason == REASON)))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_right_is_granted_with_one_press_after_the_proof_that_it_asked_for(
    demo: tuple[Consortium, DemoServer], page: Page, page_without_scripts: Page, scripts: bool
) -> None:
    consortium, server = demo
    one, before = page if scripts else page_without_scripts, len(granted(consortium))
    one.goto(f"{server.issuer}/admin/")
    sign_in(one, ADMINISTRATOR)
    one.locator(".side-menu").wait_for()
    one.goto(f"{server.issuer}/admin/persons?q=Malli")
    one.get_by_role("link", name=re.compile("Malli")).first.click()
    form = one.locator("form[action$='/rights']")
    one.locator("details", has=form).locator("summary").click()
    one.select_option("#role", "wilma:rehtori")
    one.select_option("#scope", label="Koivurinteen koulu")
    one.fill("#until", "2030-05-31")
    form.locator("textarea").fill(REASON)
    age(consortium, 10)
    form.locator("button").click()
    expect(one.locator("#why")).to_be_visible()
    sign_in(one, ADMINISTRATOR)
    one.wait_for_url("**again=**")
    expect(one.locator("#kept-form")).to_be_visible()
    expect(form.locator("textarea")).to_have_value(REASON)
    expect(one.locator("#until")).to_have_value("2030-05-31")
    expect(form.locator("button")).to_be_focused()
    assert not scripts or axe(one) == []
    assert len(granted(consortium)) == before
    one.keyboard.press("Enter")
    one.wait_for_url(lambda url: "again=" not in url)
    assert len(granted(consortium)) == before + 1


def test_whose_sign_in_ended_while_they_wrote_loses_nothing(demo: tuple[Consortium, DemoServer], page: Page) -> None:
    consortium, server = demo
    page.goto(f"{server.issuer}/admin/")
    sign_in(page, ADMINISTRATOR)
    page.locator(".side-menu").wait_for()
    of_eero(page, server.issuer)
    page.fill("#end_reason", REASON)
    with consortium.sessions.begin() as session:
        for person_id in set(session.scalars(select(LoginSessionRow.person_id))):
            ending.end(session, SYSTEM, "test", person_id)
    page.locator("form:has(#end_reason) button").click()
    expect(page.locator("#why")).to_be_visible()
    assert axe(page) == []
    sign_in(page, ADMINISTRATOR)
    page.wait_for_url("**again=**")
    expect(page.locator("#end_reason")).to_have_value(REASON)


def test_a_password_is_shown_while_asked_and_signing_in_needs_no_script(
    demo: tuple[Consortium, DemoServer], page: Page, page_without_scripts: Page
) -> None:
    issuer = demo[1].issuer
    page.goto(f"{issuer}/login")
    button = page.get_by_role("button", name=re.compile("Salasana$"))
    page.fill("#password", "kolme koivua")
    expect(page.locator("#password")).to_have_attribute("type", "password")
    button.click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert axe(page) == []
    button.click()
    expect(page.locator("#password")).to_have_attribute("type", "password")
    page_without_scripts.goto(f"{issuer}/login")
    expect(page_without_scripts.locator(".shows")).to_be_hidden()
    sign_in(page_without_scripts, ORDINARY)
    page_without_scripts.wait_for_url("**/account")


def test_who_administers_nothing_is_led_from_the_administration_to_their_own_account(
    demo: tuple[Consortium, DemoServer], page: Page
) -> None:
    page.goto(f"{demo[1].issuer}/admin/persons")
    sign_in(page, ORDINARY)
    expect(page.locator("h1")).to_be_visible()
    page.locator("main a.hds-button").first.click()
    page.wait_for_url("**/account")


def test_the_back_button_after_signing_in_leads_on(demo: tuple[Consortium, DemoServer], page: Page) -> None:
    page.goto(f"{demo[1].issuer}/account")
    sign_in(page, ORDINARY)
    page.wait_for_url("**/account")
    page.go_back()
    page.wait_for_url("**/account")
    expect(page.locator("h1")).to_contain_text("Oma tili")


def test_two_tabs_that_sign_in_both_arrive(demo: tuple[Consortium, DemoServer], page: Page) -> None:
    issuer, other = demo[1].issuer, page.context.new_page()
    page.goto(f"{issuer}/admin/persons")
    other.goto(f"{issuer}/admin/rules")
    sign_in(page, ADMINISTRATOR)
    page.wait_for_url("**/admin/persons")
    sign_in(other, ADMINISTRATOR)
    other.locator("main a.hds-button").first.click()
    other.wait_for_url("**/admin/rules")
