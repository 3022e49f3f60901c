"""The steps of a sign-in by an upstream provider, from the button here to the way back, and what is kept of it."""

from __future__ import annotations

import html
import json
import re
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, begin
from iam.database.types import uuid7
from iam.directory.person import Identifier
from iam.signin.federation.connection import Connection, Link
from iam.tokens.session import LoginSessionRow
from iam.web import extension, flow, guard
from tests.kit.browser import Browser
from tests.kit.peers.openid_provider import CLIENT, SECRET, Claims, OpenidProvider
from tests.kit.people import PASSWORD, municipality

LOGIN, OTHER = "aino.virtanen", "eero.esimerkki"

KEY = "kunta"

FAILED = "The sign-in did not succeed"

UNKNOWN = "Your account is not connected yet"


def add_connection(app: Flask, engine: Engine, provider: OpenidProvider, key: str, **more: Any) -> None:
    sealed = extension.parts_of(app).vault.wrap(SECRET.encode())
    values: dict[str, Any] = {
        "key": key,
        "name": {"fi": "Kunnan tili", "sv": "Kommunens konto", "en": f"Town {key}"},
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "secret": sealed,
        "domains": [],
        "identifier": {},
    }
    with Session(engine) as session, session.begin():
        session.add(Connection(**({"owner_id": municipality(session)} | values | more)))


def connect(engine: Engine, provider: OpenidProvider, person_id: UUID, subject: str = "subject-1") -> None:
    with Session(engine) as session, session.begin():
        connection_id = session.scalars(select(Connection.id).where(Connection.issuer == provider.issuer)).one()
        row = {"connection_id": connection_id, "issuer": provider.issuer, "subject": subject, "person_id": person_id}
        session.add(Link(**row, created_at=clock.now()))


def identify(engine: Engine, person_id: UUID, value: str, *, by_source: bool = True, kind: str = "entra-oid") -> None:
    with Session(engine) as session, session.begin():
        change = begin(session, "command", SYSTEM)
        session.add(
            Identifier(
                person_id=person_id,
                kind=kind,
                issuer="",
                value=value,
                valid_from=clock.LONG_AGO,
                valid_to=clock.FOREVER,
                opened_by=change.id,
                source_id=uuid7() if by_source else None,
            )
        )


def set_connection(engine: Engine, **values: Any) -> None:
    with Session(engine) as session, session.begin():
        session.execute(update(Connection).where(Connection.key == KEY).values(**values))


def local(url: str) -> str:
    """The part of an address of ours that a browser of the tests asks for."""
    parts = urlsplit(url)
    return parts.path + ("?" + parts.query if parts.query else "")


def begin_at(browser: Browser, key: str = KEY, query: str = "") -> str:
    """Press the provider's button; return where the browser is sent."""
    sent = browser.get(f"/upstream/{key}{query}")
    assert sent.status_code == 303, sent.text
    return sent.location


def answer(browser: Browser, provider: OpenidProvider, key: str = KEY) -> str:
    """Sign in at the provider; return the path that its answer leads to."""
    return local(provider.authorize(begin_at(browser, key)))


def enter(browser: Browser, provider: OpenidProvider, key: str = KEY) -> TestResponse:
    """Go through the provider and follow to a page of ours."""
    return follow(browser, browser.get(answer(browser, provider, key)))


def follow(browser: Browser, said: TestResponse) -> TestResponse:
    while said.status_code in (302, 303):
        said = browser.get(local(said.location))
    return said


def events(engine: Engine, prefix: str = "signin:upstream:") -> list[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.type.startswith(prefix)).order_by(AuditEvent.id)
    with Session(engine) as session:
        return list(session.scalars(query))


def types(engine: Engine) -> list[str]:
    return [event.type.rpartition(":")[2] for event in events(engine)]


def reason(engine: Engine) -> str:
    """The check that the last refusal names."""
    last = events(engine)[-1]
    assert last.type == "signin:upstream:refused"
    return str(last.envelope["reason"])


def logins(engine: Engine) -> list[LoginSessionRow]:
    with Session(engine) as session:
        return list(session.scalars(select(LoginSessionRow).order_by(LoginSessionRow.id)))


def links(engine: Engine) -> list[tuple[str, str, UUID]]:
    with Session(engine) as session:
        return [(one.issuer, one.subject, one.person_id) for one in session.scalars(select(Link))]


def refused(page: TestResponse, engine: Engine) -> str:
    """A plain page says so, nobody is signed in, and the log says which check failed."""
    assert (page.status_code, logins(engine)) == (400, []), page.text
    assert FAILED in page.text
    return reason(engine)


def unheard(page: TestResponse, engine: Engine) -> None:
    """A plain page says so, nobody is signed in, and the log holds nothing of it."""
    assert (page.status_code, logins(engine)) == (400, []), page.text
    assert FAILED in page.text
    assert "signin:upstream:refused" not in {event.type for event in events(engine)}


def to_confirm(browser: Browser, provider: OpenidProvider, login: str = LOGIN) -> TestResponse:
    """Come with an unknown account, sign in here, and stand before the question."""
    offered = enter(browser, provider)
    (url,) = re.findall(r'href="(/login\?flow=[^"]+)"', offered.text)
    return follow(browser, browser.fill(browser.get(html.unescape(url)), "/login", login=login, password=PASSWORD))


def parts(header: Claims, claims: Claims) -> str:
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))


# --- a fresh sign-in


@guard.public
def fresh_door() -> str:
    """A page of ours that asks for a fresh sign-in, as the authorization endpoint does for ``prompt=login``."""
    return urlencode({"flow": flow.start(flow.Flow("/account", fresh=True))})


@guard.public
def towards_door(application: str) -> str:
    return urlencode({"flow": flow.start(flow.Flow("/account?here=1", application=application))})
