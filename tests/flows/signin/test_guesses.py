"""Guessing passwords: the budget of an account, and the owner's own browser (AU-04, AU-05)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.change import SYSTEM
from iam.signin.passwords import credentials, password
from iam.web import extension
from tests.flows.signin.steps import LOGIN, change, events, said
from tests.kit.browser import Browser, application
from tests.kit.people import OTHER, PASSWORD, add_person


def test_au_04_ten_failures_over_every_spelling_door_and_restart_and_then_not_even_the_right_password(
    database_url: str, tmp_path: Path, engine: Engine, aino: UUID, app: Flask
) -> None:
    spellings = [LOGIN, LOGIN.upper(), f" {LOGIN} ", "ａｉｎｏ.virtanen"]
    for n in range(4):
        assert Browser(app).sign_in(spellings[n % 4], "wrong").status_code == 422
    with application(database_url, tmp_path) as restarted:
        for n in range(3):
            page = Browser(restarted).get("/first-code")
            answer = Browser.fill(
                with_cookies(restarted, page), page, "/first-code", login=spellings[n], code="AAAAA-AAAAA"
            )
            assert answer.status_code == 422
        for n in range(3):
            assert Browser(restarted).sign_in(spellings[n], "wrong").status_code == 422
        for login in spellings:
            refused = Browser(restarted).sign_in(login, PASSWORD)
            assert refused.status_code == 429
            assert "Try again in" in said(refused)
            assert 3000 <= int(refused.headers["Retry-After"]) <= 4200
    assert [event_.type for event_ in events(engine, "signin:password:throttled")] == ["signin:password:throttled"] * 4


def with_cookies(app: Flask, page: TestResponse) -> Browser:
    """A browser with the cookies that ``page`` set."""
    made = Browser(app)
    for value in page.headers.getlist("Set-Cookie"):
        name, _, rest = value.partition("=")
        made.client.set_cookie(name, rest.split(";")[0])
    return made


def test_au_04_an_unknown_login_is_throttled_alike(app: Flask, aino: UUID, at: Callable[[datetime], None]) -> None:
    at(clock.now())
    answers = [[Browser(app).sign_in(login, "wrong") for _ in range(11)] for login in (LOGIN, "nobody.at.all")]
    known, unknown = ([(page.status_code, said(page)) for page in pages] for pages in answers)
    assert known == unknown
    assert [status for status, _ in known] == [422] * 10 + [429]


def test_au_04_successes_are_never_counted(app: Flask, aino: UUID) -> None:
    assert {Browser(app).sign_in(LOGIN, PASSWORD).status_code for _ in range(15)} == {303}


def test_au_04_parallel_guesses_do_not_outrun_the_budget(app: Flask, aino: UUID) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: Browser(app).sign_in(LOGIN, "wrong").status_code, range(16)))
    assert sorted(statuses) == [422] * 10 + [429] * 6


def test_au_05_an_attacker_elsewhere_does_not_lock_the_owner_out_of_a_known_browser(
    app: Flask, browser: Browser
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    browser.fill(browser.get("/account"), "/logout")
    for _ in range(11):
        answer = Browser(app).sign_in(LOGIN, "wrong")
    assert answer.status_code == 429
    assert Browser(app).sign_in(LOGIN, PASSWORD).status_code == 429
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 303


def test_au_05_the_mark_of_a_known_browser_has_a_budget_too_and_serves_no_other_login(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "eino")
    browser.sign_in(LOGIN, PASSWORD)
    mark = browser.cookie("avain-device")
    assert mark is not None
    for _ in range(11):
        Browser(app).sign_in("eino", "wrong")
    statuses = []
    for login in ["eino", *[LOGIN] * 11]:
        thief = Browser(app)
        thief.client.set_cookie("avain-device", mark)
        statuses.append(thief.sign_in(login, "wrong").status_code)
    assert statuses == [429, *[422] * 10, 429]


def test_au_05_marks_that_were_gathered_with_an_old_password_are_strangers_to_the_new_one(
    app: Flask, browser: Browser
) -> None:
    thieves = [Browser(app) for _ in range(4)]
    for one in (browser, *thieves):
        one.sign_in(LOGIN, PASSWORD)
    change(browser, browser.get("/account"))
    assert [thief.sign_in(LOGIN, f"guess {n}").status_code for n in range(6) for thief in thieves] == (
        [422] * 10 + [429] * 14
    )
    # The browser in which it was changed is known by the new password.
    browser.fill(browser.get("/account"), "/logout")
    assert browser.sign_in(LOGIN, OTHER).status_code == 303


def test_au_05_a_hash_that_is_only_made_stronger_leaves_the_browser_known(
    app: Flask, browser: Browser, engine: Engine, aino: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as weaker, Session(engine) as session, session.begin():
        weaker.setattr(password, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        credentials.set_password(session, extension.parts_of(app).vault, aino, PASSWORD, SYSTEM)
    browser.sign_in(LOGIN, PASSWORD)
    browser.fill(browser.get("/account"), "/logout")
    for _ in range(11):
        Browser(app).sign_in(LOGIN, "wrong")
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 303
