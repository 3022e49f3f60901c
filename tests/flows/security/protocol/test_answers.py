"""TK-10, JW-08, JW-09, OI-03, OI-06: what an answer may not say, may not be kept, and of whom it is."""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64decode
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy.orm import Session
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from iam.access.model.role import Application as ApplicationRow
from iam.change import SYSTEM
from iam.errors import Conflict
from iam.oidc.clients import initial_tokens as registration_terms
from iam.signin.accounts.account import Account
from iam.signin.factors import levels
from iam.tokens import jose, keys
from iam.web import extension
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, SECRET, Application, Browser, World, form, request_of, verified

KEPT = re.compile(r"/static/|/\.well-known/|/oauth2/jwks$|/healthz$|/readyz$|/metrics$|/favicon")
"""Addresses whose answers hold nobody's secret and may be kept."""
LASTING = "openid profile roles offline_access"


@pytest.fixture(scope="module")
def outi(world: World) -> Browser:
    """The browser of an administrator of everything, who has opened the administration."""
    oidc_world.administrator(world, oidc_world.person(world, "outi"))
    browser = Browser(world)
    browser.sign_in("outi", levels.PASSKEY)
    said = browser.get("/admin/login")
    while "Location" in said.headers:
        said = browser.get(said.location.removeprefix(ISSUER))
    assert said.status_code == 200
    return browser


def opened(world: World, browser: Browser) -> dict[str, TestResponse]:
    """Every page without arguments, as the browser sees it."""
    rules = [rule for rule in world.app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    arguments = {"application": "wilma", "client_id": "wilma", "person_id": str(world.ids["anna"])}
    paths = {str(rule.rule) for rule in rules if not rule.arguments}
    paths |= {
        re.sub(r"<(?:\w+:)?(\w+)>", lambda found: arguments[found[1]], str(rule.rule))
        for rule in rules
        if rule.arguments and rule.arguments <= set(arguments)
    }
    found: dict[str, TestResponse] = {}
    for path in sorted(paths):
        found[path] = browser.get(path)
        found[path].get_data()  # an answer that streams is read before the next request begins
    return found


@pytest.fixture(scope="module")
def pages(world: World, outi: Browser) -> dict[str, TestResponse]:
    """Every page as an administrator of everything sees it."""
    found = opened(world, outi)
    assert len(found) > 40
    return found


def credentials(world: World, anna: Browser, wilma: Application) -> dict[str, TestResponse]:
    """An answer of every kind that holds a credential."""
    with Session(world.engine) as session, session.begin():
        row = session.get_one(ApplicationRow, world.ids["wilma"])
        initial = registration_terms.allow(session, row, SYSTEM, uses=5, days=1, pkce_optional=False)
    http = world.app.test_client()
    made = http.post(
        "/oauth2/register",
        base_url=ISSUER,
        json={"redirect_uris": ["https://a.example/cb"]},
        headers={"Authorization": f"Bearer {initial}"},
    )
    own = {"Authorization": f"Bearer {made.get_json()['registration_access_token']}"}
    place = made.get_json()["registration_client_uri"].removeprefix(ISSUER)
    tokens = wilma.redeem(anna.code(scope=LASTING))
    found = tokens.get_json()
    return {
        "code": anna.authorize(),
        "code by form": anna.authorize(response_mode="form_post"),
        "tokens": tokens,
        "refreshed": wilma.refresh(found["refresh_token"]),
        "own token": wilma.post("/oauth2/token", {"grant_type": "client_credentials"}),
        "pushed": wilma.post("/oauth2/par", request_of("wilma")),
        "introspection": wilma.post("/oauth2/introspect", {"token": found["access_token"]}),
        "userinfo": wilma.userinfo(found["access_token"]),
        "revocation": wilma.post("/oauth2/revoke", {"token": "x"}),
        "refusal": wilma.redeem("avc_x"),
        "unproved": wilma.post("/oauth2/token", {}, authenticated=False),
        "registration": made,
        "registered": http.get(place, base_url=ISSUER, headers=own),
        "no registration": http.get(place, base_url=ISSUER),
        "sent to sign in": Browser(world).authorize(),
    }


def test_tk_10_no_answer_with_a_credential_is_stored_by_anybody(
    world: World, anna: Browser, wilma: Application, pages: dict[str, TestResponse]
) -> None:
    anna.code()
    given = credentials(world, anna, wilma)
    for name, said in given.items():
        assert "no-store" in said.headers.get("Cache-Control", ""), name
        assert "public" not in said.headers.get("Cache-Control", ""), name
    for path, said in pages.items():
        if not KEPT.search(path):
            assert said.headers.get("Cache-Control") == "no-store", path
        assert "Set-Cookie" not in said.headers or said.headers["Cache-Control"] == "no-store", path


def private_parts(world: World) -> list[bytes]:
    """The bytes that nobody may see: of every signing key, and of the key file."""
    vault = extension.parts_of(world.app).vault
    with Session(world.engine) as session:
        own = [keys.current(session, vault, algorithm).as_dict(private=True) for algorithm in jose.ALGORITHMS]
    texts = [str(one[name]) for one in own for name in ("d", "p", "q", "dp", "dq", "qi") if name in one]
    master = extension.parts_of(world.app).settings.vault.key_file.read_bytes().strip()
    assert len(texts) > 10
    return (
        [text.encode() for text in texts]
        + [urlsafe_b64decode(text + "==") for text in texts]
        + [master, b64decode(master + b"==", validate=False)]
    )


def dumped(world: World) -> bytes:
    """Everything that stands in the database, the file with its log beside it."""
    file = world.engine.url.database
    assert file is not None
    parts = [open(file + suffix, "rb").read() for suffix in ("", "-wal")]  # noqa: SIM115 - the file's other half has no path of its own
    return b"".join(parts)


def test_jw_09_no_answer_log_or_dump_holds_a_private_key(
    world: World, anna: Browser, wilma: Application, pages: dict[str, TestResponse]
) -> None:
    secret = private_parts(world)
    with capture_logs() as lines:
        said = [*credentials(world, anna, wilma).values(), *pages.values()]
    places = {
        "answers": b"\n".join(b"%s\n%s" % (str(one.headers).encode(), one.data) for one in said),
        "log": str(lines).encode(),
        "database": dumped(world),
    }
    for place, content in places.items():
        assert [one for one in secret if one in content] == [], place
    public = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]
    assert public
    assert all(not {"d", "p", "q", "dp", "dq", "qi", "k", "oth"} & key.keys() for key in public)


