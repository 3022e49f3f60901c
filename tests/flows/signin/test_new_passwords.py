"""A code sets a password; a password is changed, also when many do so at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from iam.change import SYSTEM
from iam.signin.accounts import ending
from iam.signin.endpoints import account as account_page, first_code as first_code_page
from iam.signin.passwords.turns import Turns
from iam.web import extension
from tests.flows.signin.steps import LOGIN, change, choose, issue, use
from tests.kit.browser import Browser
from tests.kit.people import OTHER, PASSWORD


def test_a_code_sets_a_password_ends_old_sessions_and_signs_in(app: Flask, browser: Browser, engine: Engine) -> None:
    old = Browser(app)
    old.sign_in(LOGIN, PASSWORD)
    code = issue(app, engine)
    assert re.fullmatch(r"[2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5}", code)
    step = use(browser, code.lower().replace("-", " "))
    assert "Welcome, Aino." in step.text
    done = choose(browser, step)
    assert (done.status_code, done.location) == (303, "/account")
    assert [one.get("/account").status_code for one in (browser, old)] == [200, 303]
    assert Browser(app).sign_in(LOGIN, PASSWORD).status_code == 422
    assert Browser(app).sign_in(LOGIN, OTHER).status_code == 303


def test_whoever_chooses_a_password_when_too_many_are_signing_in_sends_the_same_form_again(
    app: Flask, browser: Browser, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(at_once=1, waiting=0)
    monkeypatch.setattr(first_code_page, "TURNS", turns)
    step = use(browser, issue(app, engine))
    with turns.one():
        busy = choose(browser, step)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert "Very many people are signing in" in busy.text
    assert choose(browser, busy).status_code == 303


def test_whoever_changes_a_password_when_too_many_are_signing_in_sends_the_same_form_again(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(at_once=1, waiting=0)
    monkeypatch.setattr(account_page, "TURNS", turns)
    browser.sign_in(LOGIN, PASSWORD)
    with turns.one():
        busy = change(browser, browser.get("/account"))
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert "Very many people are signing in" in busy.text
    assert change(browser, busy).status_code == 303
    assert Browser(app).sign_in(LOGIN, OTHER).status_code == 303


class Waiting(Turns):
    """Turns at which something happens to whoever waits for one."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    @contextmanager
    def one(self) -> Iterator[None]:
        self._meanwhile()
        with super().one():
            yield


def test_whoever_waits_to_change_a_password_holds_no_connection_of_the_database(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, pool = [], extension.engine_of(app).pool
    assert isinstance(pool, QueuePool)
    monkeypatch.setattr(account_page, "TURNS", Waiting(lambda: held.append(pool.checkedout())))
    browser.sign_in(LOGIN, PASSWORD)
    assert change(browser, browser.get("/account")).status_code == 303
    assert held == [0]


def test_whose_session_is_ended_while_they_wait_to_change_a_password_does_not_change_it(
    app: Flask, browser: Browser, aino: UUID, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end() -> None:
        with Session(engine) as session, session.begin():
            ending.end(session, SYSTEM, "ended by an administrator", aino)

    monkeypatch.setattr(account_page, "TURNS", Waiting(end))
    browser.sign_in(LOGIN, PASSWORD)
    assert change(browser, browser.get("/account")).status_code == 401
    assert Browser(app).sign_in(LOGIN, OTHER).status_code == 422
