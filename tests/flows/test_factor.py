"""The second factor as people meet it, with a real application on a real database: AU-07, AU-09, AU-10, AU-11, SE-02, SE-06."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask, request
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.settings import Signin
from iam.signin import levels, policy, recovery, step_up, totp
from iam.signin.endpoints import own_device
from iam.signin.factor import Passkey, RecoveryCode, Totp
from iam.signin.flow import Around, Refusal
from iam.tokens import grant as grants
from iam.tokens import session as login_sessions
from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSessionRow
from iam.web import context, extension, flow, guard
from tests.unit.signin.people import OTHER, PASSWORD, add_person, employ, hold
from tests.unit.signin.proofs import Authenticator, code_of
from tests.unit.web.browser import Browser, application, hidden
from tests.unit.web.test_guard import grant_at_root

LOGIN = "aino.virtanen"
DOOR = "/test/vault?room=1"


@guard.signed_in
def vault_door() -> Any:
    """A page of ours that asks for a second factor, as the authorization endpoint does for an application."""
    login = context.login()
    assert login is not None
    least = request.args.get("least", levels.TWO_FACTOR)
    if not levels.reaches(login.acr, least):
        return guard.to_factor(request.full_path, least)
    return f"open {login.acr} {' '.join(login.amr)}"


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database, with a door that asks for more than a password."""
    with application(database_url, tmp_path) as made:
        made.add_url_rule("/test/vault", "vault_door", vault_door)
        yield made


@pytest.fixture
def aino(app: Flask, engine: Engine) -> UUID:
    """Aino has a login and a password."""
    with Session(engine) as session, session.begin():
        return add_person(session, extension.parts_of(app).vault, LOGIN)


@pytest.fixture
def browser(app: Flask, aino: UUID) -> Browser:
    """Aino's browser, signed in with her password."""
    made = Browser(app)
    made.sign_in(LOGIN, PASSWORD)
    return made


def types(engine: Engine, prefix: str = "signin:factor:") -> list[str]:
    """The audit events of some types, oldest first."""
    query = select(AuditEvent.type).where(AuditEvent.type.startswith(prefix)).order_by(AuditEvent.id)
    with Session(engine) as session:
        return list(session.scalars(query))


def follow(browser: Browser, answer: TestResponse) -> TestResponse:
    """Go where the redirects lead."""
    while answer.status_code in (302, 303):
        answer = browser.get(answer.location)
    return answer


def codes(page: TestResponse) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"<li><code>([^<]+)</code></li>", page.text)


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


def scan(page: TestResponse) -> str:
    """The secret that an authenticator app reads from the set-up page."""
    found = re.search(r'id="totp-secret">([^<]+)<', page.text)
    assert found is not None, page.text
    return found[1]


def with_totp(browser: Browser) -> tuple[str, list[str]]:
    """Set up time codes on My account; return the secret and the recovery codes. The browser is at the second level after it."""
    account = browser.get("/account")
    start = re.search(r'href="(/factor/set-up[^"]*)"', account.text)
    assert start is not None
    waiting = follow(browser, browser.fill(browser.get(html.unescape(start[1])), "/factor/set-up/code"))
    secret = scan(waiting)
    done = browser.fill(waiting, "/factor/set-up/code", code=code_of(secret))
    assert done.status_code == 200, done.text
    return secret, codes(done)


def with_passkey(browser: Browser) -> Authenticator:
    """Make a passkey on the set-up page, as the page's script does."""
    page, key = browser.get("/factor/set-up"), Authenticator()
    token = hidden(page, "/factor/set-up")
    options = browser.post("/factor/set-up/options", token, Accept="application/json")
    assert options.status_code == 200, options.text
    done = browser.fill(page, "/factor/set-up", credential=key.make(options.get_json()), name="puhelin")
    assert done.status_code in (200, 303), done.text
    return key


def answer(browser: Browser, page: TestResponse, path: str, key: Authenticator) -> TestResponse:
    """Let a passkey answer the form of a page."""
    options = browser.post(f"{path}/options", hidden(page, path), Accept="application/json")
    return browser.fill(page, path, credential=key.prove(options.get_json()))


def fresh(app: Flask) -> Browser:
    """Another browser, signed in with the password."""
    made = Browser(app)
    assert made.sign_in(LOGIN, PASSWORD).status_code == 303
    return made


