"""How an account there comes to be a person's here, and how that ends (OI-07, AU-06)."""

from __future__ import annotations

import html
import re
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.signin.federation.connection import Link
from iam.web import extension
from tests.kit.browser import Browser, hidden
from tests.kit.peers.openid_provider import Behaviour, Claims, OpenidProvider
from tests.kit.people import PASSWORD, add_person, employ, hold
from tests.kit.upstream import (
    KEY,
    LOGIN,
    OTHER,
    UNKNOWN,
    add_connection,
    answer,
    connect,
    enter,
    events,
    follow,
    identify,
    links,
    local,
    logins,
    reason,
    set_connection,
    to_confirm,
    types,
)

# --- who it is


def test_an_unknown_account_is_connected_by_signing_in_here_once(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    offered = enter(browser, provider)
    assert UNKNOWN in offered.text
    (login,) = re.findall(r'href="(/login\?flow=[^"]+)"', offered.text)
    page = browser.get(html.unescape(login))
    confirm = follow(browser, browser.fill(page, "/login", login=LOGIN, password=PASSWORD))
    assert f"({LOGIN})" in confirm.text
    assert links(engine) == []
    done = follow(browser, browser.fill(confirm, "/upstream/link", decision="connect"))
    assert "The account was connected." in done.text
    assert links(engine) == [(provider.issuer, "subject-1", aino)]
    assert types(engine) == ["linked"]
    again = enter(Browser(browser.client.application), provider)
    assert "My account" in again.text


def test_a_connection_is_not_made_unless_it_is_confirmed(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    confirm = to_confirm(browser, provider)
    browser.fill(confirm, "/upstream/link", decision="cancel")
    assert links(engine) == []
    assert (
        browser.post("/upstream/link", hidden(confirm, "/upstream/link") | {"decision": "connect"}).status_code == 400
    )
    assert links(engine) == []


def test_somebody_elses_living_session_in_the_browser_is_not_enough_to_connect(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    offered = enter(browser, provider)
    (url,) = re.findall(r'href="(/login\?flow=[^"]+)"', offered.text)
    page = browser.get(html.unescape(url))
    assert page.status_code == 200
    assert 'name="password"' in page.text
    assert links(engine) == []


def test_a_connected_account_never_moves_to_another_person(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    with Session(engine) as session, session.begin():
        eero = add_person(session, extension.parts_of(app).vault, OTHER)
        employ(session, eero, until_days=300)
    confirm = to_confirm(browser, provider)
    connect(engine, provider, eero)
    said = browser.fill(confirm, "/upstream/link", decision="connect")
    assert said.status_code == 400
    assert reason(engine) == "another person's"
    assert links(engine) == [(provider.issuer, "subject-1", eero)]


def test_what_waits_to_be_connected_is_of_no_use_in_another_browser(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    waiting = local(browser.get(answer(browser, provider)).location)
    thief = Browser(browser.client.application)
    thief.sign_in(LOGIN, PASSWORD)
    assert thief.get(waiting).status_code == 400
    assert thief.get(waiting.replace("/unknown", "/link")).status_code == 400
    assert links(engine) == []


def test_oi_07_two_providers_with_the_same_address_and_subject_are_two_accounts(
    browser: Browser, app: Flask, provider: OpenidProvider, second: OpenidProvider, engine: Engine, known: UUID
) -> None:
    add_connection(app, engine, second, "toinen")
    stranger = enter(browser, second, "toinen")
    assert UNKNOWN in stranger.text
    assert logins(engine) == []
    with Session(engine) as session, session.begin():
        eero = add_person(session, extension.parts_of(app).vault, OTHER)
        employ(session, eero, until_days=300)
    connect(engine, second, eero)
    enter(browser, second, "toinen")
    enter(Browser(app), provider)
    assert [row.person_id for row in logins(engine)] == [eero, known]


def test_an_identifier_that_a_source_told_connects_the_account_at_once(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, aino, "0000-1111")
    provider.behave.claims = {"oid": "0000-1111"}
    assert "My account" in enter(browser, provider).text
    assert links(engine) == [(provider.issuer, "subject-1", aino)]
    assert types(engine) == ["accepted", "linked"]
    assert events(engine)[-1].envelope["how"] == "identifier"


@pytest.mark.parametrize("claims", [{"oid": "another"}, {"oid": ["0000-1111"]}, {"oid": ""}, {}])
def test_another_value_or_none_names_nobody(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID, claims: Claims
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, aino, "0000-1111")
    provider.behave.claims = claims
    assert UNKNOWN in enter(browser, provider).text
    assert links(engine) == []


def test_an_identifier_that_no_source_told_names_nobody(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, aino, "0000-1111", by_source=False)
    provider.behave.claims = {"oid": "0000-1111"}
    assert UNKNOWN in enter(browser, provider).text


def test_an_identifier_given_on_does_not_open_the_door_of_who_had_it(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, known, "0000-1111")
    provider.behave = Behaviour(subject="somebody-new", claims={"oid": "0000-1111"})
    assert UNKNOWN in enter(browser, provider).text
    assert len(links(engine)) == 1


@pytest.mark.parametrize("claim", ["email", "preferred_username"])
def test_an_address_names_nobody_even_where_a_connection_says_so(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID, claim: str
) -> None:
    set_connection(engine, identifier={"claim": claim, "kind": "upn", "issuer": ""})
    identify(engine, aino, "aino@kunta.example", kind="upn")
    provider.behave.claims = {claim: "aino@kunta.example"}
    assert UNKNOWN in enter(browser, provider).text


def test_au_06_who_is_unknown_and_whose_access_was_ended_see_the_same(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    with Session(engine) as session, session.begin():
        hold(session, known)
    suspended = enter(browser, provider)
    provider.behave.subject = "never-seen"
    stranger = enter(Browser(app), provider)
    assert masked(suspended) == masked(stranger)
    assert suspended.status_code == stranger.status_code
    assert logins(engine) == []


def masked(page: TestResponse) -> str:
    """A page without what is random on every one."""
    return re.sub(r"(flow|pending)=[^\"&]+", r"\1=…", page.text)


# --- my account


def test_a_person_sees_and_removes_a_connection_on_my_account(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    account = browser.get("/account")
    assert "Connected accounts" in account.text
    done = follow(browser, browser.fill(account, "/upstream/unlink"))
    assert f'href="/upstream/{KEY}?' in done.text
    assert links(engine) == []
    assert types(engine) == ["unlinked"]
    assert UNKNOWN in enter(Browser(browser.client.application), provider).text


def test_nobody_removes_the_connection_of_another(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, OTHER)
        link_id = session.scalars(select(Link.id)).one()
    browser.sign_in(OTHER, PASSWORD)
    token = hidden(browser.get("/account"), "/logout")
    assert browser.post("/upstream/unlink", token | {"link": str(link_id)}).status_code == 404
    assert browser.post("/upstream/unlink", token | {"link": "1"}).status_code == 404
    assert len(links(engine)) == 1
