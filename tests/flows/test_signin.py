"""Signing in as people do, with a real application on a real database: AU-04 to AU-09, SE-01 to SE-06, C-06, C-08,
C-34, AZ-07."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask, session as form_session
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool
from werkzeug.test import TestResponse

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.signin.accounts import ending
from iam.signin.accounts.account import Account, Credential
from iam.signin.codes import first_code
from iam.signin.endpoints import account as account_page, first_code as first_code_page, login as login_page
from iam.signin.passwords import credentials, password
from iam.signin.passwords.turns import Turns
from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSessionRow
from iam.web import extension, flow
from tests.kit.browser import Browser, application, hidden
from tests.kit.people import OTHER, PASSWORD, add_person, directory, employ, hold, municipality

LOGIN = "aino.virtanen"
MISMATCH = "The username or the password does not match."


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on the test's database."""
    with application(database_url, tmp_path) as made:
        yield made


@pytest.fixture
def aino(app: Flask, engine: Engine) -> UUID:
    """Aino has a login and a password."""
    with Session(engine) as session, session.begin():
        return add_person(session, extension.parts_of(app).vault, LOGIN)


@pytest.fixture
def browser(app: Flask, aino: UUID) -> Browser:
    """A browser that has never been here, once Aino can sign in."""
    return Browser(app)


def events(engine: Engine, prefix: str = "signin:") -> list[AuditEvent]:
    """Events of some types, oldest first."""
    with Session(engine) as session:
        return list(
            session.scalars(select(AuditEvent).where(AuditEvent.type.startswith(prefix)).order_by(AuditEvent.id))
        )


def types(engine: Engine) -> list[str]:
    return [event_.type for event_ in events(engine)][1:]


def said(page: TestResponse) -> str:
    """The one line of error above a form."""
    found = re.search(r'role="alert".*?<span>(.*?)</span>', page.text, re.DOTALL)
    assert found is not None, page.text
    return found[1]


def sessions(engine: Engine) -> list[LoginSessionRow]:
    with Session(engine) as session:
        return list(session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id)))


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
        weaker.setattr(password, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1))
        credentials.set_password(session, extension.parts_of(app).vault, aino, PASSWORD, SYSTEM)
    browser.sign_in(LOGIN, PASSWORD)
    browser.fill(browser.get("/account"), "/logout")
    for _ in range(11):
        Browser(app).sign_in(LOGIN, "wrong")
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 303


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


def issue(app: Flask, engine: Engine, login: str = LOGIN) -> str:
    """A code that an administrator hands over."""
    parts = extension.parts_of(app)
    with Session(engine) as session, session.begin():
        return first_code.issue(session, parts.vault, parts.settings, login, SYSTEM).code


def use(browser: Browser, code: str, login: str = LOGIN) -> TestResponse:
    return browser.fill(browser.get("/first-code"), "/first-code", login=login, code=code)


def choose(browser: Browser, page: TestResponse, password: str = OTHER, again: str | None = None) -> TestResponse:
    return browser.fill(page, "/first-code", new_password=password, new_password_again=again or password)


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


def change(browser: Browser, page: TestResponse) -> TestResponse:
    """Change the password on My account."""
    fields = {"current_password": PASSWORD, "new_password": OTHER, "new_password_again": OTHER}
    return browser.fill(page, "/account/password", **fields)


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
