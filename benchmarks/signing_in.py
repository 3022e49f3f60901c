"""A whole sign-in at a relying application, and the provider's hot endpoints: CPU of ``iam serve`` and database, per
call."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from benchmarks.browser import Answer, Browser
from benchmarks.meter import Measure, Meter
from iam import clock
from iam.cli.demo.run import CLIENT, SECRET
from iam.cli.demo_state import RELYING
from iam.demo.people import BY_NUMBER
from iam.oidc.model import Client, ClientSecret
from iam.signin.accounts.account import Account, Credential
from iam.tokens.secret import hash_of

PRINCIPAL = BY_NUMBER[1002]
"""Somebody with one capacity, so that nothing is asked on the way."""
SERVICE, SERVICE_SECRET = "bench-service", SECRET
SERVICE_BASIC = {"Authorization": "Basic " + b64encode(f"{SERVICE}:{SERVICE_SECRET}".encode()).decode()}
VERIFIER = sha256(b"bench").hexdigest()
BASIC = {"Authorization": "Basic " + b64encode(f"{CLIENT}:{SECRET}".encode()).decode()}
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
FIELD = re.compile(r'name="([^"]+)"[^>]*?value="([^"]*)"')


def measures(
    meter: Meter, issuer: str, sessions: sessionmaker[Session], sign_ins: int = 40, times: int = 800
) -> dict[str, Measure]:
    """Return the mean of ``sign_ins`` sign-ins (authorize, sign-in page, password, code, token), and of ``times`` calls
    of each endpoint, at the service that is ``issuer``."""
    add_service(sessions)
    tokens = sign_in(issuer)
    found = {"whole sign-in": mean(meter, sign_ins, lambda: sign_in(issuer))}
    program = Browser(issuer)
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    shown, own = {"token": tokens["access_token"]}, {"grant_type": "client_credentials"}
    latest = [tokens["refresh_token"]]

    def refresh() -> None:
        form = {"grant_type": "refresh_token", "refresh_token": latest[0]}
        latest[0] = program.post("/oauth2/token", form, BASIC).json()["refresh_token"]

    works: dict[str, Callable[[], object]] = {
        "userinfo": lambda: program.get("/oauth2/userinfo", bearer),
        "introspection": lambda: program.post("/oauth2/introspect", shown, BASIC),
        "refresh": refresh,
        "client credentials": lambda: program.post("/oauth2/token", own, SERVICE_BASIC),
        "discovery": lambda: program.get("/.well-known/openid-configuration"),
        "JWKS": lambda: program.get("/oauth2/jwks"),
    }
    found |= {name: mean(meter, times, work) for name, work in works.items()}
    program.close()
    return found


def add_service(sessions: sessionmaker[Session]) -> None:
    """Add a client that acts for itself, beside the demonstration's."""
    with sessions() as session, session.begin():
        known = session.scalars(select(Client).where(Client.client_id == CLIENT)).one()
        session.add(
            Client(
                application_id=known.application_id,
                client_id=SERVICE,
                auth="client_secret_basic",
                redirect_uris=[],
                post_logout_redirect_uris=[],
                grants=["client_credentials"],
                scope="luku",
                mapper={},
                sector="bench",
            )
        )
        session.flush()
        session.add(ClientSecret(client_id=SERVICE, hash=hash_of(SERVICE_SECRET), created_at=clock.now()))


def give_logins(session: Session, people: Mapping[str, UUID]) -> None:
    """Give people (by login) a login and the password that ``sign_in`` types."""
    principal = select(Account.person_id).where(Account.login == PRINCIPAL.login)
    known = session.scalars(select(Credential).where(Credential.person_id.in_(principal))).one()
    session.add_all(Account(person_id=person_id, login=login, language=None) for login, person_id in people.items())
    session.flush()
    session.add_all(
        Credential(person_id=person_id, kind="password", data=dict(known.data), changed_at=clock.now())
        for person_id in people.values()
    )


def mean(meter: Meter, times: int, work: Callable[[], object]) -> Measure:
    """Return what one call takes: of three rows of ``times`` calls, after some that are not counted, the one that took
    least CPU.

    A machine that others use, too, is slower at times and never faster than it is.
    """
    for _ in range(max(2, times // 8)):
        work()
    rows = [_row(meter, times, work) for _ in range(3)]
    return min(rows, key=lambda row: row.cpu)


def _row(meter: Meter, times: int, work: Callable[[], object]) -> Measure:
    with meter.measure() as total:
        for _ in range(times):
            work()
    return Measure(total.wall / times, total.own / times, total.database / times)


def sign_in(issuer: str, login: str = PRINCIPAL.login) -> dict[str, str]:
    """Sign somebody in with a fresh browser at the demonstration's application; return what its server gets for the
    code."""
    browser = Browser(issuer)
    request = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{RELYING}/callback",
        "scope": "openid profile roles offline_access",
        "state": "bench",
        "code_challenge": create_s256_code_challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    page = _followed(browser, browser.get("/oauth2/authorize?" + urlencode(request)))
    fields = dict(FIELD.findall(page.text)) | {"login": login, "password": PRINCIPAL.password}
    answer = _followed(browser, browser.post("/login", fields, SAME_ORIGIN))
    if answer.status == 200:
        # Told once what the service receives.
        answer = _followed(browser, _go_on(browser, answer))
    code = parse_qs(urlsplit(answer.location).query)["code"][0]
    exchange = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{RELYING}/callback",
        "code_verifier": VERIFIER,
    }
    tokens: dict[str, str] = browser.post("/oauth2/token", exchange, BASIC).json()
    browser.close()
    return tokens


def _followed(browser: Browser, answer: Answer) -> Answer:
    while answer.location and not answer.location.startswith(RELYING):
        answer = browser.get(answer.location)
    return answer


def _go_on(browser: Browser, page: Answer) -> Answer:
    action = unescape(_ACTION.findall(page.text)[-1])
    fields = dict(FIELD.findall(page.text)) | {"decision": "continue"}
    return browser.post(action, fields, SAME_ORIGIN)
