"""A forgotten password, from asking to the new one, with a real mail server: AU-06, AU-08, AU-09, C-07, C-34."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, event, inspect, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.cli.operating import worker
from iam.delivery.outbox import Message
from iam.directory.affiliation import Affiliation
from iam.directory.person import PersonProfile
from iam.signin.accounts.account import Account, Credential
from iam.signin.codes import first_code
from iam.signin.factors import policy
from iam.signin.passwords import credentials
from iam.tokens.one_shot import OneShot
from iam.web import extension
from tests.kit.browser import Browser, application, hidden
from tests.kit.peers.mail import MailServer
from tests.kit.people import OTHER, PASSWORD, add_person, employ, hold
from tests.kit.servers.certificates import Authority
from tests.kit.servers.ports import HOST, free_port
from tests.kit.worlds.factor import follow, vault_door, with_totp

LOGIN, ADDRESS = "aino.virtanen", "aino@marjala.example"
PAGE = "http://localhost:8080/first-code"
ALIKE = "If the username is right and we know your e-mail address, a code is on its way."
CODE = re.compile(r"^ {4}([2-9A-HJKMNP-Z]{5}-[2-9A-HJKMNP-Z]{5})$", re.MULTILINE)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
At = Callable[[datetime], None]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(authority: Authority) -> Iterator[MailServer]:
    with MailServer(authority.issue("mail", HOST), "starttls") as server:
        yield server


@pytest.fixture
def post(running: MailServer) -> MailServer:
    """The mail server, empty."""
    running.mails.clear()
    return running


class World:
    """The application, its people and its worker, over the test's database."""

    def __init__(self, app: Flask, engine: Engine) -> None:
        self.app, self.engine = app, engine
        self.parts = extension.parts_of(app)

    def person(self, login: str, email: str | None, **names: Any) -> UUID:
        """Add somebody with a password."""
        with Session(self.engine) as session, session.begin():
            person_id = add_person(session, self.parts.vault, login, **names)
            session.execute(update(PersonProfile).where(PersonProfile.person_id == person_id).values(email=email))
        return person_id

    def change(self, model: Any, *where: Any, **values: Any) -> None:
        with Session(self.engine) as session, session.begin():
            session.execute(update(model).where(*where).values(**values))

    def rows(self, model: Any, *where: Any) -> list[Any]:
        """Rows in the order of their keys: where these are ids, the oldest first."""
        with Session(self.engine) as session:
            return list(session.scalars(select(model).where(*where).order_by(*inspect(model).primary_key)))

    def work(self) -> dict[str, int]:
        """Let the worker send what is due."""
        return worker.make(self.parts.settings, self.parts.vault, self.engine).deliver()

    def ask(
        self, login: str = LOGIN, browser: Browser | None = None, headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        """Ask on the page."""
        asking = browser or Browser(self.app)
        form = hidden(asking.get("/forgotten"), "/forgotten")
        return asking.post("/forgotten", form | {"login": login}, **(headers or {}))

    def handed(self, login: str = LOGIN) -> str:
        """A code that an administrator hands over."""
        with Session(self.engine) as session, session.begin():
            return first_code.issue(session, self.parts.vault, self.parts.settings, login, SYSTEM).code


@contextmanager
def world_over(
    url: str, folder: Path, engine: Engine, post: MailServer, authority: Authority, **mail: Any
) -> Iterator[World]:
    given = {"host": HOST, "port": post.port, "sender": "avain@marjala.example"} | mail
    with application(
        url, folder, mail=given, egress={"ca_file": authority.ca_file}, consortium="Marjala", signin={}
    ) as app:
        app.add_url_rule("/test/vault", "vault_door", vault_door)
        yield World(app, engine)


@pytest.fixture
def world(database_url: str, tmp_path: Path, engine: Engine, post: MailServer, authority: Authority) -> Iterator[World]:
    with world_over(database_url, tmp_path, engine, post, authority) as made:
        made.person(LOGIN, ADDRESS)
        yield made


def code_in(post: MailServer, count: int = 1) -> str:
    """The code of the newest mail that has one."""
    return [found[1] for mail in post.took(count) if (found := CODE.search(mail.text))][-1]


def use(browser: Browser, code: str, login: str = LOGIN) -> TestResponse:
    return browser.fill(browser.get("/first-code"), "/first-code", login=login, code=code)


def choose(browser: Browser, step: TestResponse, password: str = OTHER) -> TestResponse:
    return browser.fill(step, "/first-code", new_password=password, new_password_again=password)


def test_whoever_forgot_the_password_asks_gets_a_code_by_mail_and_comes_in_with_a_new_one(
    world: World, post: MailServer
) -> None:
    elsewhere, browser = Browser(world.app), Browser(world.app)
    elsewhere.sign_in(LOGIN, PASSWORD)
    assert 'href="/forgotten"' in browser.get("/login").text
    asked = world.ask(LOGIN.upper(), browser)
    assert (asked.status_code, ALIKE in asked.text) == (200, True)
    assert world.work() == {"delivered": 1, "failed": 0, "given_up": 0}
    (mail,) = post.took(1)
    assert (mail.sealed, mail.recipients, mail.message["To"]) == (True, [f"TO:<{ADDRESS}>"], ADDRESS)
    code = code_in(post)
    # The one address in the mail is the page's; no secret stands in it (AU-08).
    assert re.findall(r"\S+://\S+", mail.text) == [PAGE]
    step = browser.fill(asked, "/first-code", login=LOGIN, code=code.lower().replace("-", " "))
    done = choose(browser, step)
    assert (done.status_code, done.location) == (303, "/account")
    assert [one.get("/account").status_code for one in (browser, elsewhere)] == [200, 303]
    assert Browser(world.app).sign_in(LOGIN, PASSWORD).status_code == 422
    assert Browser(world.app).sign_in(LOGIN, OTHER).status_code == 303
    told = [(row.type, row.subject_id is not None) for row in world.rows(AuditEvent, AuditEvent.type.contains("mail"))]
    assert told == [("signin:mail:asked", True), ("signin:code:mailed", True)]
    kept = [row.envelope for row in world.rows(AuditEvent)] + [row.payload for row in world.rows(Message)]
    assert code.replace("-", "") not in str(kept).replace("-", "")
    assert LOGIN not in str(kept)


def seen(world: World, call: Callable[[], Any]) -> list[str]:
    """The statements that a request sends to the database."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    engine = extension.engine_of(world.app)
    event.listen(engine, "before_cursor_execute", note)
    call()
    event.remove(engine, "before_cursor_execute", note)
    return found


def test_au_06_known_unknown_and_unreachable_people_look_alike_and_cost_the_same(
    world: World, post: MailServer
) -> None:
    world.person("no.address", None)
    world.person("two.addresses", "a@marjala.example, b@marjala.example")
    with Session(world.engine) as session, session.begin():
        hold(session, world.person("held.person", "held@marjala.example"))
    kept_elsewhere = world.person("in.directory", "directory@marjala.example")
    world.change(Credential, Credential.person_id == kept_elsewhere, kind="directory", data={"source": "hr"})
    logins = [LOGIN, "nobody.at.all", "no.address", "two.addresses", "held.person", "in.directory", "x' OR 1=1 --"]
    answers, statements = [], []
    for login in logins:
        browser = Browser(world.app)
        form = hidden(browser.get("/forgotten"), "/forgotten") | {"login": login}
        statements.append(seen(world, lambda b=browser, f=form: answers.append(b.post("/forgotten", f))))  # type: ignore[misc]
    pages = [one.text.replace(f'value="{login}"', "") for one, login in zip(answers, logins, strict=True)]
    plain = [re.sub(r'value="[^"]*"', "", page) for page in pages]
    assert len(set(plain)) == 1
    assert {one.status_code for one in answers} == {200}
    own = {"X-Request-Id", "Content-Length", "Date", "Set-Cookie"}
    assert len({str(sorted((k, v) for k, v in one.headers if k not in own)) for one in answers}) == 1
    assert len({tuple(one) for one in statements}) == 1
    assert len(world.rows(Message)) == len(logins)
    assert world.work() == {"delivered": len(logins), "failed": 0, "given_up": 0}
    assert [mail.message["To"] for mail in post.took(1)] == [ADDRESS]
    assert len(world.rows(OneShot)) == 1


def test_c_34_whatever_host_a_request_names_the_mail_is_the_same(world: World, post: MailServer) -> None:
    world.ask()
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"}
    world.ask(headers=forged | {"Forwarded": "host=evil.example;proto=https"})
    browser = Browser(world.app)
    browser.base = "http://evil.example"
    assert ALIKE in world.ask(browser=browser, headers=forged).text
    world.work()
    texts = [re.sub(r"\d+\.\d\d\b", "", CODE.sub("", mail.text)) for mail in post.took(3)]
    assert len(set(texts)) == 1
    assert PAGE in texts[0]
    assert "evil" not in texts[0]


def test_au_08_a_code_works_once_for_fifteen_minutes_from_the_sending_until_the_next(
    world: World, post: MailServer, frozen: datetime, at: At
) -> None:
    world.ask()
    at(frozen + 10 * MINUTE)
    world.work()
    first = code_in(post)
    at(frozen + 24 * MINUTE)
    world.ask()
    world.work()
    second = code_in(post, 2)
    browser = Browser(world.app)
    assert use(browser, first).status_code == 422
    at(frozen + 38 * MINUTE)
    assert use(browser, second, "no.body").status_code == 422
    assert use(browser, second).status_code == 200
    assert use(browser, second).status_code == 422
    at(frozen + 100 * MINUTE)
    world.ask()
    world.work()
    at(frozen + 115 * MINUTE)
    assert use(browser, code_in(post, 3)).status_code == 422


def test_au_08_a_code_and_the_step_after_it_are_void_once_the_password_changed(world: World, post: MailServer) -> None:
    browser, late = Browser(world.app), Browser(world.app)
    world.ask()
    world.work()
    step = use(browser, code_in(post))
    handed = world.handed()
    other = use(late, handed)
    assert [page.status_code for page in (step, other)] == [200, 200]
    assert choose(late, other).status_code == 303
    world.ask()
    world.work()
    # Between the two mails with codes the person was told that one was handed over.
    mailed = code_in(post, 3)
    with Session(world.engine) as session, session.begin():
        known = credentials.find(session, LOGIN)
        assert known is not None
        credentials.set_password(session, world.parts.vault, known.person_id, "keltainen kettu nukkuu", SYSTEM)
    assert choose(browser, step, "aivan toinen lause tämä").status_code == 422
    assert use(Browser(world.app), mailed).status_code == 422
    assert Browser(world.app).sign_in(LOGIN, "keltainen kettu nukkuu").status_code == 303


def test_au_08_a_mailed_code_never_passes_a_second_factor(world: World, post: MailServer) -> None:
    browser = Browser(world.app)
    browser.sign_in(LOGIN, PASSWORD)
    with_totp(browser)
    world.ask()
    world.work()
    thief = Browser(world.app)
    assert choose(thief, use(thief, code_in(post))).status_code == 303
    assert browser.get("/account").status_code == 303
    assert 'action="/factor"' in follow(thief, thief.get("/test/vault?room=1")).text
    form = hidden(thief.get("/account"), "/account/language")
    for path in ("/factor/remove", "/factor/codes", "/factor/set-up/code", "/account/password"):
        refused = thief.post(path, form)
        assert (refused.status_code, refused.location.split("?")[0]) == (303, "/factor"), path
    assert world.rows(AuditEvent, AuditEvent.type == "signin:factor:removed") == []
    assert not thief.get("/test/vault?room=1").text.startswith("open")


def test_au_01_who_is_always_asked_for_a_second_factor_and_has_one_may_choose_eight_characters_and_the_pages_say_so(
    world: World, post: MailServer
) -> None:
    short, browser = "kx7 ö¤q€", Browser(world.app)
    with Session(world.engine) as session, session.begin():
        known = credentials.find(session, LOGIN)
        assert known is not None
        employ(session, known.person_id, until_days=300)
    for least in (15, 8):
        step = use(browser, world.handed())
        assert f"At least {least} characters" in step.text
        assert f'minlength="{least}"' in step.text
        assert choose(browser, step, short[:7]).status_code == 422
        assert choose(browser, use(browser, world.handed()), short).status_code == (422 if least == 15 else 303)
        if least == 15:
            browser.sign_in(LOGIN, PASSWORD)
            with_totp(browser)
            with Session(world.engine) as session, session.begin():
                town = session.scalars(select(Affiliation.organisation_id)).one()
                policy.ask(session, {town: 0})
            assert "At least 8 characters, because a second factor" in browser.get("/account").text


def test_c_07_no_order_of_the_posts_leads_in_without_the_code(world: World, post: MailServer) -> None:
    """AU-09: every order, with nothing, a forged handle, a code of another person's, and another browser's step."""
    world.person("eino", "eino@marjala.example")
    world.ask("eino")
    world.work()
    theirs = code_in(post)
    password = {"login": LOGIN, "new_password": OTHER, "new_password_again": OTHER}
    for order in permutations(range(3)):
        browser = Browser(world.app)
        token = hidden(browser.get("/forgotten"), "/forgotten")
        stolen = hidden(use(Browser(world.app), world.handed("eino"), "eino"), "/first-code")["code_handle"]
        steps = (
            [("/forgotten", {"login": LOGIN}), ("/forgotten", {})],
            [("/first-code", {}), ("/first-code", {"login": LOGIN, "code": theirs})],
            [("/first-code", password | {"code_handle": one}) for one in ("", "avf_" + "x" * 43, theirs, stolen)],
        )
        for which in order:
            for path, fields in steps[which]:
                answer = browser.post(path, token | fields)
                assert answer.status_code == (200 if path == "/forgotten" and fields else 422), answer.text
        assert browser.get("/account").status_code == 303
    assert Browser(world.app).sign_in(LOGIN, OTHER).status_code == 422
    assert world.rows(AuditEvent, AuditEvent.type == "signin:code:used") == []


def test_an_account_is_sent_three_mails_an_hour_and_the_page_leaves_no_more_than_ten_whatever_restarts(
    world: World, post: MailServer, database_url: str, tmp_path: Path, authority: Authority, frozen: datetime, at: At
) -> None:
    for _ in range(5):
        world.ask()
    world.work()
    assert len(post.took(3)) == 3
    with world_over(database_url, tmp_path, world.engine, post, authority) as restarted:
        pages = [restarted.ask(spelling) for spelling in (LOGIN.upper(), f" {LOGIN}", *[LOGIN] * 6)]
        assert {(page.status_code, ALIKE in page.text) for page in pages} == {(200, True)}
        restarted.work()
    assert len(world.rows(Message)) == 10
    assert len(post.mails) == 3
    slowed = [row.envelope["slowed"] for row in world.rows(AuditEvent, AuditEvent.type == "signin:mail:asked")]
    assert slowed == [False] * 10 + [True] * 3
    # Asking costs nobody a sign-in: the budget of wrong passwords is another.
    assert Browser(world.app).sign_in(LOGIN, PASSWORD).status_code == 303
    at(frozen + timedelta(hours=2))
    world.ask()
    world.work()
    assert len(post.took(4)) == 4


def test_whoever_asks_in_anothers_name_does_not_make_a_handed_code_useless(world: World, post: MailServer) -> None:
    handed = world.handed()
    world.ask()
    world.work()
    browser = Browser(world.app)
    assert choose(browser, use(browser, handed)).status_code == 303
    assert use(Browser(world.app), code_in(post)).status_code == 422


def test_a_mail_is_in_the_language_of_the_account_or_else_of_the_page(world: World, post: MailServer) -> None:
    for language in ("fi", None):
        swedish = Browser(world.app)
        swedish.get("/forgotten?lang=sv")
        world.change(Account, Account.login == LOGIN, language=language)
        world.ask(browser=swedish)
        world.work()
    own, pages = post.took(2)
    assert (own.message["Subject"], pages.message["Subject"]) == ("Kertakoodisi: Marjala", "Din engångskod: Marjala")
    assert "Hei, Aino Virtanen." in own.text


def test_who_gets_another_address_is_told_at_the_old_one_and_codes_go_there_for_three_days(
    world: World, post: MailServer, frozen: datetime, at: At
) -> None:
    made = worker.make(world.parts.settings, world.parts.vault, world.engine)
    assert made.tidy()["sign-in addresses"] == 1
    at(frozen + DAY)
    world.change(PersonProfile, PersonProfile.email == ADDRESS, email="aino@uusi.example")
    assert made.tidy()["sign-in addresses"] == 1
    assert world.work()["delivered"] == 1
    (told,) = post.took(1)
    assert told.recipients == [f"TO:<{ADDRESS}>"]
    assert "18.9.2026" not in told.text
    assert "19.9.2026" in told.text
    assert "uusi.example" not in told.text
    for day, goes in ((3, ADDRESS), (4, "aino@uusi.example")):
        at(frozen + day * DAY)
        world.ask()
        world.work()
        assert post.took(day - 1)[-1].recipients == [f"TO:<{goes}>"]


def test_a_server_that_is_down_is_tried_again_for_a_quarter_of_an_hour_and_costs_no_mail(
    world: World, post: MailServer, database_url: str, tmp_path: Path, authority: Authority, frozen: datetime, at: At
) -> None:
    world.ask()
    with world_over(database_url, tmp_path, world.engine, post, authority, port=free_port()) as down:
        for seconds in (0, 5, 35, 155):
            at(frozen + timedelta(seconds=seconds))
            assert down.work() == {"delivered": 0, "failed": 1, "given_up": 0}
        (message,) = down.rows(Message)
        assert "ConnectionRefusedError" in message.last_error
        at(frozen + 14 * MINUTE)
        world.work()
        assert use(Browser(world.app), code_in(post)).status_code == 200
        down.ask()
        at(frozen + 29 * MINUTE)
        assert down.work() == {"delivered": 0, "failed": 0, "given_up": 1}
    assert len(post.mails) == 1


def test_a_mailbox_that_does_not_exist_is_given_up_at_once(world: World, post: MailServer) -> None:
    post.recipient = "550 nobody here"
    world.ask()
    given_up = world.work()
    post.recipient = "250 yes"
    assert given_up == {"delivered": 0, "failed": 0, "given_up": 1}
    (message,) = world.rows(Message)
    assert "status 550" in message.last_error


def test_without_a_mail_server_the_page_says_who_gives_a_code_and_leaves_nothing(
    database_url: str, tmp_path: Path, engine: Engine
) -> None:
    with application(database_url, tmp_path) as app:
        browser = Browser(app)
        login = browser.get("/login")
        assert 'href="/forgotten"' in login.text, "the way to help is always there"
        for answer in (
            browser.get("/forgotten"),
            browser.post("/forgotten", hidden(login, "/login") | {"login": LOGIN}),
        ):
            assert answer.status_code == 200
            assert "Ask your school's office" in answer.text
            assert 'href="/first-code"' in answer.text
    with Session(engine) as session:
        assert session.scalars(select(Message)).all() == []


def test_an_empty_username_is_asked_for_again(world: World) -> None:
    answer = world.ask("  ")
    assert answer.status_code == 422
    assert "Write your username." in answer.text
    assert world.rows(Message) == []
