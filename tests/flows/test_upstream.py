"""Signing in by an upstream OpenID provider, a real one over HTTP, with a real application on a real database: OI-07,
AU-06, C-11, C-22, C-24."""

from __future__ import annotations

import hmac
import html
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from joserfc import jwk, jws
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import SYSTEM, begin
from iam.database.types import uuid7
from iam.directory.person import Identifier
from iam.settings import Egress
from iam.signin.factors import levels
from iam.signin.federation.connection import Connection, Link
from iam.tokens.one_shot import OneShot
from iam.tokens.session import LoginSessionRow
from iam.web import extension, flow, guard
from tests.kit.browser import Browser, application, hidden
from tests.kit.peers.openid_provider import CLIENT, SECRET, Behaviour, Claims, OpenidProvider
from tests.kit.people import PASSWORD, add_person, employ, hold, municipality
from tests.kit.worlds.factor import with_totp

LOGIN, OTHER = "aino.virtanen", "eero.esimerkki"
KEY = "kunta"
FAILED = "The sign-in did not succeed"
UNKNOWN = "Your account is not connected yet"


@pytest.fixture
def provider() -> Iterator[OpenidProvider]:
    """The municipality's own provider."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def second() -> Iterator[OpenidProvider]:
    """Another provider."""
    with OpenidProvider() as server:
        yield server


@pytest.fixture
def app(database_url: str, tmp_path: Path, provider: OpenidProvider, second: OpenidProvider) -> Iterator[Flask]:
    """The application, which may fetch from both."""
    with application(database_url, tmp_path, egress=Egress(hosts=[provider.place, second.place])) as made:
        made.add_url_rule("/test/fresh", "fresh_door", fresh_door)
        made.add_url_rule("/test/towards/<application>", "towards_door", towards_door)
        yield made


@pytest.fixture
def aino(app: Flask, engine: Engine, provider: OpenidProvider) -> UUID:
    """Aino has a login and a password, and the municipality's provider is connected."""
    add_connection(app, engine, provider, KEY)
    with Session(engine) as session, session.begin():
        person_id = add_person(session, extension.parts_of(app).vault, LOGIN)
        employ(session, person_id, until_days=300)
        return person_id


@pytest.fixture
def browser(app: Flask, aino: UUID) -> Browser:
    """A browser that has never been here."""
    return Browser(app)


@pytest.fixture
def known(engine: Engine, aino: UUID, provider: OpenidProvider) -> UUID:
    """Aino's account at the provider is connected."""
    connect(engine, provider, aino)
    return aino


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


