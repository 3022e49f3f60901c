"""AU-06: whether somebody is known here cannot be told from text, status, headers or the work that was done, at any
door.

Work is counted and not timed: the same statements, the same password hashes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.signin.federation.connection import Connection
from iam.web import extension
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD, add_person, hold
from tests.kit.proofs import Authenticator, Lies
from tests.kit.seen import statements, told
from tests.kit.worlds.factor import LOGIN, at_factor, with_passkey, with_totp

UNKNOWN = (
    "nobody.at.all",
    "no.password",
    "held",
    "x" * 500,
    "\x00",
    "aino virtanen",
    "*",
    "ａ",
    "' OR 1=1 --",
    "nobody@nowhere.example",
)
DOMAIN = "kunta.example"
MAIL = "aino@muu.example"


@pytest.fixture(scope="module", autouse=True)
def people(app: Flask) -> None:
    """Beside Aino somebody without a password, somebody whose access has ended, and a connected provider with a
    domain."""
    with Session(extension.engine_of(app)) as session, session.begin():
        vault = extension.parts_of(app).vault
        add_person(session, vault, "no.password", None)
        hold(session, add_person(session, vault, "held"))
        for login in (f"aino@{DOMAIN}", MAIL, "with.passkey", "with.code"):
            add_person(session, vault, login)
        session.add(
            Connection(
                key="kunta",
                name={"fi": "Kunta"},
                issuer="https://login.kunta.example",
                client_id="avain",
                secret=None,
                domains=[DOMAIN],
                identifier={},
            )
        )


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each password hash that was computed."""
    done: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, *given: Any) -> Any:
        done.append("verify")
        return real(self, *given)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    return done


Look = tuple[Any, list[str], int]


def looked(app: Flask, hashes: list[str], send: Callable[[], TestResponse]) -> Look:
    """What an answer tells and what it cost."""
    hashes.clear()
    with statements(extension.engine_of(app)) as sent:
        answer = send()
    return told(answer), sent, len(hashes)


def at_door(app: Flask, hashes: list[str], path: str, login: str, **fields: str) -> Look:
    browser = Browser(app)
    form = hidden(browser.get(path), path) | {"login": login} | fields
    return looked(app, hashes, lambda: browser.post(path, form))


def entered(app: Flask, login: str) -> Browser:
    """A browser in which somebody has signed in with the password."""
    browser = Browser(app)
    assert browser.sign_in(login, PASSWORD).status_code == 303
    return browser


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/login", {"password": "wrong"}), ("/login", {"password": ""}), ("/first-code", {"code": "AAAAA-AAAAA"})],
)
def test_au_06_a_login_that_is_known_and_one_that_is_not_look_alike(
    app: Flask, hashes: list[str], path: str, fields: dict[str, str]
) -> None:
    page, sent, hashed = at_door(app, hashes, path, LOGIN, **fields)
    _, mail, _ = at_door(app, hashes, path, MAIL, **fields)
    assert page[0] == 422
    assert len(sent) >= 3
    assert hashed == (1 if path == "/login" else 0)
    for login in UNKNOWN:
        other = at_door(app, hashes, path, login, **fields)
        assert other[0] == page, f"{path} tells {login!r} from a known login"
        if login.isprintable() and len(login) <= 320:
            same = mail if "@" in login else sent
            assert (other[1], other[2]) == (same, hashed), f"{path} does other work for {login!r}"
        # A login that nobody can have is refused with no more work than one that somebody has.
        assert (len(other[1]) <= len(mail), other[2]) == (True, hashed), login


def test_au_06_the_passkey_door_asks_everybody_the_same_and_refuses_every_wrong_answer_alike(
    app: Flask, hashes: list[str]
) -> None:
    key = with_passkey(entered(app, "with.passkey"))
    asked = []
    looks = {}
    lies: dict[str, tuple[Authenticator, Lies]] = {
        "a known passkey, a spoilt signature": (key, Lies(spoil=True)),
        "an unknown passkey": (Authenticator(), Lies()),
        "a known passkey, another person's handle": (key, Lies(handle=bytes(16))),
        "a known passkey, no handle": (key, Lies(without_handle=True)),
    }
    for name, (authenticator, told_lies) in lies.items():
        browser = Browser(app)
        page = browser.get("/login")
        token = hidden(page, "/login/passkey")
        options = browser.post("/login/passkey/options", token, Accept="application/json").get_json()
        asked.append({key: value for key, value in options.items() if key != "challenge"})
        form = token | {"credential": authenticator.prove(options, told_lies)}
        looks[name] = looked(app, hashes, lambda b=browser, f=form: b.post("/login/passkey", f))  # type: ignore[misc]
    assert all(one == asked[0] for one in asked)
    assert asked[0]["allowCredentials"] == []
    first = looks["a known passkey, a spoilt signature"]
    assert first[0][0] == 422
    assert {name: look == first for name, look in looks.items()} == dict.fromkeys(lies, True)


def test_au_06_a_second_factor_says_the_same_of_every_wrong_code(app: Flask, hashes: list[str]) -> None:
    with_totp(entered(app, "with.code"))
    thief = entered(app, "with.code")
    page = at_factor(thief)
    token = hidden(page, "/factor")
    wrong = [{"code": code} for code in ("000000", "", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "9" * 500)]
    wrong += [{"recovery_code": code} for code in ("AAAAA-AAAAA", "", "x")]
    looks = [looked(app, hashes, lambda g=given: thief.post("/factor", token | g)) for given in wrong]  # type: ignore[misc]
    assert {look[0] for look in looks} == {looks[0][0]}
    assert looks[0][0][0] == 422


def test_au_06_whom_a_connections_domain_leads_to_its_provider_does_not_depend_on_the_person(
    app: Flask, hashes: list[str]
) -> None:
    looks = [
        at_door(app, hashes, "/login", login, password="")
        for login in (f"aino@{DOMAIN}", f"nobody@{DOMAIN}", f"*@{DOMAIN}", f"AINO@{DOMAIN.upper()}")
    ]
    pages = [(look[0][0], look[0][2], look[1], look[2]) for look in looks]
    assert all(one == pages[0] for one in pages), pages
    places = {dict(look[0][1])["Location"].partition("?")[0] for look in looks}
    assert (pages[0][0], places) == (303, {"/upstream/kunta"})
    # A password that was typed is judged here, alike for everybody, and nobody of the domain is told apart.
    typed = [
        at_door(app, hashes, "/login", login, password="wrong") for login in (f"aino@{DOMAIN}", f"nobody@{DOMAIN}")
    ]
    assert typed[0] == typed[1]
