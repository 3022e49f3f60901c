"""Hosts, shared computers, languages, directories, and what My account shows (C-08, C-34, LG-06)."""

from __future__ import annotations

from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from iam.signin.accounts.account import Account, Credential
from iam.web import extension
from tests.flows.signin.steps import LOGIN, said, sessions, types
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD, add_person, directory, employ, municipality


def test_c_34_the_host_header_changes_no_link_and_no_redirect(browser: Browser) -> None:
    page = browser.get("/login", **{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    assert "evil" not in page.text


def test_c_08_two_people_on_one_computer_never_share_a_session(app: Flask, browser: Browser, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "eino")
    browser.sign_in(LOGIN, PASSWORD)
    browser.fill(browser.get("/account"), "/logout")
    browser.sign_in("eino", PASSWORD)
    assert "eino" in browser.get("/account").text
    assert len([one for one in sessions(engine) if one.ended_at is None]) == 1


def test_signing_out_is_asked_and_never_done_by_a_link(browser: Browser) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    asked = browser.get("/logout")
    assert asked.status_code == 200
    assert browser.fill(asked, "/logout", decision="stay").location == "/account"
    assert browser.get("/account").status_code == 200
    assert browser.fill(browser.get("/logout"), "/logout", decision="sign-out").location == "/logged-out"
    assert browser.get("/account").status_code == 303


def test_the_language_of_an_account_follows_its_person(app: Flask, browser: Browser, engine: Engine) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    token = hidden(browser.get("/account"), "/logout")["csrf_token"]
    assert browser.post("/account/language", {"csrf_token": token, "language": "xx"}).status_code == 404
    assert browser.post("/account/language", {"csrf_token": token, "language": "sv"}).status_code == 303
    with Session(engine) as session:
        assert session.scalars(select(Account.language)).one() == "sv"
    elsewhere = Browser(app)
    elsewhere.sign_in(LOGIN, PASSWORD)
    assert '<html lang="sv">' in elsewhere.get("/account").text


def with_directory(engine: Engine, person_id: UUID, settings: dict[str, object]) -> None:
    """Let a directory keep the person's password."""
    with Session(engine) as session, session.begin():
        directory(session, municipality(session), "memory", settings)
        employ(session, person_id, until_days=300)
        session.execute(
            update(Credential)
            .where(Credential.person_id == person_id)
            .values(kind="directory", data={"source": "ad", "record_key": "g1"})
        )


def test_a_directory_keeps_the_password_of_its_people(app: Flask, browser: Browser, aino: UUID, engine: Engine) -> None:
    with_directory(engine, aino, {"logins": {LOGIN: {"key": "g1", "password": "hakemiston oma"}}})
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 422
    assert browser.sign_in(LOGIN.upper(), "hakemiston oma").status_code == 303
    assert types(engine) == ["signin:ldap:refused", "signin:ldap:accepted", "signin:session:started"]


def test_a_directory_that_is_down_says_so_costs_no_try_and_hurts_nobody_else(
    app: Flask, aino: UUID, engine: Engine
) -> None:
    with_directory(engine, aino, {"wrong": True})
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "eino")
    pages = [Browser(app).sign_in(LOGIN, "x") for _ in range(12)]
    assert {page.status_code for page in pages} == {503}
    assert "directory does not answer" in said(pages[0])
    assert Browser(app).sign_in("eino", PASSWORD).status_code == 303


def test_lg_06_when_the_event_cannot_be_written_nobody_gets_in(app: Flask, browser: Browser, engine: Engine) -> None:
    form = hidden(browser.get("/login"), "/login")

    def refuse(connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "INSERT INTO audit_event" in statement:
            raise OSError("no space left on device")

    event.listen(extension.engine_of(app), "before_cursor_execute", refuse)
    answer = browser.post("/login", form | {"login": LOGIN, "password": PASSWORD})
    event.remove(extension.engine_of(app), "before_cursor_execute", refuse)
    assert answer.status_code == 500
    assert "avain=" not in str(answer.headers.getlist("Set-Cookie"))
    assert sessions(engine) == []


def test_capacities_stand_on_my_account(app: Flask, browser: Browser, aino: UUID, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        employ(session, aino, until_days=100)
    browser.sign_in(LOGIN, PASSWORD)
    assert "Opettaja · KUNTA en" in browser.get("/account").text
