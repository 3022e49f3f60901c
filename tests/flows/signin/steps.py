"""The steps of signing in with a password or a code, and what is kept of them."""

from __future__ import annotations

import re

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.signin.codes import first_code
from iam.tokens.session import LoginSessionRow
from iam.web import extension
from tests.kit.browser import Browser
from tests.kit.people import OTHER, PASSWORD

LOGIN = "aino.virtanen"


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


def issue(app: Flask, engine: Engine, login: str = LOGIN) -> str:
    """A code that an administrator hands over."""
    parts = extension.parts_of(app)
    with Session(engine) as session, session.begin():
        return first_code.issue(session, parts.vault, parts.settings, login, SYSTEM).code


def use(browser: Browser, code: str, login: str = LOGIN) -> TestResponse:
    return browser.fill(browser.get("/first-code"), "/first-code", login=login, code=code)


def choose(browser: Browser, page: TestResponse, password: str = OTHER, again: str | None = None) -> TestResponse:
    return browser.fill(page, "/first-code", new_password=password, new_password_again=again or password)


def change(browser: Browser, page: TestResponse) -> TestResponse:
    """Change the password on My account."""
    fields = {"current_password": PASSWORD, "new_password": OTHER, "new_password_again": OTHER}
    return browser.fill(page, "/account/password", **fields)
