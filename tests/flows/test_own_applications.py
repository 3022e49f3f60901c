"""My account as a person uses it: what each application receives and taking it back, recent sign-ins, the language."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Application as ApplicationRow
from iam.audit import log
from iam.change import Actor
from iam.oidc.model import Agreed, RememberedCapacity
from iam.signin.accounts.account import Account
from tests.kit.worlds.oidc import ISSUER, VERIFIER, Application, Browser, World, build, person

BACK = "/account/applications/take-back"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """The consortium, on SQLite and on PostgreSQL."""
    made = build(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def browser(world: World) -> Browser:
    """Anna's browser, signed in."""
    made = Browser(world)
    made.sign_in()
    return made


def account(browser: Browser) -> str:
    page = browser.http.get("/account", base_url=ISSUER, headers={"Accept": "text/html", "Accept-Language": "en"})
    assert page.status_code == 200, page.text
    return page.text


def section(text: str, id_: str) -> str:
    """The words of one section of the page."""
    found = re.search(rf'<section class="card" id="{id_}">.*?</section>', text, re.DOTALL)
    assert found is not None, text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", found[0])))


def send(browser: Browser, path: str, **fields: str) -> int:
    token = re.search(r'name="csrf_token" value="([^"]+)"', account(browser))
    assert token is not None
    return browser.http.post(path, base_url=ISSUER, data={"csrf_token": html.unescape(token[1]), **fields}).status_code


def redeemed(world: World, browser: Browser) -> dict[str, str]:
    """Anna's tokens at Wilma."""
    code = browser.code(scope="openid profile roles offline_access")
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "https://wilma.example/cb",
        "code_verifier": VERIFIER,
    }
    tokens: dict[str, str] = Application(world).post("/oauth2/token", given).get_json()
    assert "refresh_token" in tokens
    return tokens


def test_an_application_is_listed_with_what_it_receives(world: World, browser: Browser) -> None:
    assert "You have not used any service" in section(account(browser), "applications")
    redeemed(world, browser)
    told = section(account(browser), "applications")
    assert "Wilma" in told
    assert "KUNTA en" in told
    assert (
        "Receives: a name for you that only this service knows, what you act as, and in which organisation or "
        "on whose behalf, "
        "your name, username, position and language, your rights in this service." in told
    )
    assert "telephone" not in told
    assert "It may ask for it until" in told


def test_taking_back_ends_the_grants_forgets_the_agreement_and_the_choice(world: World, browser: Browser) -> None:
    world.change(ApplicationRow, ApplicationRow.key == "wilma", notice="consent")
    world.write(
        Agreed(
            person_id=world.ids["anna"],
            application_id=world.ids["wilma"],
            notice="consent",
            scope="openid profile roles offline_access",
            at=clock.now(),
        )
    )
    tokens = redeemed(world, browser)
    assert "you consented" in section(account(browser), "applications")
    with Session(world.engine) as session:
        assert len(session.scalars(select(RememberedCapacity)).all()) == 1
    assert send(browser, BACK, application="wilma") == 303
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert Application(world).post("/oauth2/token", refresh).get_json()["error"] == "invalid_grant"
    looked = world.app.test_client().get(
        "/oauth2/userinfo", base_url=ISSUER, headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert looked.status_code == 401
    assert "You have not used any service" in section(account(browser), "applications")
    with Session(world.engine) as session:
        assert session.scalars(select(Agreed)).all() == []
        assert session.scalars(select(RememberedCapacity)).all() == []
    (event,) = world.events("oidc:grant:taken-back")
    assert (event.actor_id, event.subject_id, event.envelope) == (
        world.ids["anna"],
        world.ids["anna"],
        {"application": "wilma", "grants": 1},
    )
    assert send(browser, BACK, application="wilma") == 404


def test_nobody_takes_back_for_another(world: World, browser: Browser) -> None:
    tokens = redeemed(world, browser)
    person(world, "bertta")
    other = Browser(world)
    other.sign_in("bertta")
    assert "Wilma" not in section(account(other), "applications")
    assert send(other, BACK, application="wilma") == 404
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert "access_token" in Application(world).post("/oauth2/token", refresh).get_json()


def test_an_application_that_does_not_exist_or_was_given_nothing_is_not_there(browser: Browser) -> None:
    assert send(browser, BACK, application="verso") == 404
    assert send(browser, BACK, application="x" * 5000) == 404
    assert send(browser, BACK) == 404


def test_what_was_told_before_is_listed_when_nothing_lives_any_more(world: World, browser: Browser) -> None:
    redeemed(world, browser)
    world.write(
        Agreed(
            person_id=world.ids["anna"],
            application_id=world.ids["wilma"],
            notice="inform",
            scope="openid phone",
            at=clock.now(),
        )
    )
    with clock.fixed(clock.now() + timedelta(days=400)):
        later = Browser(world)
        later.sign_in()
        told = section(account(later), "applications")
    assert "your telephone number" in told
    assert "your rights" not in told
    assert "It cannot ask for anything now." in told


def test_a_grant_of_an_ended_session_is_not_listed(world: World, browser: Browser) -> None:
    redeemed(world, browser)
    assert send(browser, "/logout") in (302, 303)
    browser.sign_in()
    assert "You have not used any service" in section(account(browser), "applications")


def test_the_twenty_latest_sign_ins_are_listed_with_way_and_result_and_nobody_elses(
    world: World, browser: Browser
) -> None:
    bertta = person(world, "bertta")
    with Session(world.engine) as session, session.begin():
        for type_, who in [
            ("signin:upstream:accepted", "anna"),
            *[("signin:password:refused", "anna")] * 18,
            ("signin:password:accepted", "anna"),
            ("signin:factor:accepted", "anna"),
        ]:
            log.write(session, type_, Actor(), subject_id=world.ids[who], envelope={"address": "198.51.100.7"})
        log.write(session, "signin:passkey:accepted", Actor(), subject_id=bertta)
    page = account(browser)
    told = section(page, "sign-ins")
    assert told.count("did not match") == 18
    assert re.search(r"Result .*?Second factor succeeded .*?Password succeeded", told)
    assert "Account of another service" not in told
    assert "Passkey" not in told
    assert "198.51.100.7" not in page


def test_the_language_is_kept_with_the_account(world: World, browser: Browser) -> None:
    assert '<option value="fi" selected>' in account(browser)
    assert send(browser, "/account/language", language="sv") == 303
    with Session(world.engine) as session:
        assert session.get_one(Account, world.ids["anna"]).language == "sv"
    assert '<option value="sv" selected>' in account(browser)
