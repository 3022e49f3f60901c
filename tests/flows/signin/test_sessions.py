"""A session: how it begins, what ends it, and who sees it (SE-01 to SE-06)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask, session as form_session
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSessionRow
from iam.web import extension, flow
from tests.flows.signin.steps import LOGIN, events, sessions, types
from tests.kit.browser import Browser, application, hidden
from tests.kit.people import OTHER, PASSWORD, add_person


def test_a_person_signs_in_sees_who_they_are_and_signs_out(browser: Browser, engine: Engine, aino: UUID) -> None:
    done = browser.sign_in(LOGIN, PASSWORD)
    assert (done.status_code, done.location) == (303, "/account")
    account = browser.get("/account")
    assert "Aino Virtanen" in account.text
    assert LOGIN in account.text
    out = browser.fill(account, "/logout")
    assert (out.status_code, out.location) == (303, "/logged-out")
    assert browser.get("/account").location.startswith("/login")
    assert types(engine) == ["signin:password:accepted", "signin:session:started", "signin:session:ended"]
    assert {event_.subject_id for event_ in events(engine)} == {aino}
    assert {event_.actor_id for event_ in events(engine)[1:]} == {aino}


def test_se_01_the_cookie_is_random_shut_in_and_stored_as_a_hash_only(
    database_url: str, tmp_path: Path, engine: Engine, aino: UUID
) -> None:
    with application(database_url, tmp_path, issuer="https://id.example") as app:
        answer = Browser(app, https=True).sign_in(LOGIN, PASSWORD)
    (cookie,) = [value for value in answer.headers.getlist("Set-Cookie") if value.startswith("__Host-avain=")]
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    secret = cookie.split("=", 1)[1].split(";")[0]
    assert secret.startswith("avs_")
    assert len(secret) >= 4 + 43
    assert secret.encode() not in sessions(engine)[0].secret_hash


def test_se_02_signing_in_makes_a_new_session_and_ends_the_one_before_with_its_grants(
    browser: Browser, engine: Engine
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    before = browser.cookie("avain")
    grant_for(engine, sessions(engine)[0])
    again = browser.fill(browser.get("/login?flow=" + fresh_flow(browser)), "/login", login=LOGIN, password=PASSWORD)
    assert again.status_code == 303
    assert browser.cookie("avain") not in (None, before)
    first, second = sessions(engine)
    assert (first.end_reason, second.ended_at) == ("replaced", None)
    with Session(engine) as session:
        assert session.scalars(select(GrantRow)).one().revoked_at is not None


def grant_for(engine: Engine, login: LoginSessionRow) -> None:
    """What an application holds of this login session."""
    with Session(engine) as session, session.begin():
        session.add(
            GrantRow(
                person_id=login.person_id,
                client_id="wilma",
                session_id=login.id,
                scope="openid",
                auth_time=login.auth_time,
                acr=login.acr,
                created_at=login.started_at,
                expires_at=login.expires_at,
            )
        )


def fresh_flow(browser: Browser) -> str:
    """A handle that demands signing in again, as an application's prompt=login does."""
    with browser.client.session_transaction(base_url=browser.base) as stored:
        stored.setdefault("browser", "this-browser")
        kept = dict(stored)
    with browser.client.application.test_request_context("/"):
        form_session.update(kept)
        return flow.start(flow.Flow("/account", fresh=True))


def test_se_02_a_cookie_planted_before_sign_in_is_worth_nothing_after(browser: Browser) -> None:
    planted = "avs_" + "A" * 43
    browser.client.set_cookie("avain", planted)
    browser.sign_in(LOGIN, PASSWORD)
    assert browser.cookie("avain") != planted
    thief = Browser(browser.client.application)
    thief.client.set_cookie("avain", planted)
    assert thief.get("/account").status_code == 303


def test_se_02_the_form_token_known_before_sign_in_does_not_work_after(browser: Browser) -> None:
    before = hidden(browser.get("/login"), "/login")["csrf_token"]
    browser.sign_in(LOGIN, PASSWORD)
    assert browser.post("/logout", {"csrf_token": before}).status_code == 400


def test_se_03_an_idle_session_and_an_old_one_end(
    browser: Browser, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    for hours in (7, 11):
        at(frozen + timedelta(hours=hours))
        assert browser.get("/account").status_code == 200
    at(frozen + timedelta(hours=12, seconds=1))
    assert browser.get("/account").status_code == 303
    browser.sign_in(LOGIN, PASSWORD)
    at(frozen + timedelta(hours=20, seconds=2))
    assert browser.get("/account").status_code == 303


def test_se_05_people_see_their_sessions_and_end_them_but_nobody_elses(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    other = Browser(app)
    for one in (browser, other):
        one.sign_in(LOGIN, PASSWORD)
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "eino")
    stranger = Browser(app)
    stranger.sign_in("eino", PASSWORD)
    _, others, theirs = sessions(engine)
    account = browser.get("/account")
    form = hidden(account, "/account/sessions/end")
    assert form["session"] == str(others.id)
    assert browser.post("/account/sessions/end", form | {"session": str(theirs.id)}).status_code == 404
    assert browser.post("/account/sessions/end", form | {"session": "nonsense"}).status_code == 404
    assert browser.post("/account/sessions/end", form).location == "/account"
    assert "The session was ended." in browser.get("/account").text
    assert other.get("/account").status_code == 303
    assert [one.get("/account").status_code for one in (browser, stranger)] == [200, 200]
    other.sign_in(LOGIN, PASSWORD)
    browser.fill(browser.get("/account"), "/account/sessions/end-others")
    assert [one.get("/account").status_code for one in (browser, other)] == [200, 303]


def test_se_06_a_new_password_asks_for_the_present_one_and_ends_every_other_session(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    other = Browser(app)
    for one in (browser, other):
        one.sign_in(LOGIN, PASSWORD)
    account, before = browser.get("/account"), browser.cookie("avain")
    new = {"new_password": OTHER, "new_password_again": OTHER}
    wrong = browser.fill(account, "/account/password", current_password="wrong", **new)
    short = browser.fill(
        account, "/account/password", current_password=PASSWORD, new_password="short", new_password_again="short"
    )
    twice = browser.fill(
        account, "/account/password", current_password=PASSWORD, new_password=OTHER, new_password_again=PASSWORD
    )
    own = browser.fill(
        account,
        "/account/password",
        current_password=PASSWORD,
        new_password="aino ui vastavirtaan",
        new_password_again="x",
    )
    assert [page.status_code for page in (wrong, short, twice, own)] == [422] * 4
    assert "not your present password" in wrong.text
    assert "15" in short.text
    done = browser.fill(account, "/account/password", current_password=PASSWORD, **new)
    assert done.status_code == 303
    assert browser.cookie("avain") != before
    assert [one.get("/account").status_code for one in (browser, other)] == [200, 303]
    assert Browser(app).sign_in(LOGIN, PASSWORD).status_code == 422
    assert Browser(app).sign_in(LOGIN, OTHER).status_code == 303
    assert [event_.type for event_ in events(engine, "signin:password:set")] == ["signin:password:set"] * 2
