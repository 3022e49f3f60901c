"""What the tests of the second factor share: a door that asks for more, and the steps of people who pass it."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask, request
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.audit.log import AuditEvent
from iam.signin.factors import levels
from iam.tokens.session import LoginSessionRow
from iam.web import context, guard
from tests.kit.browser import Browser, hidden
from tests.kit.people import PASSWORD
from tests.kit.proofs import Authenticator, code_of

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


def scan(page: TestResponse) -> str:
    """The secret that an authenticator app reads from the set-up page."""
    found = re.search(r'id="totp-secret">([^<]+)<', page.text)
    assert found is not None, page.text
    return found[1]


def with_totp(browser: Browser) -> tuple[str, list[str]]:
    """Set up time codes on My account; return the secret and the recovery codes. The browser is at the second level
    after it."""
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


def browser_login(browser: Browser) -> TestResponse:
    """The sign-in page, signed out first."""
    browser.fill(browser.get("/logout"), "/logout", decision="leave")
    return browser.get("/login")
