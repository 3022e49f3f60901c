"""The second factor as people meet it, on a real database: codes, stages, stepping up, changing (AU-04, AU-07, AU-09,
SE-02, SE-06)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM
from iam.signin import step_up
from iam.signin.accounts.account import Account
from iam.signin.accounts.factor import RecoveryCode, Totp
from iam.signin.factors import levels, recovery, totp
from iam.signin.flow import Around, Refusal
from iam.tokens import grant as grants, session as login_sessions
from iam.tokens.grant import GrantRow
from iam.web import extension, flow
from tests.kit.browser import Browser, hidden
from tests.kit.people import OTHER, PASSWORD
from tests.kit.proofs import code_of
from tests.kit.worlds.factor import (
    DOOR,
    LOGIN,
    at_factor,
    browser_login,
    codes,
    follow,
    fresh,
    opened,
    scan,
    session_rows,
    types,
    with_passkey,
    with_totp,
)


def test_a_door_that_asks_for_more_leads_through_set_up_and_opens(browser: Browser, engine: Engine) -> None:
    offered = follow(browser, browser.get(DOOR))
    assert "asks for a second factor" in offered.text
    waiting = follow(browser, browser.fill(offered, "/factor/set-up/code"))
    secret = re.search(r'id="totp-secret">([^<]+)<', waiting.text)
    assert secret is not None
    assert "<svg" in waiting.text
    shown = browser.fill(waiting, "/factor/set-up/code", code=code_of(secret[1]))
    assert len(codes(shown)) == 10
    onward = re.search(r'href="(/test/vault[^"]*)"', shown.text)
    assert onward is not None
    assert browser.get(html.unescape(onward[1])).text == f"open {levels.TWO_FACTOR} pwd otp mfa"
    assert types(engine) == ["signin:factor:enrolled", "signin:factor:accepted", "signin:factor:enrolled"]


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_au_07_a_time_code_one_step_early_or_late_is_taken_once(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None], steps: int
) -> None:
    secret, _ = with_totp(browser)
    at(frozen + timedelta(minutes=2))
    code = code_of(secret, steps)
    first, second = fresh(app), fresh(app)
    assert first.fill(at_factor(first), "/factor", code=code).location.startswith("/test/vault")
    replayed = second.fill(at_factor(second), "/factor", code=code)
    assert (replayed.status_code, "has been used" in replayed.text) == (422, True)
    assert opened(first)
    assert not opened(second)


@pytest.mark.parametrize("steps", [-2, 2, 40])
def test_au_07_a_time_code_of_another_time_is_refused(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None], steps: int
) -> None:
    secret, _ = with_totp(browser)
    at(frozen + timedelta(minutes=5))
    late = fresh(app)
    assert late.fill(at_factor(late), "/factor", code=code_of(secret, steps)).status_code == 422
    assert not opened(late)


def test_au_07_after_a_later_step_an_earlier_one_is_used_up_too(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, _ = with_totp(browser)
    at(frozen + timedelta(minutes=2))
    first, second = fresh(app), fresh(app)
    assert first.fill(at_factor(first), "/factor", code=code_of(secret, 1)).status_code == 303
    assert second.fill(at_factor(second), "/factor", code=code_of(secret)).status_code == 422


def test_au_07_the_code_that_set_it_up_does_not_sign_in(app: Flask, browser: Browser, frozen: datetime) -> None:
    secret, _ = with_totp(browser)
    other = fresh(app)
    assert other.fill(at_factor(other), "/factor", code=code_of(secret)).status_code == 422


def test_au_07_each_recovery_code_works_once_and_new_ones_void_the_old(app: Flask, browser: Browser) -> None:
    _, first = with_totp(browser)
    other = fresh(app)
    used = other.fill(at_factor(other), "/factor", recovery_code=first[0].lower().replace("-", " "))
    assert used.status_code == 303
    assert opened(other)
    third = fresh(app)
    assert third.fill(at_factor(third), "/factor", recovery_code=first[0]).status_code == 422
    assert "9 codes left" in browser.get("/account").text
    second = codes(browser.fill(browser.get("/account"), "/factor/codes"))
    assert len({*first, *second}) == 20
    assert third.fill(at_factor(third), "/factor", recovery_code=first[1]).status_code == 422
    assert third.fill(at_factor(third), "/factor", recovery_code=second[1]).status_code == 303


def test_au_07_of_parallel_uses_of_one_code_one_is_taken(
    app: Flask, browser: Browser, aino: UUID, engine: Engine, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, recovery_codes = with_totp(browser)
    vault, moment = extension.parts_of(app).vault, frozen + timedelta(minutes=2)
    at(moment)
    code = code_of(secret)

    def use(n: int) -> bool:
        with clock.fixed(moment), Session(engine) as session, session.begin():
            if n % 2:
                return totp.check(session, vault, aino, code)
            return recovery.use(session, vault, aino, recovery_codes[0])

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(use, range(16)))
    assert (sum(done[0::2]), sum(done[1::2])) == (1, 1)


def test_au_07_of_parallel_renewals_one_leaves_its_codes_and_they_are_ten(
    app: Flask, aino: UUID, engine: Engine
) -> None:
    vault, callers = extension.parts_of(app).vault, 16
    together = Barrier(callers)

    def renew(_n: int) -> list[str]:
        with Session(engine) as session, session.begin():
            session.scalar(select(Account.login).where(Account.person_id == aino))
            if engine.dialect.name == "postgresql":
                together.wait(30)
            return recovery.renew(session, vault, aino)

    for _ in range(3):
        with ThreadPoolExecutor(callers) as pool:
            told = list(pool.map(renew, range(callers)))
        with Session(engine) as session:
            assert recovery.left(session, aino) == 10
            good = [sum(recovery.use(session, vault, aino, code) for code in codes) for codes in told]
        assert sorted(good) == [0] * 15 + [10]


def test_au_07_codes_that_are_made_while_all_are_forgotten_are_either_ten_or_none(
    app: Flask, aino: UUID, engine: Engine
) -> None:
    vault, callers = extension.parts_of(app).vault, 16
    together = Barrier(callers)

    def change(n: int) -> None:
        with Session(engine) as session, session.begin():
            session.scalar(select(Account.login).where(Account.person_id == aino))
            if engine.dialect.name == "postgresql":
                together.wait(30)
            if n % 2:
                recovery.forget(session, aino)
            else:
                recovery.renew(session, vault, aino)

    for _ in range(3):
        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(change, range(callers)))
        with Session(engine) as session:
            assert recovery.left(session, aino) in (0, 10)


def test_au_07_neither_the_secret_nor_a_recovery_code_is_stored_in_clear(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    secret, recovery_codes = with_totp(browser)
    with Session(engine) as session:
        sealed = session.scalars(select(Totp.secret)).one()
        kept = list(session.scalars(select(RecoveryCode.hash)))
    assert secret.replace(" ", "").encode() not in sealed
    assert not {code.replace("-", "").encode() for code in recovery_codes} & set(kept)


def test_au_04_wrong_codes_spend_the_one_budget_whatever_browser_they_come_from(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, recovery_codes = with_totp(browser)
    at(frozen + timedelta(minutes=2))
    # Whoever has the password gets any number of browsers that have signed in once: none of them has a budget of its
    # own.
    for n in range(5):
        thief = fresh(app)
        page = at_factor(thief)
        assert thief.fill(page, "/factor", code=f"{n:06}").status_code == 422
        assert thief.fill(page, "/factor", recovery_code="AAAAA-AAAAA").status_code == 422
    for given in ({"code": code_of(secret)}, {"recovery_code": recovery_codes[0]}):
        stopped = thief.fill(page, "/factor", **given)
        assert (stopped.status_code, int(stopped.headers["Retry-After"]) > 60) == (429, True)
    assert Browser(app).sign_in(LOGIN, PASSWORD).status_code == 429
    # The owner's browser, which has passed the factor before, is not locked out by it (AU-05).
    browser_login(browser)
    browser.sign_in(LOGIN, PASSWORD)
    assert browser.fill(at_factor(browser), "/factor", code=code_of(secret)).status_code == 303


def test_au_09_no_stage_is_left_but_by_its_own_success(app: Flask, browser: Browser, engine: Engine) -> None:
    with_totp(browser)
    key = with_passkey(browser)
    other = fresh(app)
    page = at_factor(other)
    token = hidden(page, "/factor")
    for path, data in (
        ("/factor", {}),
        ("/factor", {"code": ""}),
        ("/factor", {"recovery_code": ""}),
        ("/factor", {"code": "000000", "recovery_code": ""}),
        ("/factor/passkey", {}),
        ("/factor/passkey", {"credential": ""}),
        ("/factor/passkey", {"credential": "{}"}),
    ):
        assert other.post(path, token | data).status_code == 422, (path, data)
    for path in ("/factor/set-up", "/factor/set-up/code", "/factor/codes", "/factor/remove"):
        skipped = other.post(path, token)
        assert skipped.location.startswith("/factor?flow="), path
    assert other.get("/factor/set-up").location.startswith("/factor?flow=")
    assert other.get("/factor/set-up/code").location.startswith("/factor?flow=")
    # A challenge for signing in, and one for making a passkey, prove nothing here.
    sign_in = Browser(app)
    login = sign_in.get("/login")
    foreign = sign_in.post("/login/passkey/options", hidden(login, "/login/passkey"), Accept="application/json")
    assert other.post("/factor/passkey", token | {"credential": key.prove(foreign.get_json())}).status_code == 422
    assert not opened(other)
    assert len(session_rows(engine)) == 2


def test_au_09_a_handle_of_another_browser_or_a_forged_one_opens_no_stage(app: Flask, browser: Browser) -> None:
    handle = parse_qs(urlsplit(browser.get(DOOR).location).query)["flow"][0]
    other = fresh(app)
    for forged in (handle, handle[:-1], "x"):
        for path in ("/factor", "/factor/set-up", "/factor/set-up/code"):
            assert other.get(f"{path}?flow={forged}").status_code == 400, path


def test_au_09_nobody_signed_in_is_taken_to_sign_in_first_and_then_on(app: Flask, aino: UUID) -> None:
    nobody = Browser(app)
    asked = nobody.get("/factor")
    assert asked.location.startswith("/login?flow=")
    sent = nobody.post("/factor", hidden(nobody.get("/login"), "/login") | {"code": "1"})
    assert sent.location.startswith("/login?flow=")


def test_au_09_the_door_leads_back_only_to_a_path_of_our_own(app: Flask, browser: Browser) -> None:
    with app.test_request_context("/"):
        assert flow.read(flow.start(flow.Flow("https://evil.example/", least=levels.PASSKEY))) == flow.Flow(
            "/", least=levels.PASSKEY
        )


def test_se_02_stepping_up_makes_a_new_secret_keeps_the_grants_and_kills_the_old_cookie(
    app: Flask, browser: Browser, engine: Engine, aino: UUID, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, _ = with_totp(browser)
    at(frozen + timedelta(minutes=2))
    other = fresh(app)
    before, row = other.cookie("avain"), session_rows(engine)[-1]
    given = {"client_id": "wilma", "session_id": row.id, "scope": "openid", "auth_time": row.auth_time, "acr": row.acr}
    with Session(engine) as session, session.begin():
        session.add(GrantRow(person_id=aino, created_at=clock.now(), expires_at=row.expires_at, **given))
    assert other.fill(at_factor(other), "/factor", code=code_of(secret)).status_code == 303
    after = other.cookie("avain")
    assert after not in (None, before)
    thief = Browser(app)
    thief.client.set_cookie("avain", before or "")
    assert thief.get("/account").location.startswith("/login")
    raised = session_rows(engine)[-1]
    assert (raised.id, raised.started_at, raised.expires_at) == (row.id, row.started_at, row.expires_at)
    assert (raised.acr, raised.amr, raised.auth_time) == (levels.TWO_FACTOR, ["pwd", "otp", "mfa"], clock.now())
    with Session(engine) as session:
        assert session.scalars(select(GrantRow.id).where(*grants.lives(clock.now()))).one()


def test_a_step_up_of_a_session_that_ended_meanwhile_raises_nothing(
    app: Flask, browser: Browser, engine: Engine, aino: UUID
) -> None:
    with app.test_request_context("/"), Session(engine) as session:
        (login,) = login_sessions.living(session, aino)
        login_sessions.end(session, "signed out", person_id=aino)
        around = Around(extension.parts_of(app).settings, extension.parts_of(app).vault, SYSTEM)
        assert step_up.done(session, login, ("otp",), around, "totp").refusal is Refusal.ENDED


def test_se_06_after_five_minutes_what_one_signs_in_with_is_not_changed_without_a_fresh_proof(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, _ = with_totp(browser)
    account = browser.get("/account")
    at(frozen + timedelta(minutes=5, seconds=1))
    for path in ("/factor/codes", "/factor/remove"):
        asked = browser.fill(account, path)
        assert asked.location.startswith("/factor?flow="), path
        told = browser.post(path, hidden(account, path), Accept="application/json")
        assert (told.status_code, told.get_json()["type"]) == (401, "urn:avain:problem:step-up-needed")
    fields = {"current_password": PASSWORD, "new_password": OTHER, "new_password_again": OTHER}
    changed = browser.fill(account, "/account/password", **fields)
    page = follow(browser, changed)
    assert "Time code" in page.text
    back = browser.fill(page, "/factor", code=code_of(secret))
    assert back.location.partition("?")[0] == "/account"
    account = browser.get("/account")
    assert browser.fill(account, "/account/password", **fields).location == "/account"
    assert opened(browser)
    assert browser.fill(browser.get("/account"), "/factor/remove").location == "/account"
    assert "You sign in with your password alone." in browser.get("/account").text


def test_se_06_somebody_with_a_password_alone_signs_in_again_before_setting_a_factor_up(
    app: Flask, frozen: datetime, browser: Browser, at: Callable[[datetime], None]
) -> None:
    at(frozen + timedelta(minutes=6))
    page = follow(browser, browser.get(DOOR))
    assert 'name="password"' in page.text
    offered = follow(browser, browser.fill(page, "/login", login=LOGIN, password=PASSWORD))
    assert "Set up a second factor" in offered.text
    shown = browser.fill(follow(browser, browser.fill(offered, "/factor/set-up/code")), "/factor/set-up/code", code="1")
    assert shown.status_code == 422
    done = browser.fill(shown, "/factor/set-up/code", code=code_of(scan(shown)))
    assert len(codes(done)) == 10
    assert opened(browser)


def test_a_password_alone_does_not_add_a_factor_beside_those_there_are(app: Flask, browser: Browser) -> None:
    with_totp(browser)
    thief = fresh(app)
    assert thief.get("/factor/set-up").location.startswith("/factor?flow=")
    token = hidden(thief.get("/account"), "/logout")
    refused = thief.post("/factor/set-up/options", token, Accept="application/json")
    assert refused.status_code == 401


def test_the_last_factor_takes_the_recovery_codes_with_it(app: Flask, browser: Browser, engine: Engine) -> None:
    with_totp(browser)
    with_passkey(browser)
    account = browser.get("/account")
    form = re.search(r'name="passkey" value="([^"]+)"', account.text)
    assert form is not None
    assert browser.fill(account, "/factor/remove", passkey=form[1]).location == "/account"
    assert browser.fill(browser.get("/account"), "/factor/remove").location == "/account"
    assert browser.post("/factor/remove", hidden(account, "/factor/remove")).status_code == 404
    assert browser.post("/factor/codes", hidden(account, "/factor/codes")).status_code == 404
    with Session(engine) as session:
        assert list(session.scalars(select(RecoveryCode))) == []
    assert types(engine)[-2:] == ["signin:factor:removed", "signin:factor:removed"]