def test_tk_09_the_database_holds_no_secret_that_it_gave_out(world: World, anna: Browser, wilma: Application) -> None:
    """Codes, tokens, cookies and clients' secrets stand there as hashes, or not at all."""
    given = credentials(world, anna, wilma)
    text = "\n".join(f"{said.headers}\n{said.text}" for said in given.values())
    cookie = anna.http.get_cookie("avain", "localhost")
    assert cookie is not None
    found = {*re.findall(r"av[a-z]_[A-Za-z0-9_-]{40,}", text), cookie.value, SECRET}
    assert {secret[:4] for secret in found} == {"avc_", "avr_", "avp_", "avm_", "avk_", "avs_"}
    content = dumped(world)
    assert [secret[:4] for secret in found if secret.encode() in content] == []


def test_jw_08_next_current_and_previous_are_published_and_the_last_key_stays(world: World) -> None:
    """The whole life of keys is in the unit tests; this is what a relying party sees of it, and an administrator may
    not do."""
    vault = extension.parts_of(world.app).vault
    with Session(world.engine) as session, session.begin():
        made = str(keys.create(session, vault, "ES256", SYSTEM).kid)
        current = str(keys.current(session, vault, "ES256").kid)
        with pytest.raises(Conflict):
            keys.promote(session, vault, made, SYSTEM)
        with pytest.raises(Conflict):
            keys.remove(session, current, SYSTEM, compromised=True)
    world.app.extensions.pop("avain.oidc", None)
    said = world.app.test_client().get("/oauth2/jwks", base_url=ISSUER)
    assert {made, current} <= {key["kid"] for key in said.get_json()["keys"]}
    assert said.headers["Cache-Control"] == "public, max-age=300"
    assert keys.AHEAD.total_seconds() > 2 * 300


def test_oi_03_whoever_gets_a_login_that_was_anothers_is_somebody_else(world: World) -> None:
    """A new subject in every sector; the grants, the tokens and the hints of who was there before are worth nothing to
    them."""

    def employed() -> Browser:
        annas = world.ids["capacity KOIVU"]
        berit = oidc_world.person(world, "berit")
        oidc_world.employ(world, berit, "KOIVU", "Opettaja")
        oidc_world.give(world, berit, "opettaja", "KOIVU")
        world.ids["capacity KOIVU"] = annas
        browser = Browser(world)
        browser.sign_in("berit")
        return browser

    def subjects(browser: Browser) -> tuple[dict[str, Any], list[str]]:
        own = Application(world).redeem(browser.code(scope=LASTING)).get_json()
        other = Application(world, "verso").redeem(browser.code("verso")).get_json()
        return own, [verified(world, tokens["id_token"], "JWT")["sub"] for tokens in (own, other)]

    tokens, before = subjects(employed())
    first = world.ids["berit"]
    oidc_world.hold(world, first)
    world.change(Account, Account.person_id == first, login="berit.before")
    second = employed()
    fresh, after = subjects(second)
    assert len({*before, *after}) == 4
    wilma = Application(world)
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.introspect(fresh["access_token"])["active"] is True
    asked = second.get("/oauth2/logout?" + urlencode({"id_token_hint": tokens["id_token"]}))
    assert form(asked)["handle"]


def test_oi_06_no_session_iframe_is_offered(world: World) -> None:
    told = world.app.test_client().get("/.well-known/openid-configuration", base_url=ISSUER).get_json()
    assert not [name for name in told if "check_session" in name]
    rules = {str(rule.rule) for rule in world.app.url_map.iter_rules()}
    assert not [rule for rule in rules if "session" in rule and "iframe" in rule]
    assert "session_state" not in Browser(world).authorize(prompt="none").location