def opened(browser: Browser, least: str = levels.TWO_FACTOR) -> bool:
    return browser.get(f"/test/vault?least={least}").text.startswith("open")


def at_factor(browser: Browser, least: str = levels.TWO_FACTOR) -> TestResponse:
    """The page that asks for the factor, on the way to the door."""
    return follow(browser, browser.get(f"/test/vault?least={least}"))


def session_rows(engine: Engine) -> list[LoginSessionRow]:
    with Session(engine) as session:
        return list(session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id)))


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


def test_au_07_neither_the_secret_nor_a_recovery_code_is_stored_in_clear(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    secret, recovery_codes = with_totp(browser)
    with Session(engine) as session:
        sealed = session.scalars(select(Totp.secret)).one()
        kept = list(session.scalars(select(RecoveryCode.hash)))
    assert secret.replace(" ", "").encode() not in sealed
    assert not {code.replace("-", "").encode() for code in recovery_codes} & set(kept)


def test_au_04_wrong_codes_spend_the_budget_of_the_password_and_the_other_way_round(
    app: Flask, browser: Browser
) -> None:
    secret, recovery_codes = with_totp(browser)
    thief = Browser(app)
    thief.sign_in(LOGIN, PASSWORD)
    page = at_factor(thief)
    # The thief's browser has signed in once, so it has a budget of its own: both doors of it are tried.
    for n in range(5):
        assert thief.fill(page, "/factor", code=f"{n:06}").status_code == 422
        assert thief.fill(page, "/factor", recovery_code="AAAAA-AAAAA").status_code == 422
    stopped = thief.fill(page, "/factor", code=code_of(secret, 1))
    assert (stopped.status_code, int(stopped.headers["Retry-After"]) > 60) == (429, True)
    assert thief.fill(page, "/factor", recovery_code=recovery_codes[0]).status_code == 429
    assert thief.fill(browser_login(thief), "/login", login=LOGIN, password=PASSWORD).status_code == 429


def browser_login(browser: Browser) -> TestResponse:
    """The sign-in page, signed out first."""
    browser.fill(browser.get("/logout"), "/logout", decision="leave")
    return browser.get("/login")


def test_au_09_no_stage_is_left_but_by_its_own_success(app: Flask, browser: Browser, engine: Engine) -> None:
    with_totp(browser)
    key = with_passkey(browser)
    other = fresh(app)
    page = at_factor(other)
    token = hidden(page, "/factor")
    for path, data in (
        ("/factor", {}), ("/factor", {"code": ""}), ("/factor", {"recovery_code": ""}), ("/factor", {"code": "000000", "recovery_code": ""}),
        ("/factor/passkey", {}), ("/factor/passkey", {"credential": ""}), ("/factor/passkey", {"credential": "{}"}),
    ):  # fmt: skip
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
    assert nobody.post("/factor", hidden(nobody.get("/login"), "/login") | {"code": "1"}).status_code == 401


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
        grant_id = session.scalars(select(GrantRow.id)).one()
        assert grants.living(session, grant_id, clock.now()) is not None


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
    assert back.location == "/account"
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


def test_a_passkey_signs_in_without_a_username_and_reaches_the_highest_level(
    app: Flask, browser: Browser, engine: Engine
) -> None:
    key = with_passkey(browser)
    nobody = Browser(app)
    page = nobody.get("/login")
    assert 'data-passkey="get"' in page.text
    assert answer(nobody, page, "/login/passkey", key).location == "/account"
    row = session_rows(engine)[-1]
    assert (row.acr, row.amr) == (levels.PASSKEY, ["hwk", "user"])
    assert opened(nobody, levels.PASSKEY)
    assert types(engine, "signin:passkey:") == ["signin:passkey:accepted"]


def test_a_passkey_of_somebody_whose_access_has_ended_lets_nobody_in(
    app: Flask, browser: Browser, engine: Engine, aino: UUID
) -> None:
    key = with_passkey(browser)
    with Session(engine) as session, session.begin():
        hold(session, aino)
    nobody = Browser(app)
    refused = answer(nobody, nobody.get("/login"), "/login/passkey", key)
    assert (refused.status_code, "Your access has ended" in refused.text) == (422, True)


def test_au_10_an_answer_for_signing_in_is_bound_to_the_browser_that_asked(app: Flask, browser: Browser) -> None:
    key = with_passkey(browser)
    attacker, victim = Browser(app), Browser(app)
    mine = hidden(attacker.get("/login"), "/login/passkey")
    options = attacker.post("/login/passkey/options", mine, Accept="application/json").get_json()
    page = victim.get("/login")
    refused = victim.fill(page, "/login/passkey", credential=key.prove(options))
    assert (refused.status_code, "was not accepted" in refused.text) == (422, True)
    assert victim.get("/account").status_code == 303


def test_a_passkey_as_a_further_factor_opens_what_asks_for_one_and_nothing_less_does(
    app: Flask, browser: Browser, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    secret, _ = with_totp(browser)
    key = with_passkey(browser)
    at(frozen + timedelta(minutes=2))
    other = fresh(app)
    page = at_factor(other, levels.PASSKEY)
    assert 'name="code"' not in page.text
    assert other.fill(at_factor(other), "/factor", code=code_of(secret)).status_code == 303
    assert opened(other)
    assert not opened(other, levels.PASSKEY)
    assert answer(other, at_factor(other, levels.PASSKEY), "/factor/passkey", key).status_code == 303
    assert opened(other, levels.PASSKEY)


def test_where_a_passkey_is_asked_time_codes_lead_to_making_one(app: Flask, browser: Browser) -> None:
    with_totp(browser)
    page = at_factor(browser, levels.PASSKEY)
    assert 'data-passkey="create"' in page.text
    assert 'action="/factor/set-up/code"' not in page.text
    options = browser.post("/factor/set-up/options", hidden(page, "/factor/set-up"), Accept="application/json")
    done = browser.fill(page, "/factor/set-up", credential=Authenticator().make(options.get_json()))
    assert done.location.startswith("/test/vault")
    assert opened(browser, levels.PASSKEY)


@pytest.mark.parametrize("credential", ["", "[]", "{}", "null", "\x00", "9" * 5000, '{"id":' * 500])
def test_hostile_answers_are_refused_and_never_a_fault(app: Flask, browser: Browser, credential: str) -> None:
    page = browser.get("/factor/set-up")
    assert browser.fill(page, "/factor/set-up", credential=credential).status_code == 422
    nobody = Browser(app)
    assert nobody.fill(nobody.get("/login"), "/login/passkey", credential=credential).status_code == 422


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


def test_a_passkey_of_somebody_else_cannot_be_removed(app: Flask, browser: Browser, engine: Engine) -> None:
    with_passkey(browser)
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, "toinen")
        theirs = session.scalars(select(Passkey.id)).one()
    other = Browser(app)
    other.sign_in("toinen", PASSWORD)
    token = hidden(other.get("/account"), "/logout")
    assert other.post("/factor/remove", token | {"passkey": str(theirs)}).status_code == 404
    assert other.post("/factor/remove", token | {"passkey": "x"}).status_code == 404


@guard.requires("persons.read")
def administration() -> str:
    """An administration page."""
    return "administration"


@guard.administers
def overview() -> str:
    """A page for whoever administers anything."""
    return "overview"


@pytest.fixture
def office(database_url: str, tmp_path: Path, engine: Engine) -> Iterator[Callable[[str], Browser]]:
    """``office(least)``: the browser of Aino, an administrator, where the administration pages ask for that level."""
    with ExitStack() as stack:

        def start(least: str) -> Browser:
            made = stack.enter_context(application(database_url, tmp_path, signin=Signin(administrators=least)))
            made.add_url_rule("/test/administration", "administration", administration, methods=["GET", "POST"])
            made.add_url_rule("/test/overview", "overview", overview)
            with Session(engine) as session, session.begin():
                aino = add_person(session, extension.parts_of(made).vault, LOGIN)
                add_person(session, extension.parts_of(made).vault, "toinen")
                grant_at_root(session, aino, "persons.read")
            browser = Browser(made)
            browser.sign_in(LOGIN, PASSWORD)
            return browser

        yield start


def test_au_11_by_default_an_administrator_needs_a_second_factor() -> None:
    assert Signin().administrators == levels.TWO_FACTOR


def test_au_11_an_administrator_with_a_password_alone_sees_no_administration_page(
    office: Callable[[str], Browser], engine: Engine
) -> None:
    aino = office(levels.TWO_FACTOR)
    for path in ("/test/administration", "/test/overview"):
        asked = aino.get(path)
        assert (asked.status_code, urlsplit(asked.location).path) == (303, "/factor")
    told = aino.get("/test/administration", Accept="application/json")
    assert (told.status_code, told.get_json()["type"]) == (403, "urn:avain:problem:step-up-needed")
    assert aino.post("/test/administration", hidden(aino.get("/account"), "/logout")).status_code == 403
    with_totp(aino)
    assert aino.get("/test/administration").text == "administration"
    assert aino.get("/test/overview").text == "overview"
    other = Browser(aino.client.application)
    other.sign_in("toinen", PASSWORD)
    assert (other.get("/test/administration").status_code, other.get("/test/overview").status_code) == (404, 404)


def test_au_11_where_administrators_must_have_a_passkey_a_password_and_a_time_code_open_nothing(
    office: Callable[[str], Browser],
) -> None:
    aino = office(levels.PASSKEY)
    with_totp(aino)
    assert aino.get("/test/administration").status_code == 303
    assert 'data-passkey="create"' in follow(aino, aino.get("/test/administration")).text
    with_passkey(aino)
    assert aino.get("/test/administration").text == "administration"


def test_au_11_a_phishing_resistant_way_is_offered_wherever_a_factor_is_set_up(app: Flask, browser: Browser) -> None:
    assert 'data-passkey="create"' in follow(browser, browser.get(DOOR)).text


def test_a_device_marked_as_ones_own_stands_in_for_what_an_organisation_asks_and_for_nothing_else(
    database_url: str, tmp_path: Path, engine: Engine, frozen: datetime, at: Callable[[datetime], None]
) -> None:
    with application(database_url, tmp_path, signin=Signin(remember_days=10)) as app:
        with Session(engine) as session, session.begin():
            aino = add_person(session, extension.parts_of(app).vault, LOGIN)
            employ(session, aino, until_days=300)
            town = session.scalars(select(Organisation.id)).one()
            span = {"valid_from": clock.LONG_AGO, "valid_to": clock.FOREVER}
            session.add(OrganisationClosure(ancestor_id=town, descendant_id=town, **span))
            policy.ask(session, {town: 30})
        app.add_url_rule("/test/vault", "vault_door", vault_door)
        app.add_url_rule("/test/service", "service_door", service_door)
        browser = fresh(app)
        assert browser.get("/test/service").text == f"lacks {levels.TWO_FACTOR}"
        secret, _ = with_totp(browser)
        at(frozen + timedelta(minutes=2))
        browser_login(browser)
        browser.sign_in(LOGIN, PASSWORD)
        assert browser.get("/test/service").text == f"lacks {levels.TWO_FACTOR}"
        page = at_factor(browser)
        assert "for 10 days" in page.text
        assert browser.fill(page, "/factor", code=code_of(secret), remember="yes").status_code == 303
        browser_login(browser)
        browser.sign_in(LOGIN, PASSWORD)
        assert browser.get("/test/service").text == "enough"
        assert browser.get(f"/test/service?least={levels.TWO_FACTOR}").text == f"lacks {levels.TWO_FACTOR}"
        assert not opened(browser)
        assert fresh(app).get("/test/service").text == f"lacks {levels.TWO_FACTOR}"
        at(frozen + timedelta(days=10, minutes=3))
        browser.sign_in(LOGIN, PASSWORD)
        assert browser.get("/test/service").text == f"lacks {levels.TWO_FACTOR}"


@guard.signed_in
def service_door() -> str:
    """What the authorization endpoint asks of an application's own level."""
    lacking = own_device.lacking(request.args.get("least"))
    return f"lacks {lacking}" if lacking else "enough"


def test_where_no_device_is_remembered_none_is_offered_and_none_is_kept(app: Flask, browser: Browser) -> None:
    _, recovery_codes = with_totp(browser)
    other = fresh(app)
    page = at_factor(other)
    assert "remember" not in page.text
    other.fill(page, "/factor", recovery_code=recovery_codes[0], remember="yes")
    assert other.cookie("avain-remembered") is None