def test_a_connected_person_signs_in_with_the_button_on_the_sign_in_page(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    page = browser.get("/login")
    assert f'href="/upstream/{KEY}"' in page.text
    assert "Town kunta" in page.text
    account = enter(browser, provider)
    assert "My account" in account.text
    assert "Aino" in account.text
    assert types(engine) == ["accepted"]
    (row,) = logins(engine)
    assert (row.person_id, row.acr, row.amr) == (known, levels.PASSWORD, [])


def test_the_request_carries_state_nonce_and_pkce_and_the_code_is_redeemed_with_them(
    browser: Browser, provider: OpenidProvider, known: UUID
) -> None:
    enter(browser, provider)
    enter(Browser(browser.client.application), provider)
    one, other = provider.asked
    assert one["response_type"] == "code"
    assert one["code_challenge_method"] == "S256"
    assert one["redirect_uri"] == f"http://localhost:8080/upstream/{KEY}/callback"
    assert "openid" in one["scope"].split()
    assert all(one[name] != other[name] for name in ("state", "nonce", "code_challenge"))
    assert "prompt" not in one
    assert [form["authorization"][:6] for form in provider.redeemed] == ["Basic "] * 2


def test_a_provider_that_takes_the_secret_in_the_body_gets_it_there(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.discovery = {"token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_post"]}
    enter(browser, provider)
    assert types(engine) == ["accepted"]
    assert provider.redeemed[0]["client_secret"] == SECRET
    assert provider.redeemed[0]["authorization"] == ""


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
def test_the_other_two_algorithms_are_read(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, algorithm: str
) -> None:
    provider.behave.algorithm = algorithm
    enter(browser, provider)
    assert types(engine) == ["accepted"]


def test_the_way_on_is_where_the_person_was_going(browser: Browser, provider: OpenidProvider, known: UUID) -> None:
    asked = browser.get("/account?here=1")
    page = follow(browser, asked)
    (button,) = re.findall(rf'href="(/upstream/{KEY}[^"]*)"', page.text)
    sent = browser.get(html.unescape(button))
    back = browser.get(local(provider.authorize(sent.location)))
    assert local(back.location) == "/account?here=1"


def test_a_sign_in_ends_the_session_that_the_browser_had(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    old = browser.cookie("avain")
    enter(browser, provider)
    assert browser.cookie("avain") != old
    assert [row.ended_at is None for row in logins(engine)] == [False, True]


@pytest.mark.parametrize(
    ("told", "kept", "acr"),
    [
        (["pwd"], ["pwd"], levels.PASSWORD),
        (["pwd", "mfa", "ngcmfa"], ["pwd", "mfa"], levels.TWO_FACTOR),
        (["pwd", "otp"], ["pwd", "otp"], levels.TWO_FACTOR),
        (["otp"], [], levels.PASSWORD),
        (["hwk", "user"], ["hwk"], levels.PASSWORD),
        ("mfa", [], levels.PASSWORD),
        ([{"mfa": 1}, 7], [], levels.PASSWORD),
    ],
)
def test_what_was_done_there_is_told_here_and_never_more(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, told: Any, kept: list[str], acr: str
) -> None:
    provider.behave.claims = {"amr": told, "acr": levels.PASSKEY}
    enter(browser, provider)
    (row,) = logins(engine)
    assert (row.amr, row.acr) == (kept, acr)


# --- who it is


def test_an_unknown_account_is_connected_by_signing_in_here_once(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    offered = enter(browser, provider)
    assert UNKNOWN in offered.text
    (login,) = re.findall(r'href="(/login\?flow=[^"]+)"', offered.text)
    page = browser.get(html.unescape(login))
    confirm = follow(browser, browser.fill(page, "/login", login=LOGIN, password=PASSWORD))
    assert f"({LOGIN})" in confirm.text
    assert links(engine) == []
    done = follow(browser, browser.fill(confirm, "/upstream/link", decision="connect"))
    assert "The account was connected." in done.text
    assert links(engine) == [(provider.issuer, "subject-1", aino)]
    assert types(engine) == ["linked"]
    again = enter(Browser(browser.client.application), provider)
    assert "My account" in again.text


def test_a_connection_is_not_made_unless_it_is_confirmed(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    confirm = to_confirm(browser, provider)
    browser.fill(confirm, "/upstream/link", decision="cancel")
    assert links(engine) == []
    assert (
        browser.post("/upstream/link", hidden(confirm, "/upstream/link") | {"decision": "connect"}).status_code == 400
    )
    assert links(engine) == []


def to_confirm(browser: Browser, provider: OpenidProvider, login: str = LOGIN) -> TestResponse:
    """Come with an unknown account, sign in here, and stand before the question."""
    offered = enter(browser, provider)
    (url,) = re.findall(r'href="(/login\?flow=[^"]+)"', offered.text)
    return follow(browser, browser.fill(browser.get(html.unescape(url)), "/login", login=login, password=PASSWORD))


def test_somebody_elses_living_session_in_the_browser_is_not_enough_to_connect(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    offered = enter(browser, provider)
    (url,) = re.findall(r'href="(/login\?flow=[^"]+)"', offered.text)
    page = browser.get(html.unescape(url))
    assert page.status_code == 200
    assert 'name="password"' in page.text
    assert links(engine) == []


def test_a_connected_account_never_moves_to_another_person(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    with Session(engine) as session, session.begin():
        eero = add_person(session, extension.parts_of(app).vault, OTHER)
        employ(session, eero, until_days=300)
    confirm = to_confirm(browser, provider)
    connect(engine, provider, eero)
    said = browser.fill(confirm, "/upstream/link", decision="connect")
    assert said.status_code == 400
    assert reason(engine) == "another person's"
    assert links(engine) == [(provider.issuer, "subject-1", eero)]


def test_what_waits_to_be_connected_is_of_no_use_in_another_browser(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    waiting = local(browser.get(answer(browser, provider)).location)
    thief = Browser(browser.client.application)
    thief.sign_in(LOGIN, PASSWORD)
    assert thief.get(waiting).status_code == 400
    assert thief.get(waiting.replace("/unknown", "/link")).status_code == 400
    assert links(engine) == []


def test_oi_07_two_providers_with_the_same_address_and_subject_are_two_accounts(
    browser: Browser, app: Flask, provider: OpenidProvider, second: OpenidProvider, engine: Engine, known: UUID
) -> None:
    add_connection(app, engine, second, "toinen")
    stranger = enter(browser, second, "toinen")
    assert UNKNOWN in stranger.text
    assert logins(engine) == []
    with Session(engine) as session, session.begin():
        eero = add_person(session, extension.parts_of(app).vault, OTHER)
        employ(session, eero, until_days=300)
    connect(engine, second, eero)
    enter(browser, second, "toinen")
    enter(Browser(app), provider)
    assert [row.person_id for row in logins(engine)] == [eero, known]


def test_an_identifier_that_a_source_told_connects_the_account_at_once(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, aino, "0000-1111")
    provider.behave.claims = {"oid": "0000-1111"}
    assert "My account" in enter(browser, provider).text
    assert links(engine) == [(provider.issuer, "subject-1", aino)]
    assert types(engine) == ["accepted", "linked"]
    assert events(engine)[-1].envelope["how"] == "identifier"


@pytest.mark.parametrize("claims", [{"oid": "another"}, {"oid": ["0000-1111"]}, {"oid": ""}, {}])
def test_another_value_or_none_names_nobody(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID, claims: Claims
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, aino, "0000-1111")
    provider.behave.claims = claims
    assert UNKNOWN in enter(browser, provider).text
    assert links(engine) == []


def test_an_identifier_that_no_source_told_names_nobody(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, aino, "0000-1111", by_source=False)
    provider.behave.claims = {"oid": "0000-1111"}
    assert UNKNOWN in enter(browser, provider).text


def test_an_identifier_given_on_does_not_open_the_door_of_who_had_it(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, identifier={"claim": "oid", "kind": "entra-oid", "issuer": ""})
    identify(engine, known, "0000-1111")
    provider.behave = Behaviour(subject="somebody-new", claims={"oid": "0000-1111"})
    assert UNKNOWN in enter(browser, provider).text
    assert len(links(engine)) == 1


@pytest.mark.parametrize("claim", ["email", "preferred_username"])
def test_an_address_names_nobody_even_where_a_connection_says_so(
    browser: Browser, provider: OpenidProvider, engine: Engine, aino: UUID, claim: str
) -> None:
    set_connection(engine, identifier={"claim": claim, "kind": "upn", "issuer": ""})
    identify(engine, aino, "aino@kunta.example", kind="upn")
    provider.behave.claims = {claim: "aino@kunta.example"}
    assert UNKNOWN in enter(browser, provider).text


def test_au_06_who_is_unknown_and_whose_access_was_ended_see_the_same(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    with Session(engine) as session, session.begin():
        hold(session, known)
    suspended = enter(browser, provider)
    provider.behave.subject = "never-seen"
    stranger = enter(Browser(app), provider)
    assert masked(suspended) == masked(stranger)
    assert suspended.status_code == stranger.status_code
    assert logins(engine) == []


def masked(page: TestResponse) -> str:
    """A page without what is random on every one."""
    return re.sub(r"(flow|pending)=[^\"&]+", r"\1=…", page.text)


# --- my account


def test_a_person_sees_and_removes_a_connection_on_my_account(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    browser.sign_in(LOGIN, PASSWORD)
    account = browser.get("/account")
    assert "Connected accounts" in account.text
    done = follow(browser, browser.fill(account, "/upstream/unlink"))
    assert f'href="/upstream/{KEY}?' in done.text
    assert links(engine) == []
    assert types(engine) == ["unlinked"]
    assert UNKNOWN in enter(Browser(browser.client.application), provider).text


def test_nobody_removes_the_connection_of_another(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, extension.parts_of(app).vault, OTHER)
        link_id = session.scalars(select(Link.id)).one()
    browser.sign_in(OTHER, PASSWORD)
    token = hidden(browser.get("/account"), "/logout")
    assert browser.post("/upstream/unlink", token | {"link": str(link_id)}).status_code == 404
    assert browser.post("/upstream/unlink", token | {"link": "1"}).status_code == 404
    assert len(links(engine)) == 1


# --- the callback


def test_a_callback_works_once(browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID) -> None:
    path = answer(browser, provider)
    assert browser.get(path).status_code == 303
    assert browser.get(path).status_code == 400
    assert types(engine) == ["accepted"]
    assert len(logins(engine)) == 1


@pytest.mark.parametrize("state", ["", "avu_wrong", "x" * 5000, "ä\x00"])
def test_a_state_that_we_did_not_give_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, state: str
) -> None:
    provider.behave.answer = {"state": state}
    unheard(browser.get(answer(browser, provider)), engine)
    assert provider.redeemed == []


def test_a_state_is_of_no_use_in_another_browser(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    path = answer(browser, provider)
    victim = Browser(app)
    victim.get("/login")
    unheard(victim.get(path), engine)
    assert provider.redeemed == []


def test_a_state_that_is_too_old_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    path = answer(browser, provider)
    with Session(engine) as session, session.begin():
        session.execute(update(OneShot).values(expires_at=clock.now()))
    unheard(browser.get(path), engine)


def test_a_mix_up_an_answer_at_another_connections_address_is_refused(
    browser: Browser, app: Flask, provider: OpenidProvider, second: OpenidProvider, engine: Engine, known: UUID
) -> None:
    add_connection(app, engine, second, "toinen")
    path = answer(browser, provider)
    moved = path.replace(f"/upstream/{KEY}/", "/upstream/toinen/")
    assert refused(browser.get(moved), engine) == "connection"
    assert browser.get(path).status_code == 400
    assert len(events(engine)) == 1
    assert provider.redeemed == second.redeemed == []


def test_a_storm_of_answers_that_nobody_asked_for_leaves_nothing_in_the_log(
    browser: Browser, app: Flask, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.answer = {"error": "access_denied", "code": ""}
    path = answer(browser, provider)
    for n in range(20):
        Browser(app).get(path)
        Browser(app).get(f"/upstream/{KEY}/callback?state=avu_{n}&error=server_error")
        Browser(app).get(f"/upstream/nobody/callback?state={n}&state={n}")
    unheard(browser.get("/upstream/kunta/callback"), engine)
    for _ in range(5):
        browser.get(path)
    assert types(engine) == ["refused"]


@pytest.mark.parametrize("iss", ["https://evil.example", ""])
def test_the_issuer_that_an_answer_names_must_fit(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, iss: str
) -> None:
    provider.behave.discovery = {"authorization_response_iss_parameter_supported": True}
    provider.behave.answer = {"iss": iss}
    assert refused(browser.get(answer(browser, provider)), engine) == "another issuer's answer"
    assert provider.redeemed == []


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
def test_a_parameter_twice_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, name: str
) -> None:
    path = answer(browser, provider)
    assert refused(browser.get(f"{path}&{name}=a&{name}=b"), engine) == "connection"


def test_a_person_who_turns_back_at_the_provider_is_led_to_the_sign_in_page(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.answer = {"error": "access_denied", "code": ""}
    page = browser.get(answer(browser, provider))
    assert refused(page, engine) == "the provider refused"
    assert 'href="/login"' in page.text


def test_c_11_a_connection_that_was_retired_lets_nobody_in(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    path = answer(browser, provider)
    set_connection(engine, retired=True)
    assert refused(browser.get(path), engine) == "connection"
    assert browser.get(f"/upstream/{KEY}").status_code == 404
    assert "/upstream/" not in browser.get("/login").text


def test_a_code_that_the_provider_does_not_know_is_refused(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.behave.answer = {"code": "another"}
    assert refused(browser.get(answer(browser, provider)), engine) == "no token for the code"


# --- the ID token (C-22, C-24)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "another"}, "another nonce"),
        ({"aud": "another"}, "another audience"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"exp": 1_700_000_000}, "expired"),
        ({"iat": 1_700_000_000}, "issued long ago, or from the future"),
        ({"at_hash": "AAAA"}, "another access token"),
    ],
)
def test_a_claim_that_does_not_fit_lets_nobody_in(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, claims: Claims, why: str
) -> None:
    provider.behave.claims = claims
    assert refused(browser.get(answer(browser, provider)), engine) == why


def parts(header: Claims, claims: Claims) -> str:
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims))


def unsigned(provider: OpenidProvider, claims: Claims) -> str:
    return parts({"alg": "none", "kid": "key-RS256", "typ": "JWT"}, claims) + "."


def unsigned_with_a_signature(provider: OpenidProvider, claims: Claims) -> str:
    return parts({"alg": "none", "kid": "key-RS256", "typ": "JWT"}, claims) + ".AAAA"


def hmac_with_the_public_key(provider: OpenidProvider, claims: Claims) -> str:
    text = parts({"alg": "HS256", "kid": "key-RS256", "typ": "JWT"}, claims)
    secret = provider.keys["RS256"].as_pem(private=False)  # type: ignore[attr-defined]
    return f"{text}.{urlsafe_b64encode(hmac.digest(secret, text.encode(), 'sha256')).decode().rstrip('=')}"


def unknown_key(provider: OpenidProvider, claims: Claims) -> str:
    return provider.signed(claims, kid="never-published")


def foreign_key(provider: OpenidProvider, claims: Claims) -> str:
    return provider.signed(claims, key=OTHERS)


def own_key_in_the_header(provider: OpenidProvider, claims: Claims) -> str:
    key = jwk.ECKey.generate_key("P-256", private=True)
    header = {"alg": "ES256", "kid": "key-ES256", "jwk": key.as_dict(private=False)}
    return jws.serialize_compact(header, json.dumps(claims), key, algorithms=["ES256"])


def without_kid(provider: OpenidProvider, claims: Claims) -> str:
    return jws.serialize_compact({"alg": "RS256"}, json.dumps(claims), provider.keys["RS256"], algorithms=["RS256"])


def another_type(provider: OpenidProvider, claims: Claims) -> str:
    header = {"alg": "RS256", "kid": "key-RS256", "typ": "at+jwt"}
    return jws.serialize_compact(header, json.dumps(claims), provider.keys["RS256"], algorithms=["RS256"])


def no_token(provider: OpenidProvider, claims: Claims) -> str:
    return "not.a.token"


OTHERS = jwk.RSAKey.generate_key(2048, private=True)


@pytest.mark.parametrize(
    ("sign", "why"),
    [
        (unsigned, "not a compact signed token"),
        (unsigned_with_a_signature, "unknown key"),
        (hmac_with_the_public_key, "unknown key"),
        (unknown_key, "unknown key"),
        (foreign_key, "the signature does not fit"),
        (own_key_in_the_header, "a header member that is not allowed"),
        (without_kid, "names no key"),
        (another_type, "another kind of token"),
        (no_token, "not a compact signed token"),
    ],
)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    browser: Browser,
    provider: OpenidProvider,
    engine: Engine,
    known: UUID,
    why: str,
    sign: Callable[[OpenidProvider, Claims], str],
) -> None:
    provider.behave.sign = sign
    assert refused(browser.get(answer(browser, provider)), engine) == why


# --- a provider that is down, or not who it should be


def unavailable(page: TestResponse) -> bool:
    return page.status_code == 503 and FAILED in page.text and "does not answer just now" in page.text


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"issuer": "http://localhost/{tenantid}/v2.0"},
        {"issuer": None},
        {"authorization_endpoint": "http://unlisted.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": None},
        {"token_endpoint_auth_methods_supported": ["tls_client_auth"]},
    ],
)
def test_metadata_of_another_issuer_or_without_use_send_nobody_anywhere(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, discovery: Claims
) -> None:
    provider.behave.discovery = discovery
    assert unavailable(browser.get(f"/upstream/{KEY}"))


def test_a_slash_at_the_end_makes_another_issuer(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, issuer=provider.issuer + "/")
    assert unavailable(browser.get(f"/upstream/{KEY}"))


def test_a_provider_that_is_down_gets_a_plain_page_and_the_other_ways_still_work(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    provider.stop()
    assert unavailable(browser.get(f"/upstream/{KEY}"))
    page = browser.get("/login")
    assert "does not answer just now. Use another way" in page.text
    assert f'href="/upstream/{KEY}"' not in page.text
    assert browser.sign_in(LOGIN, PASSWORD).status_code == 303


def test_a_dead_provider_is_not_asked_again_for_everybody_who_comes(
    browser: Browser, provider: OpenidProvider, known: UUID
) -> None:
    provider.behave.broken = "/.well-known/openid-configuration"
    for _ in range(5):
        assert unavailable(browser.get(f"/upstream/{KEY}"))
    assert len(provider.visits) == 1


@pytest.mark.parametrize("path", ["/token", "/keys"])
def test_a_provider_that_dies_half_way_gets_a_plain_page(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, path: str
) -> None:
    path_back = answer(browser, provider)
    provider.behave.broken = path
    assert unavailable(browser.get(path_back))
    assert logins(engine) == []
    assert browser.get(path_back).status_code == 400


def test_metadata_and_keys_are_fetched_once_for_many_sign_ins(
    browser: Browser, app: Flask, provider: OpenidProvider, known: UUID
) -> None:
    for _ in range(3):
        enter(Browser(app), provider)
    assert provider.visits.count("/.well-known/openid-configuration") == 1
    assert provider.visits.count("/keys") == 1


# --- a fresh sign-in


@guard.public
def fresh_door() -> str:
    """A page of ours that asks for a fresh sign-in, as the authorization endpoint does for ``prompt=login``."""
    return urlencode({"flow": flow.start(flow.Flow("/account", fresh=True))})


def test_a_fresh_sign_in_is_asked_of_the_provider_and_proved_by_it(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    url = begin_at(browser, KEY, "?" + browser.get("/test/fresh").text)
    follow(browser, browser.get(local(provider.authorize(url))))
    assert provider.asked[0]["prompt"] == "login"
    assert provider.asked[0]["max_age"] == "0"
    assert types(engine) == ["accepted"]


@pytest.mark.parametrize("hours_ago", [None, 1])
def test_a_provider_that_did_not_ask_again_is_not_believed_to_have(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID, hours_ago: int | None
) -> None:
    provider.behave.claims = {"auth_time": int(time.time()) - 3600 * hours_ago if hours_ago else None}
    url = begin_at(browser, KEY, "?" + browser.get("/test/fresh").text)
    assert refused(browser.get(local(provider.authorize(url))), engine) == "no fresh sign-in"


def test_an_unconnected_provider_is_asked_nothing_without_its_connection(browser: Browser) -> None:
    assert browser.get("/upstream/nowhere").status_code == 404
    assert browser.get("/upstream/nowhere/callback?state=x&code=y").status_code == 400


# --- home realm


def test_a_login_of_a_connections_domain_leads_there_without_a_password(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, domains=["kunta.example"])
    page = browser.get("/login")
    assert "formnovalidate" in page.text
    there = browser.fill(page, "/login", login="Aino.Virtanen@Kunta.example", password="")
    assert there.status_code == 303
    onward = browser.get(local(there.location))
    assert onward.status_code == 200
    (url,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', onward.text)
    query = parse_qs(urlsplit(html.unescape(url)).query)
    assert query["login_hint"] == ["Aino.Virtanen@Kunta.example"]
    assert "My account" in follow(browser, browser.get(local(provider.authorize(html.unescape(url))))).text


def towards(browser: Browser, application: str) -> str:
    """The sign-in page, on the way to an application, as the authorization endpoint leads there."""
    return "/login?" + browser.get(f"/test/towards/{application}").text


@guard.public
def towards_door(application: str) -> str:
    return urlencode({"flow": flow.start(flow.Flow("/account?here=1", application=application))})


def ways(page: TestResponse) -> list[str]:
    """The connections offered on a sign-in page, and ``password`` where its form is, from the top."""
    found = re.findall(r'href="/upstream/(\w+)|name="(password)"', page.text)
    return [key or password for key, password in found]


def test_an_application_is_offered_its_own_connection_above_the_password(
    browser: Browser, app: Flask, second: OpenidProvider, engine: Engine, known: UUID
) -> None:
    add_connection(app, engine, second, "toinen", applications={"wilma": "first"})
    assert ways(browser.get(towards(browser, "wilma"))) == ["toinen", "password", "kunta"]
    assert ways(browser.get(towards(browser, "verso"))) == ["password", "kunta", "toinen"]
    assert ways(browser.get("/login")) == ["password", "kunta", "toinen"]


def test_an_application_with_one_way_in_leads_there_at_once_and_back_to_where_the_person_was_going(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, applications={"wilma": "only"})
    away = browser.get(local(browser.get(towards(browser, "wilma")).location))
    back = browser.get(local(provider.authorize(away.location)))
    assert local(back.location) == "/account?here=1"
    assert browser.get(towards(browser, "wilma")).location == "/account?here=1"


def test_a_login_hint_goes_along_to_the_one_way_in(browser: Browser, engine: Engine, known: UUID) -> None:
    set_connection(engine, applications={"wilma": "only"})
    there = browser.get(towards(browser, "wilma") + "&login_hint=aino%40kunta.example")
    assert "login_hint=aino%40kunta.example" in browser.get(local(there.location)).text


def test_when_the_one_way_in_fails_every_other_is_offered(
    browser: Browser, provider: OpenidProvider, engine: Engine, known: UUID
) -> None:
    set_connection(engine, applications={"wilma": "only"})
    provider.behave.broken = "/.well-known/openid-configuration"
    said = browser.get(local(browser.get(towards(browser, "wilma")).location))
    assert said.status_code == 503
    (back,) = re.findall(r'href="(/login[^"]*)"', said.text)
    page = browser.get(html.unescape(back))
    assert ways(page) == ["password"]
    assert follow(browser, browser.fill(page, "/login", login=LOGIN, password=PASSWORD)).request.path == "/account"


def test_au_06_whether_somebody_of_the_domain_is_known_makes_no_difference(
    browser: Browser, engine: Engine, known: UUID
) -> None:
    set_connection(engine, domains=["kunta.example"])
    page = browser.get("/login")
    one, other = (
        browser.fill(page, "/login", login=f"{name}@kunta.example", password="") for name in (LOGIN, "nobody")
    )
    assert one.status_code == other.status_code == 303
    assert one.location.replace(LOGIN, "nobody") == other.location


@pytest.mark.parametrize(
    "login", ["aino@elsewhere.example", "kunta.example", "@kunta.example", "aino@sub.kunta.example"]
)
def test_another_domain_looks_like_any_other_login(browser: Browser, engine: Engine, known: UUID, login: str) -> None:
    set_connection(engine, domains=["kunta.example"])
    said = browser.fill(browser.get("/login"), "/login", login=login, password="")
    assert said.status_code == 422
    assert "The username or the password does not match." in said.text


def test_a_password_that_was_typed_is_judged_here_and_sent_nowhere(
    browser: Browser, engine: Engine, known: UUID
) -> None:
    set_connection(engine, domains=["kunta.example"])
    said = browser.fill(browser.get("/login"), "/login", login="aino@kunta.example", password="wrong one")
    assert said.status_code == 422


# --- factors here


def test_several_factors_there_change_none_that_is_held_here_and_let_who_has_none_set_the_first_one_up(
    browser: Browser, provider: OpenidProvider, app: Flask, known: UUID
) -> None:
    provider.behave.claims = {"amr": ["pwd", "otp", "hwk", "mfa"]}
    enter(browser, provider)
    with_totp(browser)
    other = Browser(app)
    account = enter(other, provider)
    for path in ("/factor/set-up", "/factor/codes", "/factor/remove"):
        page = follow(other, other.post(path, hidden(account, "/logout")))
        assert 'name="code"' in page.text, path
    assert "In use since" in other.get("/account").text
