"""AU-04, AU-05, C-15: one account has one budget of failures, whoever tries, from wherever, at whichever door, however
it is written."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from iam.settings import Redis
from iam.web import extension
from tests.kit.browser import Browser, application
from tests.kit.people import PASSWORD, add_person
from tests.kit.servers.redis import RedisServer
from tests.kit.worlds.factor import LOGIN, with_totp

SPELLINGS = (
    "aino.mäki@kunta.example",
    "AINO.MÄKI@KUNTA.EXAMPLE",
    " aino.mäki@kunta.example ",
    "aino.ma\u0308ki@kunta.example",
    "aino.mäki@kunta.example\t",
    "ａｉｎｏ.mäki@kunta.example",
    "aino.mäki＠kunta.example",
    "aino．mäki@kunta．example",
    "\u2003aino.mäki@kunta.example",
    "Aino.Mäki@Kunta.Example",
)
"""Ways to write one login: cases, compatibility forms, composed and decomposed letters, blanks."""
_HOSTS = count(1)


def elsewhere(app: Flask) -> Browser:
    """A browser that has never been here, at an address that nobody has come from; a proxy would say yet another."""
    browser, n = Browser(app), next(_HOSTS)
    browser.client.environ_base.update(REMOTE_ADDR=f"203.0.113.{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
    return browser


def add(app: Flask, login: str) -> None:
    with Session(extension.engine_of(app)) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, login)


def guess(app: Flask, n: int, login: str) -> int:
    """One wrong guess, at the doors by turns; the status."""
    browser = elsewhere(app)
    if n % 3:
        return browser.sign_in(login, f"wrong {n}").status_code
    return browser.fill(browser.get("/first-code"), "/first-code", login=login, code="AAAAA-AAAAA").status_code


def test_au_04_one_budget_over_fifty_addresses_every_spelling_both_doors_a_restart_and_a_redis_flush(
    database_url: str, folder: Path, redis: RedisServer
) -> None:
    statuses: list[int] = []
    remembers = {"redis": Redis(url=redis.url)}
    with application(database_url, folder, **remembers) as app:
        add(app, SPELLINGS[0])
        statuses += [guess(app, n, SPELLINGS[n % len(SPELLINGS)]) for n in range(5)]
    redis.flush()
    with application(database_url, folder, **remembers) as restarted:
        statuses += [guess(restarted, n, SPELLINGS[n % len(SPELLINGS)]) for n in range(5, 50)]
        for login in SPELLINGS:
            assert elsewhere(restarted).sign_in(login, PASSWORD).status_code == 429, (
                f"{login!r} has a budget of its own"
            )
    assert statuses == [422] * 10 + [429] * 40


def test_au_04_c_15_no_number_of_browsers_that_know_the_password_gives_more_guesses_at_the_code(
    app: Flask, engine: Engine
) -> None:
    owner = Browser(app)
    owner.sign_in(LOGIN, PASSWORD)
    with_totp(owner)
    let = 0
    for n in range(12):
        thief = elsewhere(app)
        if thief.sign_in(LOGIN, PASSWORD).status_code != 303:
            break
        page = thief.get("/factor?flow=" + flow_of(thief))
        for code in (f"{n:06}", f"9{n:05}"):
            let += thief.fill(page, "/factor", code=code).status_code == 422
    assert let == 10
    # The owner's own browser has proved the code before: it is not locked out (AU-05).
    owner.fill(owner.get("/account"), "/logout")
    assert owner.sign_in(LOGIN, PASSWORD).status_code == 303


def flow_of(browser: Browser) -> str:
    """The handle of the way to the door that asks for more."""
    return str(browser.get("/test/vault").location.partition("flow=")[2])


def test_au_05_a_forged_mark_of_a_known_browser_is_no_budget_of_its_own(app: Flask) -> None:
    add(app, "eino")
    for n in range(10):
        assert elsewhere(app).sign_in("eino", f"wrong {n}").status_code == 422
    other = Browser(app)
    add(app, "another")
    other.sign_in("another", PASSWORD)
    genuine = str(other.cookie("avain-device"))
    for mark in (
        "",
        "x",
        "avs_x",
        "[]",
        genuine,
        genuine[:-1],
        genuine.replace(".", ".."),
        str(other.cookie("avain-form")),
    ):
        forger = elsewhere(app)
        forger.client.set_cookie("avain-device", mark)
        assert forger.sign_in("eino", PASSWORD).status_code == 429, mark
