"""Known and unknown people look alike at the door, and what a sign-in costs (AU-06, SE-04)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.signin.endpoints import login as login_page
from iam.signin.passwords.turns import Turns
from iam.web import extension
from tests.flows.signin.steps import LOGIN, events, said, sessions
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD, add_person, employ, hold

MISMATCH = "The username or the password does not match."


def test_au_06_known_and_unknown_logins_look_alike_in_text_status_headers_and_log(
    app: Flask, aino: UUID, engine: Engine
) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "no.password", None)
    pages = [Browser(app).sign_in(login, "wrong") for login in (LOGIN, "nobody", "no.password", "x" * 500, "\x00")]
    assert {(page.status_code, said(page)) for page in pages} == {(422, MISMATCH)}
    assert len({tuple(name for name, _ in page.headers) for page in pages}) == 1
    refused = events(engine, "signin:password:refused")
    assert len(refused) == 5
    assert LOGIN not in str([event_.envelope for event_ in refused])


def test_au_06_known_and_unknown_logins_do_the_same_work(app: Flask, aino: UUID, engine: Engine) -> None:
    counts = []
    for login in (LOGIN, "nobody"):
        browser = Browser(app)
        form = hidden(browser.get("/login"), "/login")
        counts.append(
            statements(app, lambda b=browser, f=form, n=login: b.post("/login", f | {"login": n, "password": "wrong"}))
        )
    assert counts[0] == counts[1]


def statements(app: Flask, call: Callable[[], TestResponse]) -> int:
    """How many statements a request costs."""
    seen: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = extension.engine_of(app)
    event.listen(engine, "before_cursor_execute", count)
    call()
    event.remove(engine, "before_cursor_execute", count)
    return len([statement for statement in seen if not statement.startswith(("BEGIN", "PRAGMA"))])


def test_a_sign_in_costs_few_statements(app: Flask, browser: Browser) -> None:
    form = hidden(browser.get("/login"), "/login")
    assert statements(app, lambda: browser.post("/login", form | {"login": LOGIN, "password": PASSWORD})) <= 11


def test_whoever_comes_when_too_many_are_signing_in_is_told_so_and_holds_nothing(
    app: Flask, browser: Browser, aino: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(at_once=1, waiting=0)
    monkeypatch.setattr(login_page, "TURNS", turns)
    with turns.one():
        busy = browser.fill(browser.get("/login"), "/login", login=LOGIN, password=PASSWORD)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert "Very many people are signing in" in busy.text
    again = browser.fill(busy, "/login", login=LOGIN, password=PASSWORD)
    assert again.status_code == 303


def test_se_04_whoever_is_held_or_archived_does_not_get_in_though_the_password_is_right(
    app: Flask, engine: Engine, aino: UUID
) -> None:
    with Session(engine) as session, session.begin():
        gone = add_person(session, extension.parts_of(app).vault, "gone")
        employ(session, gone, until_days=-100)
        hold(session, aino)
    for login in (LOGIN, "gone"):
        refused = Browser(app).sign_in(login, PASSWORD)
        assert refused.status_code == 422
        assert "has ended" in said(refused)
        assert said(Browser(app).sign_in(login, "wrong")) == MISMATCH
    assert sessions(engine) == []
    assert len(events(engine, "signin:session:refused")) == 2


def test_se_04_whoever_left_less_than_ninety_days_ago_still_sees_their_account(
    app: Flask, engine: Engine, aino: UUID
) -> None:
    with Session(engine) as session, session.begin():
        employ(session, aino, until_days=-80)
    assert Browser(app).sign_in(LOGIN, PASSWORD).status_code == 303
