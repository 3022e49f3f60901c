"""TK-05 to TK-09, C-19, C-20, C-30, JW-01: what a client proves, which grants are its own, and what those give."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from itertools import count, product
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from iam.access.model.assignment import Assignment
from iam.access.model.role import Application as ApplicationRow, ApplicationEnabled
from iam.oidc.clients.assertions import TYPE
from iam.oidc.model import Client, ClientSecret
from iam.tokens import jose
from iam.tokens.secret import hash_of
from tests.flows.security.protocol import forge
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import (
    CLIENTS,
    ISSUER,
    JWT_KEY,
    NOON,
    SECRET,
    Application,
    Browser,
    World,
    answer,
    request_of,
    verified,
)

STAMP = int(NOON.timestamp())
ENDPOINTS = ("token", "par", "introspect", "revoke")
_NUMBERS = count()


def assertion(**changes: Any) -> dict[str, str]:
    """A fresh assertion as form fields; a change to None leaves a claim out."""
    said = {
        "iss": "wilma-key",
        "sub": "wilma-key",
        "aud": ISSUER,
        "exp": STAMP + 60,
        "jti": f"clients-{next(_NUMBERS)}",
    } | changes
    kept = {name: value for name, value in said.items() if value is not None}
    return {"client_assertion_type": TYPE, "client_assertion": jose.sign(JWT_KEY, "JWT", kept)}


def send(world: World, path: str, fields: dict[str, Any], headers: dict[str, str] | None = None) -> TestResponse:
    """Ask at an endpoint as nobody in particular; what else a good request holds is added."""
    good = (
        {"grant_type": "client_credentials", "token": "x"}
        if path != "par"
        else request_of("wilma-key") | {"client_id": None}
    )
    data = {name: value for name, value in (good | fields).items() if value is not None}
    return world.app.test_client().post(f"/oauth2/{path}", base_url=ISSUER, data=data, headers=headers)


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{name}:{secret}".encode()).decode()}


def test_tk_06_each_client_has_its_own_grants_and_no_others(world: World) -> None:
    """Every client with every grant: only what its registration lists gets past the question of the grant."""
    for client_id, settings in CLIENTS.items():
        listed = settings.get("grants", ["authorization_code"])
        for grant in (
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "password",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ):
            data = {
                "grant_type": grant,
                "code": "avc_x",
                "refresh_token": "avr_x",
                "redirect_uri": "https://wilma.example/cb",
                "code_verifier": "v" * 43,
            }
            proof = assertion() if settings.get("auth") == "private_key_jwt" else {}
            said = Application(world, client_id).post("/oauth2/token", data | proof)
            error = said.get_json().get("error")
            if grant in listed:
                assert error in (None, "invalid_grant"), (client_id, grant)
            else:
                assert error in ("unauthorized_client", "unsupported_grant_type", "invalid_client"), (client_id, grant)
                assert "access_token" not in said.get_json(), (client_id, grant)


def test_tk_06_a_client_without_the_code_grant_is_refused_at_the_authorization_endpoint(
    world: World, anna: Browser
) -> None:
    world.change(
        Client,
        Client.client_id == "wilma-key",
        redirect_uris=["https://wilma.example/cb"],
        scope="openid roles wilma.read",
    )
    try:
        assert answer(anna.authorize("wilma-key"))["error"] in ("unauthorized_client", "unsupported_response_type")
    finally:
        world.change(
            Client, Client.client_id == "wilma-key", redirect_uris=["https://wilma.example/cb"], scope="wilma.read"
        )


MODULES: dict[str, tuple[dict[str, Any], bool]] = {
    "PARTokenEndpointAsAudienceFails": ({"aud": f"{ISSUER}/oauth2/token"}, False),
    "PAREndpointAsAudienceFails": ({"aud": f"{ISSUER}/oauth2/par"}, False),
    "PAREndpointAsArrayAudienceFails": ({"aud": [f"{ISSUER}/oauth2/par"]}, False),
    "an array of the issuer": ({"aud": [ISSUER]}, False),
    "an array with the issuer": ({"aud": [ISSUER, "https://other.example"]}, False),
    "no audience": ({"aud": None}, False),
    "Nbf8SecondsInTheFutureIsAccepted": ({"nbf": STAMP + 8}, True),
    "Iat10SecondsInTheFuture": ({"iat": STAMP + 10}, True),
    "NbfOver60SecondsInTheFutureFails": ({"nbf": STAMP + 61}, False),
    "IatOver60SecondsInTheFutureFails": ({"iat": STAMP + 61}, False),
    "five minutes": ({"exp": STAMP + 300}, True),
    "longer than five minutes": ({"exp": STAMP + 340}, False),
    "no end": ({"exp": None}, False),
    "over": ({"exp": STAMP - 60}, False),
    "no jti": ({"jti": None}, False),
    "another's name": ({"sub": "wilma"}, False),
    "another issuer": ({"iss": "wilma"}, False),
    "a jti with half a letter": ({"jti": "\ud800"}, False),
    "a jti with nothing in it": ({"jti": "\x00"}, False),
    "a subject with half a letter": ({"sub": "\ud800"}, False),
    "a subject with nothing in it": ({"sub": "wilma-key\x00"}, False),
    "a subject that is a list": ({"sub": ["wilma-key"]}, False),
}
"""The suite's modules on client assertions by name, and more; whether each is accepted."""


