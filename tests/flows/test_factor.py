"""The second factor as people meet it, with a real application on a real database: AU-07, AU-09, AU-10, AU-11, SE-02, SE-06."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
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
from iam.signin import levels
from iam.tokens import grant as grants
from iam.tokens.grant import GrantRow
from iam.tokens.session import LoginSessionRow
from iam.web import context, extension, guard
from tests.unit.signin.people import OTHER, PASSWORD, add_person
from tests.unit.signin.proofs import Authenticator, code_of
from tests.unit.web.browser import HTML, Browser, application, hidden

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


def set_up_totp(browser: Browser, page: TestResponse) -> str:
    """Set up time codes from the page that offers it, and return the secret."""
    waiting = follow(browser, browser.fill(page, "/factor/set-up/code"))
    found = re.search(r'id="totp-secret">([^<]+)<', waiting.text)
    assert found is not None, waiting.text
    done = browser.fill(waiting, "/factor/set-up/code", code=code_of(found[1]))
    assert done.status_code == 200, done.location
    assert len(codes(done)) == 10
    browser.codes = codes(done)  # type: ignore[attr-defined]
    return found[1]


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
