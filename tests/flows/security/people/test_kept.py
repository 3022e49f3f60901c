"""AU-03, SE-01, C-33: what the database keeps opens nothing by itself, and no page, file or address gives a key or a
secret away."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.change import SYSTEM
from iam.signin.codes import first_code
from iam.tokens.keys import SigningKey, sealed_row
from iam.web import extension
from tests.kit.browser import Browser, hidden
from tests.kit.people import OTHER, PASSWORD
from tests.kit.proofs import code_of, raw
from tests.kit.seen import dump
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.factor import LOGIN, codes, follow, scan
from tests.kit.worlds.oidc import ISSUER, SECRET, Application, World

pytestmark = pytest.mark.usefixtures("agreed_hashes")
ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$"


def of_signing_in(app: Flask) -> dict[str, str]:
    """Sign in in every way and keep every secret on the way: what a person, a browser and a page were told."""
    parts, browser = extension.parts_of(app), Browser(app)
    browser.sign_in(LOGIN, PASSWORD)
    waiting = follow(browser, browser.fill(browser.get("/factor/set-up"), "/factor/set-up/code"))
    secret = scan(waiting)
    before = str(browser.cookie("avain"))
    done = browser.fill(waiting, "/factor/set-up/code", code=code_of(secret))
    found = {
        "the session before the factor": before,
        "the session": str(browser.cookie("avain")),
        "the time code's secret": secret.replace(" ", ""),
    }
    found |= {f"recovery code {n}": code.replace("-", "") for n, code in enumerate(codes(done))}
    with Session(extension.engine_of(app)) as session, session.begin():
        code = first_code.issue(session, parts.vault, parts.settings, LOGIN, SYSTEM).code
    other = Browser(app)
    step = other.fill(other.get("/first-code"), "/first-code", login=LOGIN, code=code)
    found["the step's handle"] = hidden(step, "/first-code")["code_handle"]
    other.fill(step, "/first-code", new_password=OTHER, new_password_again=OTHER)
    found |= {"the one-time code": code.replace("-", ""), "the session after the code": str(other.cookie("avain"))}
    return found | {"the password": PASSWORD, "the new password": OTHER}


def of_the_provider(world: World) -> dict[str, str]:
    """Give an application all it can get."""
    anna, wilma = oidc_world.Browser(world), Application(world)
    anna.sign_in()
    scope = "openid profile offline_access"
    unused = anna.code(scope=scope)
    tokens = wilma.redeem(anna.code(scope=scope)).get_json()
    again = wilma.refresh(tokens["refresh_token"]).get_json()
    pushed = wilma.post("/oauth2/par", oidc_world.request_of("wilma")).get_json()["request_uri"]
    return {
        "the client's secret": SECRET,
        "an unused code": unused,
        "an access token": tokens["access_token"],
        "an ID token": tokens["id_token"],
        "a refresh token": tokens["refresh_token"],
        "its successor": again["refresh_token"],
        "a pushed request": pushed.rpartition(":")[2],
    }


def keys(world: World) -> dict[str, str]:
    """The private halves of the signing keys, and the root of the vault."""
    vault = extension.parts_of(world.app).vault
    found = {"the vault's root": b64encode(vault._root).decode()}
    with Session(world.engine) as session:
        for row in session.scalars(select(SigningKey)):
            private: dict[str, Any] = json.loads(vault.unwrap(row.wrapped, sealed_row(row.kid)))
            found |= {
                f"{row.algorithm} {name}": str(private[name])
                for name in ("d", "p", "q", "dp", "dq", "qi")
                if name in private
            }
    return found


def held(text: str, secrets: dict[str, str]) -> list[str]:
    """The names of the secrets that a text holds: as they are, in hexadecimal, or the bytes they stand for in it."""
    found = []
    for name, value in secrets.items():
        spelled = {value, value.encode().hex()}
        if re.fullmatch(r"[\w-]{20,}={0,2}", value):
            spelled.add(raw(value.rstrip("=")).hex())
        found += [name] if any(one in text for one in spelled) else []
    return found


@pytest.fixture(scope="module")
def secrets(app: Flask, provider: World) -> dict[str, str]:
    """Every secret that was given to anybody."""
    return of_signing_in(app) | of_the_provider(provider) | keys(provider)


def test_au_03_se_01_the_database_holds_none_of_the_secrets_that_were_given_out(
    engine: Engine, secrets: dict[str, str]
) -> None:
    assert len(secrets) > 30
    kept = dump(engine)
    assert held(kept, secrets) == []
    assert held(kept + secrets["the session"], secrets) == ["the session"], "what is looked for would be found"
    hashes = re.findall(r"\$argon2\w*\$[^|'\"]*", kept)
    assert hashes
    assert [one for one in hashes if not one.startswith(ARGON2)] == []


def test_se_01_a_session_is_256_bits_of_chance(secrets: dict[str, str]) -> None:
    given = [value for name, value in secrets.items() if name.startswith("the session")]
    assert len(set(given)) == len(given) == 3
    for value in given:
        kind, _, random = value.partition("_")
        assert (kind, len(raw(random)) >= 32) == ("avs", True)


def test_c_33_no_address_gives_a_key_or_a_secret_to_anybody(provider: World, secrets: dict[str, str]) -> None:
    oidc_world.administrator(provider, provider.ids["anna"])
    anna = oidc_world.Browser(provider)
    anna.sign_in()
    page = anna.get("/admin/")
    while page.status_code in (302, 303):
        page = anna.get(page.location.removeprefix(ISSUER))
    assert page.status_code == 200
    seen = 0
    for rule in provider.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        given = {
            "person_id": str(provider.ids["anna"]),
            "organisation_id": str(provider.ids["KOIVU"]),
            "application": "wilma",
            "client_id": "wilma",
            "key": "opettaja" if "/roles/" in rule.rule else "wilma",
            "run_id": str(provider.ids["anna"]),
            "message_id": str(provider.ids["anna"]),
            "change_id": str(provider.ids["anna"]),
            "opening_id": str(provider.ids["anna"]),
            "n": "1",
            "connector": "hr",
            "code": "oma-ammatti",
            "act": "rename",
            "does": "give-right",
            **dict.fromkeys(
                ("bulk_id", "grant_id", "proposal_id", "fact_id", "group_id", "assignment_id"), str(uuid4())
            ),
        }
        built = rule.build({name: given[name] for name in rule.arguments})
        assert built is not None
        for tab in ("", "?tab=signin", "?tab=log") if rule.rule == "/admin/persons/<uuid:person_id>" else ("",):
            said = anna.get(built[1] + tab)
            assert held(said.text + str(said.headers), secrets) == [], built[1]
            assert "$argon2" not in said.text
            seen += said.status_code == 200
    assert seen > 35
    for key in provider.app.test_client().get("/oauth2/jwks", base_url=ISSUER).get_json()["keys"]:
        assert set(key) <= {"kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"}