@pytest.mark.parametrize("path", ENDPOINTS)
def test_tk_07_an_assertion_is_judged_alike_wherever_a_client_proves_itself(world: World, path: str) -> None:
    for name, (changes, good) in MODULES.items():
        said = send(world, path, assertion(**changes))
        assert (said.status_code != 401) is good, (name, said.text)
        assert said.status_code < 500, name


def test_tk_07_only_the_algorithm_a_client_registered_is_taken(world: World) -> None:
    """RS256 of a client that is held to ES256; this is what a profile such as FAPI asks of all."""
    rsa = forge.own("RS256", "client-rsa")
    keys = {"keys": [jose.public_dict(JWT_KEY), jose.public_dict(rsa)]}
    world.change(
        Client, Client.client_id == "wilma-key", jwks=keys, metadata_={"token_endpoint_auth_signing_alg": "ES256"}
    )
    try:
        said = {"iss": "wilma-key", "sub": "wilma-key", "aud": ISSUER, "exp": STAMP + 60, "jti": "by-rsa"}
        proof = {"client_assertion_type": TYPE, "client_assertion": jose.sign(rsa, "JWT", said)}
        assert send(world, "token", proof).status_code == 401
        world.change(Client, Client.client_id == "wilma-key", metadata_={})
        assert send(world, "token", proof).status_code == 200
    finally:
        world.change(Client, Client.client_id == "wilma-key", jwks={"keys": [jose.public_dict(JWT_KEY)]}, metadata_={})


def test_c_20_an_assertion_is_used_once_over_all_endpoints_and_after_a_restart(
    world: World, restarted: Callable[[], World]
) -> None:
    """What was used is in the database alone: no process and no cache needs to live on for it to be remembered."""
    for first, then in product(ENDPOINTS, ENDPOINTS):
        proof = assertion()
        assert send(world, first, proof).status_code != 401, first
        assert send(world, then, proof).status_code == 401, (first, then)
    used = assertion()
    assert send(world, "token", used).status_code == 200
    again = restarted()
    assert send(again, "token", used).status_code == 401
    assert send(again, "token", assertion()).status_code == 200


