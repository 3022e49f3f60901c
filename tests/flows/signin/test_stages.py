"""Codes work once, and no step is left but by its own success (AU-08, AU-09, C-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from iam.web import extension
from tests.flows.signin.steps import LOGIN, choose, issue, sessions, use
from tests.kit.browser import Browser, hidden
from tests.kit.people import OTHER, PASSWORD, add_person


def test_au_08_a_code_works_once_for_its_login_only_until_its_time_and_until_the_next_is_made(
    app: Flask, browser: Browser, engine: Engine, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "eino")
    replaced, code = issue(app, engine), issue(app, engine)
    assert use(browser, replaced).status_code == 422
    assert use(browser, code, "eino").status_code == 422
    assert use(browser, code).status_code == 200
    assert use(browser, code).status_code == 422
    late = issue(app, engine)
    at(frozen + timedelta(minutes=30))
    assert use(browser, late).status_code == 422


def test_au_08_a_code_is_stored_as_a_keyed_hash_and_stands_in_no_event(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    code = issue(app, engine).replace("-", "")
    use(browser, code)
    with Session(engine) as session:
        rows = session.execute(select(AuditEvent.envelope)).all()
    assert code not in str(rows)


def test_au_09_no_step_is_left_but_by_its_own_success(app: Flask, browser: Browser, engine: Engine) -> None:
    token = hidden(browser.get("/first-code"), "/first-code")
    new = {"new_password": OTHER, "new_password_again": OTHER, "login": LOGIN}
    for handle in ("", "avf_" + "x" * 43, "None", issue(app, engine)):
        answer = browser.post("/first-code", token | new | {"code_handle": handle})
        assert answer.status_code == 422
    assert browser.post("/first-code", token).status_code == 422
    assert sessions(engine) == []
    assert Browser(app).sign_in(LOGIN, OTHER).status_code == 422


def test_au_09_the_step_of_another_browser_cannot_be_taken_over(app: Flask, browser: Browser, engine: Engine) -> None:
    step = use(browser, issue(app, engine))
    handle = hidden(step, "/first-code")["code_handle"]
    thief = Browser(app)
    stolen = hidden(thief.get("/first-code"), "/first-code") | {
        "code_handle": handle,
        "new_password": OTHER,
        "new_password_again": OTHER,
    }
    assert thief.post("/first-code", stolen).status_code == 422
    assert Browser(app).sign_in(LOGIN, OTHER).status_code == 422


def test_a_password_that_breaks_a_rule_can_be_mended_on_the_same_page(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    step = use(browser, issue(app, engine))
    differs = choose(browser, step, OTHER, "something else entirely")
    short = choose(browser, differs, "short")
    named = choose(browser, short, "virtanen hiihtää talvella")
    assert [page.status_code for page in (differs, short, named)] == [422] * 3
    assert "holds your name" in named.text
    assert choose(browser, named).status_code == 303


def test_c_06_a_secret_of_one_kind_is_unknown_to_every_other_door(app: Flask, browser: Browser, engine: Engine) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    secret = str(browser.cookie("avain"))
    handle = hidden(use(Browser(app), issue(app, engine)), "/first-code")["code_handle"]
    for value in (
        handle,
        str(browser.cookie("avain-form")),
        str(browser.cookie("avain-device")),
        secret[:-1],
        secret + "x",
        secret.upper(),
    ):
        thief = Browser(app)
        thief.client.set_cookie("avain", value)
        assert thief.get("/account").status_code == 303
    assert use(Browser(app), secret).status_code == 422