def test_tk_08_c_19_nothing_is_no_secret(world: World) -> None:
    """Also for a client whose stored secret is the hash of nothing, and for one that has none at all."""
    world.write(ClientSecret(client_id="verso", hash=hash_of(""), created_at=oidc_world.instant(0)))
    nothing: list[tuple[dict[str, str], dict[str, str]]] = []
    for name in ("wilma", "wilma-old", "wilma-key", "wilma-app", "verso", "avain-admin", "nobody"):
        nothing += [
            ({}, basic(name, "")),
            ({"client_id": name, "client_secret": ""}, {}),
            ({}, basic(name, " ")),
            ({}, basic(name, "%00")),
        ]
        nothing += [
            ({"client_id": name}, {}),
            ({"client_id": name, "client_assertion_type": TYPE, "client_assertion": ""}, {}),
        ]
        nothing += [
            ({"client_id": name, "client_secret": "null"}, {}),
            ({}, {"Authorization": "Basic " + b64encode(name.encode()).decode()}),
        ]
    nothing += [
        ({}, {"Authorization": value}) for value in ("Basic", "Basic ", "Basic Og==", "Basic JTAwOng=", "Bearer x", "")
    ]
    for path in ("token", "introspect", "revoke"):
        for fields, headers in nothing:
            # A public client proves nothing, and an empty parameter is none; it may do so where nothing is proved by
            # it.
            public = path == "revoke" and fields.get("client_id") == "wilma-app" and not any(list(fields.values())[1:])
            assert send(world, path, fields, headers).status_code == (200 if public else 401), (path, fields, headers)


def test_tk_09_a_stored_secret_is_told_by_nothing(world: World, wilma: Application) -> None:
    """It is a hash in the database; no endpoint, no page of the application and no event says it or its hash."""
    oidc_world.administrator(world, oidc_world.person(world, "outi"))
    outi = Browser(world)
    outi.sign_in("outi")
    for path in ("/admin/applications", "/admin/applications/wilma", "/admin/applications/wilma/clients/wilma"):
        page = outi.get(path)
        assert SECRET not in page.text
        assert hash_of(SECRET).hex() not in page.text
    with world.engine.connect() as connection:
        tables = [row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            assert SECRET not in str(connection.execute(text(f'SELECT * FROM "{table}"')).all()), table


SCOPES = {
    "person": ("openid", "openid roles", "openid offline_access"),
    "own": ("wilma.read",),
    "more": ("wilma.write", "admin", "openid wilma.write", "wilma.read wilma.write", "*", "OPENID", "wilma.*"),
}


@pytest.fixture
def lasting(anna: Browser, wilma: Application) -> str:
    """A refresh token of a grant with the scopes openid, roles and offline_access."""
    return str(wilma.redeem(anna.code(scope="openid roles offline_access")).get_json()["refresh_token"])


def test_tk_05_c_30_a_refresh_gives_a_part_of_what_was_granted_and_nothing_else(
    wilma: Application, lasting: str
) -> None:
    """A refused wish moves nothing: the token is still good afterwards."""
    for scope in (*SCOPES["more"], *SCOPES["own"], "openid email", "openid phone profile", "openid roles groups"):
        said = wilma.refresh(lasting, scope=scope)
        assert (said.status_code, said.get_json()["error"]) == (400, "invalid_scope"), scope
    said = wilma.refresh(lasting, scope="openid")
    assert said.get_json()["scope"] == "openid"
    assert wilma.refresh(said.get_json()["refresh_token"], scope="openid email").get_json()["error"] == "invalid_scope"


def test_tk_05_c_30_a_client_acting_for_itself_gets_its_own_scopes_only(world: World, wilma: Application) -> None:
    for scope in (*SCOPES["person"], *SCOPES["more"]):
        said = wilma.post("/oauth2/token", {"grant_type": "client_credentials", "scope": scope})
        assert (said.status_code, said.get_json()["error"]) == (400, "invalid_scope"), scope
    for more in ({}, {"scope": "wilma.read"}):
        data = {"grant_type": "client_credentials"} | more
        token = wilma.post("/oauth2/token", data).get_json()["access_token"]
        assert verified(world, token, "at+jwt")["scope"] == "wilma.read"


def test_c_30_a_code_never_carries_a_scope_that_the_client_does_not_have(world: World, anna: Browser) -> None:
    """Unknown scopes are let go of (OIDC Core section 3.1.2.1), so that none of them is in what is given."""
    anna.code("verso")
    for scope in ("openid wilma.read", "openid email phone", "openid offline_access", "openid admin"):
        tokens = Application(world, "verso").redeem(answer(anna.authorize("verso", scope=scope))["code"]).get_json()
        assert set(tokens["scope"].split()) <= {"openid", "roles"}, scope
        assert "refresh_token" not in tokens, scope


POLICIES: dict[str, Callable[[World], Any]] = {
    "the role ends": lambda world: world.change(Assignment, Assignment.person_id == world.ids["anna"], valid_to=NOON),
    "the organisation is enabled no more": lambda world: world.change(
        ApplicationEnabled, ApplicationEnabled.application_id == world.ids["wilma"], organisation_id=world.ids["OPISTO"]
    ),
    "the application is retired": lambda world: world.change(
        ApplicationRow, ApplicationRow.key == "wilma", retired=True
    ),
}
"""Rules of who may enter, broken one at a time."""


@pytest.mark.parametrize("policy", POLICIES)
def test_c_30_a_rule_of_entry_holds_in_every_grant(
    world: World, anna: Browser, wilma: Application, lasting: str, policy: str
) -> None:
    """A new sign-in, a code that is on its way, a refresh, and what was given before: none of them goes round it."""
    code, access = anna.code(), wilma.redeem(anna.code()).get_json()["access_token"]
    POLICIES[policy](world)
    try:
        assert wilma.redeem(code).status_code in (400, 401)
        assert wilma.refresh(lasting).status_code in (400, 401)
        assert wilma.userinfo(access).status_code == 401
        assert anna.authorize().status_code in (400, 403)
    finally:
        world.change(ApplicationRow, ApplicationRow.key == "wilma", retired=False)
        world.change(
            ApplicationEnabled,
            ApplicationEnabled.application_id == world.ids["wilma"],
            organisation_id=world.ids["KUNTA"],
        )
        world.change(Assignment, Assignment.person_id == world.ids["anna"], valid_to=NOON + timedelta(days=300))
    assert anna.code()


@pytest.mark.parametrize("table", ["assignment", "application_enabled"])
def test_c_30_a_rule_that_cannot_be_read_lets_nobody_in(world: World, anna: Browser, lasting: str, table: str) -> None:
    """The table behind a rule is gone: a server error, and never an answer as if nothing were asked."""
    client_id = "verso" if table == "application_enabled" else "wilma"
    app, code = Application(world, client_id), anna.code(client_id)
    with world.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO hidden")
    try:
        with capture_logs():
            answers = [anna.authorize(client_id), app.redeem(code)] + (
                [app.refresh(lasting)] if client_id == "wilma" else []
            )
        for said in answers:
            assert said.status_code >= 500, said.text
            assert "code=" not in said.headers.get("Location", "")
            assert "access_token" not in said.text
    finally:
        with world.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE hidden RENAME TO {table}")
    assert app.redeem(code).status_code == 200


def test_jw_01_an_access_token_names_one_audience_whatever_is_asked(
    world: World, anna: Browser, wilma: Application
) -> None:
    world.change(Client, Client.client_id == "wilma", resources=["https://arkisto.example"])
    both = ["https://wilma.example", "https://arkisto.example"]
    try:
        said = wilma.redeem(anna.code(resource=both), resource=both)
        assert (said.status_code, said.get_json()["error"]) == (400, "invalid_target")
        for resource in both:
            token = wilma.redeem(anna.code(resource=both), resource=resource).get_json()["access_token"]
            told = verified(world, token, "at+jwt")
            assert told["aud"] == resource
            assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= told.keys()
            assert told["exp"] - told["iat"] <= 300
    finally:
        world.change(Client, Client.client_id == "wilma", resources=[])
