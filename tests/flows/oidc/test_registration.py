"""Clients that register themselves and look after their registration (RFC 7591, RFC 7592, OIDC Dynamic Client
Registration 1.0)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from iam.access.model.role import Application as ApplicationRow
from iam.change import SYSTEM
from iam.oidc.clients import initial_tokens as registration_terms, write as registration
from iam.oidc.model import Client, ClientSecret, InitialAccessToken
from iam.settings import Egress
from iam.tokens import jose, secret
from iam.web import extension
from tests.kit.peers.hostile_http import HostileHttp, answer_json
from tests.kit.servers.certificates import Authority
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, JWT_KEY, SECRET, VERIFIER, Browser, World, instant

Clock = Callable[[datetime], None]
BACK = "https://app.example/cb"
KEYS = {"keys": [jose.public_dict(JWT_KEY)]}


class Registrar:
    """A program that registers clients, with an initial access token for the application wilma."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = world.app.test_client(use_cookies=False)
        self.token = allow(world)

    def post(self, document: Any, token: str | None = None) -> TestResponse:
        """Register."""
        return self.send("POST", "/oauth2/register", document, token or self.token)

    def send(self, method: str, path: str, document: Any = None, token: str | None = None) -> TestResponse:
        """Ask for anything; a document that is bytes goes as it is."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = document if isinstance(document, bytes | None) else json.dumps(document).encode()
        return self.http.open(
            path, base_url=ISSUER, method=method, data=body, content_type="application/json", headers=headers
        )

    def made(self, **members: Any) -> dict[str, Any]:
        """Register a client that must be accepted; return the answer."""
        response = self.post({"redirect_uris": [BACK]} | members)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.get_json()
        return found

    def manage(self, method: str, client: dict[str, Any], document: Any = None) -> TestResponse:
        """Ask at the client's own address with its own token."""
        path = urlsplit(client["registration_client_uri"]).path
        return self.send(method, path, document, client["registration_access_token"])

    def row(self, client: dict[str, Any]) -> Client:
        """Return the client as stored."""
        with Session(self.world.engine) as session:
            return session.scalars(select(Client).where(Client.client_id == client["client_id"])).one()


def allow(world: World, application: str = "wilma", uses: int = 100, *, pkce_optional: bool = False) -> str:
    with Session(world.engine, expire_on_commit=False) as session, session.begin():
        row = session.get_one(ApplicationRow, world.ids[application])
        return registration_terms.allow(session, row, SYSTEM, uses=uses, days=7, pkce_optional=pkce_optional)


@pytest.fixture
def registrar(world: World) -> Registrar:
    return Registrar(world)


@pytest.fixture
def server(world: World, tmp_path: Path) -> Iterator[HostileHttp]:
    """The client's own server, which the service may call."""
    authority = Authority(tmp_path)
    with HostileHttp(answer_json([BACK]), authority.issue("localhost", "localhost")) as running:
        extension.parts_of(world.app).settings.egress = Egress(ca_file=authority.ca_file, hosts=[running.place])
        yield running


def refused(response: TestResponse, error: str = "invalid_client_metadata") -> str:
    assert (response.status_code, response.get_json()["error"]) == (400, error), response.text
    description: str = response.get_json()["error_description"]
    assert description.isascii()
    return description


def test_a_registered_client_signs_a_person_in(world: World, registrar: Registrar) -> None:
    client = registrar.made(client_name="Sovellus", grant_types=["authorization_code", "refresh_token"])
    browser = Browser(world)
    browser.sign_in()
    code = browser.code(client["client_id"], redirect_uri=BACK)
    proof = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    told = registrar.http.post(
        "/oauth2/token",
        base_url=ISSUER,
        headers={"Authorization": f"Basic {proof}"},
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER},
    )
    assert told.status_code == 200, told.text
    assert oidc_world.verified(world, told.get_json()["id_token"], "JWT")["aud"] == client["client_id"]


def test_a_client_of_a_public_application_has_public_subjects_or_as_it_says_pairwise_ones(
    world: World, registrar: Registrar
) -> None:
    def subject(client: dict[str, Any]) -> str:
        browser = Browser(world)
        browser.sign_in()
        data = {
            "grant_type": "authorization_code",
            "code": browser.code(client["client_id"], redirect_uri=BACK),
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            "client_id": client["client_id"],
            "client_secret": client["client_secret"],
        }
        told = registrar.http.post("/oauth2/token", base_url=ISSUER, data=data).get_json()["id_token"]
        return str(oidc_world.verified(world, told, "JWT")["sub"])

    world.change(ApplicationRow, ApplicationRow.key == "wilma", subject_mode="public")
    usual, public, pairwise = (
        registrar.made(token_endpoint_auth_method="client_secret_post", **said)
        for said in ({}, {"subject_type": "public"}, {"subject_type": "pairwise"})
    )
    assert [one["subject_type"] for one in (usual, public, pairwise)] == ["public", "public", "pairwise"]
    assert subject(usual) == subject(public)
    assert subject(pairwise) != subject(usual)
    back = registrar.manage("PUT", pairwise, {"redirect_uris": [BACK], "client_id": pairwise["client_id"]})
    assert back.get_json()["subject_type"] == "public"


def test_the_answer_tells_what_is_registered_with_every_default(registrar: Registrar) -> None:
    response = registrar.post({"redirect_uris": [BACK]})
    said = response.get_json()
    fresh = {name: said.pop(name) for name in ("client_id", "client_secret", "registration_access_token")}
    assert said == {
        "client_id_issued_at": said["client_id_issued_at"],
        "client_secret_expires_at": 0,
        "redirect_uris": [BACK],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid profile email roles groups phone",
        "subject_type": "pairwise",
        "id_token_signed_response_alg": "RS256",
        "require_pushed_authorization_requests": False,
        "application_type": "web",
        "registration_client_uri": f"{ISSUER}/oauth2/register/{fresh['client_id']}",
    }
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    assert fresh["client_secret"].startswith("avk_")
    assert fresh["registration_access_token"].startswith("avm_")


def test_secrets_are_stored_as_hashes_and_the_making_is_in_the_audit_log(world: World, registrar: Registrar) -> None:
    client = registrar.made()
    row = registrar.row(client)
    assert row.management_hash == secret.hash_of(client["registration_access_token"])
    with Session(world.engine) as session:
        stored = session.scalars(select(ClientSecret.hash).where(ClientSecret.client_id == row.client_id)).all()
    assert stored == [secret.hash_of(client["client_secret"])]
    (event,) = world.events("oidc:client:registered")
    assert event.envelope["client"] == client["client_id"]
    assert event.change_id is not None
    assert len(world.events("oidc:client:invited")) == 1


ROWS: dict[str, tuple[Any, str, Any]] = {
    "redirect_uris": (
        ["https://a.example/cb?x=1", "http://127.0.0.1/cb"],
        "redirect_uris",
        ["https://a.example/cb?x=1", "http://127.0.0.1/cb"],
    ),
    "response_types": (["code"], "grants", ["authorization_code"]),
    "grant_types": (["refresh_token", "authorization_code"], "grants", ["authorization_code", "refresh_token"]),
    "token_endpoint_auth_method": ("client_secret_post", "auth", "client_secret_post"),
    "application_type": ("native", "metadata_", {"application_type": "native"}),
    "jwks": (KEYS, "jwks", KEYS),
    "jwks_uri": ("https://app.example/jwks", "jwks_uri", "https://app.example/jwks"),
    "subject_type": ("pairwise", "metadata_", {"subject_type": "pairwise"}),
    "id_token_signed_response_alg": ("PS256", "id_token_alg", "PS256"),
    "userinfo_signed_response_alg": ("ES256", "userinfo_alg", "ES256"),
    "request_object_signing_alg": ("ES256", "metadata_", {"request_object_signing_alg": "ES256"}),
    "require_signed_request_object": (True, "metadata_", {"require_signed_request_object": True}),
    "token_endpoint_auth_signing_alg": ("ES256", "metadata_", {"token_endpoint_auth_signing_alg": "ES256"}),
    "default_max_age": (3600, "metadata_", {"default_max_age": 3600}),
    "require_auth_time": (True, "metadata_", {"require_auth_time": True}),
    "default_acr_values": (
        ["urn:avain:acr:two-factor"],
        "metadata_",
        {"default_acr_values": ["urn:avain:acr:two-factor"]},
    ),
    "initiate_login_uri": (
        "https://app.example/start",
        "metadata_",
        {"initiate_login_uri": "https://app.example/start"},
    ),
    "contacts": (["help@app.example"], "metadata_", {"contacts": ["help@app.example"]}),
    "client_name": ("Sovellus ä", "metadata_", {"client_name": "Sovellus ä"}),
    "client_name#sv-FI": ("Tillämpning", "metadata_", {"client_name#sv-FI": "Tillämpning"}),
    "logo_uri": ("https://app.example/logo.png", "metadata_", {"logo_uri": "https://app.example/logo.png"}),
    "client_uri": ("https://app.example", "metadata_", {"client_uri": "https://app.example"}),
    "policy_uri#fi": ("https://app.example/p", "metadata_", {"policy_uri#fi": "https://app.example/p"}),
    "tos_uri": ("https://app.example/tos", "metadata_", {"tos_uri": "https://app.example/tos"}),
    "software_id": ("4NRB1-0XZABZI9E6-5SM3R", "metadata_", {"software_id": "4NRB1-0XZABZI9E6-5SM3R"}),
    "software_version": ("2.1", "metadata_", {"software_version": "2.1"}),
    "post_logout_redirect_uris": (
        ["https://app.example/bye"],
        "post_logout_redirect_uris",
        ["https://app.example/bye"],
    ),
    "backchannel_logout_uri": ("https://app.example/out", "backchannel_logout_uri", "https://app.example/out"),
    "backchannel_logout_session_required": (True, "metadata_", {"backchannel_logout_session_required": True}),
    "frontchannel_logout_uri": ("https://app.example/front", "frontchannel_logout_uri", "https://app.example/front"),
    "frontchannel_logout_session_required": (True, "metadata_", {"frontchannel_logout_session_required": True}),
    "require_pushed_authorization_requests": (True, "par_required", True),
    "scope": ("openid email", "scope", "openid email"),
}
"""Each member of a registration with a value, the column it must reach, and what must stand there."""


def test_every_member_is_stored_told_again_and_kept_by_an_update(registrar: Registrar) -> None:
    for name, (value, column, stored) in ROWS.items():
        client = registrar.made(**{name: value})
        same = sorted if name == "grant_types" else (lambda found: found)
        assert same(client[name]) == same(value), name
        found = getattr(registrar.row(client), column)
        assert (found | stored if isinstance(stored, dict) and column == "metadata_" else found) == (
            {"application_type": "web"} | stored if column == "metadata_" else stored
        ), name
        shown = registrar.manage("GET", client).get_json()
        assert shown[name] == client[name], name
        ours = (
            "client_id_issued_at",
            "client_secret_expires_at",
            "registration_access_token",
            "registration_client_uri",
        )
        again = registrar.manage("PUT", client, {one: said for one, said in client.items() if one not in ours})
        assert again.status_code == 200, (name, again.text)
        assert again.get_json()[name] == client[name], name


def test_no_client_says_itself_what_it_may_be_told_for(registrar: Registrar) -> None:
    client = registrar.made(**{"purpose": "Kaikki", "legal_basis": "Laki", "purpose#sv": "Allt"})
    assert registrar.row(client).metadata_ == {"application_type": "web"}


_WRONG: dict[str, tuple[Any, ...]] = {
    "response_types": (["token"], ["code", "id_token"], ["code token"], ["none"], "code", [1], []),
    "grant_types": (
        ["implicit"],
        ["password"],
        ["refresh_token"],
        [],
        "authorization_code",
        [{}],
        ["urn:ietf:params:oauth:grant-type:device_code"],
        ["authorization_code", "client_credentials", "x"],
    ),
    "token_endpoint_auth_method": ("client_secret_jwt", "tls_client_auth", "", 1, ["none"], "private_key_jwt"),
    "application_type": ("browser", "", 1, ["web"], {}),
    "jwks": (
        {},
        {"keys": []},
        {"keys": "x"},
        {"keys": [1]},
        [],
        "x",
        {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]},
        {"keys": [KEYS["keys"][0] | {"d": "AA"}]},
        {"keys": [KEYS["keys"][0] | {"x": "AAAA"}]},
        {"keys": KEYS["keys"] * 21},
        {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]},
        {"keys": [KEYS["keys"][0] | {"kid": {"a": 1}}]},
        {"keys": [{"kty": "RSA", "n": "_" * 1400, "e": "AQAB"}]},
        {"keys": [KEYS["keys"][0] | {"kid": "\x00"}]},
    ),
    "jwks_uri": (
        "http://a.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://u:p@a.example/",
        "ftp://a.example/",
        "file:///etc/passwd",
        "x",
        "",
        1,
        ["https://a.example/"],
        "https://a.example/\r\nX: y",
        "https://a.example/#x",
        "http://localhost:8080/oauth2/jwks",
        "\ud800",
    ),
    "sector_identifier_uri": ("http://a.example/", "https://127.0.0.1/", "https://localhost/", 1, {}),
    "subject_type": ("public", "x", 1, []),
    "id_token_signed_response_alg": ("none", "HS256", "RS512", "", 1, ["RS256"]),
    "userinfo_signed_response_alg": ("none", "HS256", "", 1),
    "request_object_signing_alg": ("none", "HS256", "", 1, {}),
    "default_max_age": (-1, "3600", 1.5, True, 10**30, [1]),
    "require_auth_time": ("true", 1, []),
    "default_acr_values": (["urn:mace:incommon:iap:silver"], "urn:avain:acr:password", [1]),
    "initiate_login_uri": ("http://a.example/", "javascript:alert(1)", 1),
    "contacts": ("a@b.example", [1], ["a"] * 21, ["a\x00"], ["\ud800"], [""]),
    "client_name": ("", 1, ["x"], "a\nb", "x" * 401, "\x00", "\ud800"),
    "client_name#fi": (1,),
    "client_name#fi-FI": ("\x00",),
    "logo_uri": ("http://127.0.0.1/", "javascript:alert(1)", "data:image/png,x", 1, "https://u@a.example/"),
    "client_uri": ("javascript:alert(1)",),
    "policy_uri": ("x",),
    "tos_uri": (1,),
    "backchannel_logout_uri": ("http://a.example/", "https://127.0.0.1:1/", "https://a.example/#x", 1),
    "backchannel_logout_session_required": ("yes",),
    "frontchannel_logout_uri": ("https://other.example/", "https://app.example:8443/", "http://app.example/", 1),
    "frontchannel_logout_session_required": (0,),
    "require_pushed_authorization_requests": ("true", 1),
    "scope": ("openid admin", "profile", 1, ["openid"], "openid wilma.write", "openid\x00"),
    "software_statement": ("a.b.c",),
    "id_token_encrypted_response_alg": ("RSA-OAEP",),
    "userinfo_encrypted_response_enc": ("A128GCM",),
    "request_object_encryption_alg": ("RSA-OAEP",),
    "tls_client_certificate_bound_access_tokens": (True,),
    "dpop_bound_access_tokens": (True,),
}
BAD: list[tuple[dict[str, Any], str]] = [
    *(
        ({"redirect_uris": uris}, "invalid_redirect_uri")
        for uris in (
            [],
            "https://a.example",
            [1],
            [None],
            [["https://a.example/"]],
            ["https://a.example/#x"],
            ["http://a.example/"],
            ["app:/cb"],
            ["com.example.app:/cb"],
            ["javascript:alert(1)"],
            ["https://*.example/"],
            ["/cb"],
            [""],
            ["https://"],
            ["https://u@a.example/"],
            ["https://a.example/\n"],
            ["https://a.example/ä"],
            ["https://a.example/ "],
            ["https://a.example\\@b/"],
            ["https://a.example:x/"],
            ["https://a.example/" + "a" * 2048],
            ["https://a.example/\x00"],
            ["\ud800"],
            ["https://a.example/cb"] * 2 + ["data:,x"],
            [f"https://a.example/{n}" for n in range(101)],
        )
    ),
    ({"post_logout_redirect_uris": ["http://a.example/"]}, "invalid_redirect_uri"),
    *(({name: value}, "invalid_client_metadata") for name, values in _WRONG.items() for value in values),
    ({"jwks": KEYS, "jwks_uri": "https://app.example/jwks"}, "invalid_client_metadata"),
    (
        {"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"], "redirect_uris": []},
        "invalid_client_metadata",
    ),
    ({"grant_types": ["client_credentials"], "response_types": ["code"]}, "invalid_client_metadata"),
]


def test_what_is_wrong_or_not_supported_is_refused_and_leaves_nothing(world: World, registrar: Registrar) -> None:
    for members, error in BAD:
        response = registrar.post({"redirect_uris": [BACK]} | members)
        assert (response.status_code, response.get_json()["error"]) == (400, error), (members, response.text)
    assert world.events("oidc:client:registered") == []
    with Session(world.engine) as session:
        assert session.scalars(select(InitialAccessToken.uses)).all() == [100]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"NaN",
        b'{"default_max_age": NaN}',
        b'{"default_max_age": Infinity}',
        b"\xff\xfe",
        b'{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"client_name": "' + b"x" * 70_000 + b'"}',
        b" " * 2_000_000,
        b'{"default_max_age": ' + b"1" * 5000 + b"}",
        b"redirect_uris=https%3A%2F%2Fa.example",
        b'{"x": "' + b"\x00" * 10 + b'"}',
        "{\"redirect_uris\": ['x']}".encode("utf-16"),
    ],
)
def test_a_hostile_body_is_refused_without_harm(body: bytes, registrar: Registrar) -> None:
    refused(registrar.post(body))


def test_a_body_that_is_not_called_json_is_refused(registrar: Registrar) -> None:
    bearer = {"Authorization": f"Bearer {registrar.token}"}
    for kind in ("application/x-www-form-urlencoded", "text/plain", ""):
        response = registrar.http.post(
            "/oauth2/register",
            base_url=ISSUER,
            data=b'{"redirect_uris": ["https://a.example/"]}',
            content_type=kind,
            headers=bearer,
        )
        refused(response)


def test_unknown_members_are_ignored_and_null_counts_as_left_out(registrar: Registrar) -> None:
    client = registrar.made(
        nonsense={"deep": [[[]]]}, client_name=None, **{"client_name#not a language": "x", "contacts#fi": 1}
    )
    assert not {"nonsense", "client_name", "client_name#not a language", "contacts#fi"} & client.keys()


def test_what_is_not_the_clients_to_say_cannot_be_set(world: World, registrar: Registrar) -> None:
    """Security AC-03."""
    wanted = {
        "sector": "verso.example",
        "application": "verso",
        "application_id": str(world.ids["verso"]),
        "mapper": {"sub": {"name": "x"}},
        "resources": ["https://verso.example"],
        "legacy_audience": True,
        "retired": True,
        "pkce": "optional",
        "token_format": "opaque",
        "management_hash": "x",
        "id": "x",
        "client_id": "wilma",
        "client_secret": "chosen" * 8,
        "metadata": {"x": 1},
        "metadata_": {"x": 1},
        "auth": "none",
        "grants": ["client_credentials"],
        "id_token_alg": "ES256",
        "registration_access_token": "x",
    }
    client = registrar.made(**wanted)
    row = registrar.row(client)
    assert client["client_id"] != "wilma"
    assert client["client_secret"] != wanted["client_secret"]
    assert (row.sector, row.application_id, row.mapper, row.resources) == ("wilma", world.ids["wilma"], {}, [])
    assert (row.legacy_audience, row.retired, row.pkce, row.token_format) == (False, False, "required", "jwt")
    assert (row.metadata_, row.auth, row.id_token_alg) == ({"application_type": "web"}, "client_secret_basic", "RS256")
    own = {
        name: value
        for name, value in wanted.items()
        if name not in ("client_id", "client_secret", "registration_access_token")
    }
    changed = registrar.manage("PUT", client, own | {"client_id": client["client_id"], "redirect_uris": [BACK]})
    assert changed.status_code == 200, changed.text
    assert registrar.row(client).sector == "wilma"
    assert registrar.row(client).application_id == world.ids["wilma"]


def test_a_client_gets_no_scope_that_no_declared_client_of_its_application_has(registrar: Registrar) -> None:
    client = registrar.made(scope="wilma.read", grant_types=["client_credentials"], redirect_uris=[])
    assert (client["scope"], client.get("response_types", [])) == ("wilma.read", [])
    refused(registrar.post({"grant_types": ["client_credentials"], "scope": "verso.read"}))


def test_a_native_client_may_have_an_address_of_its_own_scheme_and_no_secret(registrar: Registrar) -> None:
    own = {"redirect_uris": ["com.example.app:/cb", "http://127.0.0.1/cb"], "application_type": "native"}
    client = registrar.made(token_endpoint_auth_method="none", **own)
    assert "client_secret" not in client
    refused(
        registrar.post(own | {"application_type": "web", "token_endpoint_auth_method": "none"}), "invalid_redirect_uri"
    )


def test_a_client_with_keys_has_no_secret(registrar: Registrar) -> None:
    client = registrar.made(token_endpoint_auth_method="private_key_jwt", jwks=KEYS)
    assert "client_secret" not in client
    assert client["jwks"] == KEYS


def test_pkce_is_optional_only_where_the_initial_access_token_says_so(world: World, registrar: Registrar) -> None:
    assert registrar.row(registrar.made()).pkce == "required"
    registrar.token = allow(world, pkce_optional=True)
    client = registrar.made()
    assert registrar.row(client).pkce == "optional"
    public = {"client_id": client["client_id"], "redirect_uris": [BACK], "token_endpoint_auth_method": "none"}
    assert registrar.manage("PUT", client, public).status_code == 200
    assert registrar.row(client).pkce == "required"
    assert registrar.row(registrar.made(token_endpoint_auth_method="none")).pkce == "required"


def test_only_an_initial_access_token_opens_the_door(world: World, registrar: Registrar, at: Clock) -> None:
    """C-28: nor does what manages a client, or proves one, register another."""
    client = registrar.made()
    others = [
        None,
        "x",
        "avi_" + "x" * 43,
        client["registration_access_token"],
        client["client_secret"],
        SECRET,
        secret.new("access"),
        registrar.token + "x",
        registrar.token[:-1],
        "avi_ä",
        "avi_" + "x" * 10_000,
    ]
    for token in others:
        response = registrar.send("POST", "/oauth2/register", {"redirect_uris": [BACK]}, token)
        assert (response.status_code, response.get_json()) == (401, {"error": "invalid_token"}), token
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    with Session(world.engine) as session, session.begin():
        session.get_one(ApplicationRow, world.ids["wilma"]).retired = True
    assert registrar.post({"redirect_uris": [BACK]}).status_code == 401
    with Session(world.engine) as session, session.begin():
        session.get_one(ApplicationRow, world.ids["wilma"]).retired = False
    at(instant(7 * 86400))
    assert registrar.post({"redirect_uris": [BACK]}).status_code == 401


def test_uses_count_down_to_none_also_when_many_ask_at_once(world: World, registrar: Registrar) -> None:
    registrar.token = allow(world, uses=3)
    refused(registrar.post({"redirect_uris": []}), "invalid_redirect_uri")
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(copy_context().run, registrar.post, {"redirect_uris": [BACK]}) for _ in range(8)]
    statuses = [one.result().status_code for one in asked]
    assert sorted(statuses) == [201] * 3 + [401] * 5
    assert len(world.events("oidc:client:registered")) == 3


def test_a_management_token_is_good_for_its_own_client_only(world: World, registrar: Registrar) -> None:
    """C-28. All refusals look alike: another client's token, an unknown client, a declared one, a deleted one, no
    token."""
    one, other = registrar.made(), registrar.made()
    gone = registrar.made()
    assert registrar.manage("DELETE", gone).status_code == 204
    seen = set()
    for method in ("GET", "PUT", "DELETE"):
        for path, token in [
            (one["client_id"], other["registration_access_token"]),
            ("unknown", one["registration_access_token"]),
            ("wilma", one["registration_access_token"]),
            (gone["client_id"], gone["registration_access_token"]),
            (one["client_id"], registrar.token),
            (one["client_id"], one["client_secret"]),
            (one["client_id"], "avm_x"),
            ("ä", one["registration_access_token"]),
        ]:
            response = registrar.send(
                method, f"/oauth2/register/{path}", {"client_id": path, "redirect_uris": [BACK]}, token
            )
            seen.add((response.status_code, response.text, response.headers["WWW-Authenticate"]))
    assert seen == {(401, '{"error": "invalid_token"}', 'Bearer error="invalid_token"')}
    assert registrar.manage("GET", one).status_code == 200
    assert len(world.events("oidc:client:deleted")) == 1


def test_reading_tells_all_but_the_secret(registrar: Registrar) -> None:
    client = registrar.made(client_name="Sovellus", jwks=KEYS)
    shown = registrar.manage("GET", client).get_json()
    assert shown == {name: value for name, value in client.items() if not name.startswith("client_secret")}


def test_an_update_replaces_all_and_what_is_left_out_takes_its_default(world: World, registrar: Registrar) -> None:
    client = registrar.made(client_name="Vanha", id_token_signed_response_alg="ES256", default_max_age=60)
    wanted = {
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "redirect_uris": ["https://app.example/new"],
    }
    said = registrar.manage("PUT", client, wanted).get_json()
    assert (said["redirect_uris"], said["id_token_signed_response_alg"]) == (["https://app.example/new"], "RS256")
    assert said["client_secret"] == client["client_secret"]
    assert not {"client_name", "default_max_age"} & said.keys()
    (event,) = world.events("oidc:client:updated")
    assert event.envelope == {"client": client["client_id"], "fields": ["id_token_alg", "metadata", "redirect_uris"]}


def test_an_update_is_refused_that_is_not_the_clients_own(registrar: Registrar) -> None:
    client = registrar.made()
    good = {"client_id": client["client_id"], "redirect_uris": [BACK]}
    for more in (
        {"client_id": "wilma"},
        {"client_id": None},
        {"client_id": 1},
        {"client_secret": "chosen" * 8},
        {"client_secret": 1},
        {"client_secret": "\ud800"},
        {"client_secret": ""},
        {"registration_access_token": "x"},
        {"registration_client_uri": "x"},
        {"client_id_issued_at": 1},
        {"client_secret_expires_at": 0},
        {"id_token_signed_response_alg": "none"},
    ):
        refused(registrar.manage("PUT", client, good | more))
    assert registrar.manage("GET", client).get_json()["redirect_uris"] == [BACK]


def test_secrets_follow_the_method(world: World, registrar: Registrar) -> None:
    client = registrar.made()
    keyed = {
        "client_id": client["client_id"],
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": KEYS,
    }
    assert "client_secret" not in registrar.manage("PUT", client, keyed).get_json()
    with Session(world.engine) as session:
        assert registration.secret_hashes(session, client["client_id"]) == {}
    again = registrar.manage("PUT", client, {"client_id": client["client_id"], "redirect_uris": [BACK]}).get_json()
    assert again["client_secret"] not in (client["client_secret"], None)
    with Session(world.engine) as session:
        living = registration.secret_hashes(session, client["client_id"])[client["client_id"]]
    assert living == {secret.hash_of(again["client_secret"])}


def test_a_deleted_client_is_out_of_use_with_all_its_tokens(world: World, registrar: Registrar, at: Clock) -> None:
    client = registrar.made(grant_types=["client_credentials"], scope="wilma.read", redirect_uris=[])
    proof = {
        "Authorization": "Basic " + b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    }
    ask = {"base_url": ISSUER, "headers": proof}
    got = registrar.http.post("/oauth2/token", data={"grant_type": "client_credentials"}, **ask)
    assert got.status_code == 200, got.text
    response = registrar.manage("DELETE", client)
    assert (response.status_code, response.data) == (204, b"")
    registrar.world.app.extensions.pop("avain.oidc")  # another process, which has not read the client yet
    assert registrar.http.post("/oauth2/token", data={"grant_type": "client_credentials"}, **ask).status_code == 401
    with Session(world.engine) as session:
        assert registration.secret_hashes(session, client["client_id"]) == {}
    assert registrar.manage("GET", client).status_code == 401


def test_the_sector_is_the_host_of_the_file_that_lists_every_redirect_uri(
    registrar: Registrar, server: HostileHttp
) -> None:
    client = registrar.made(sector_identifier_uri=server.url("/sector"))
    assert (registrar.row(client).sector, client["sector_identifier_uri"]) == ("host:localhost", server.url("/sector"))
    more = {
        "client_id": client["client_id"],
        "redirect_uris": [BACK, "https://app.example/2"],
        "sector_identifier_uri": server.url(),
    }
    refused(registrar.manage("PUT", client, more))
    server.behave = answer_json([BACK, "https://app.example/2", "https://app.example/3"])
    assert registrar.manage("PUT", client, more).status_code == 200


@pytest.mark.parametrize("listed", [[], ["https://app.example/other"], {}, "x", [[BACK]], [1], None, BACK])
def test_a_sector_file_that_does_not_list_the_redirect_uri_is_refused(
    listed: Any, registrar: Registrar, server: HostileHttp
) -> None:
    server.behave = answer_json(listed)
    refused(registrar.post({"redirect_uris": [BACK], "sector_identifier_uri": server.url()}))


def test_a_stranger_makes_us_call_nobody(registrar: Registrar, server: HostileHttp) -> None:
    """Security C-13: nothing is fetched before the token is known, nor for a logo, a policy or keys that nobody uses
    yet."""
    members = {name: server.url() for name in ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri")}
    assert registrar.post({"redirect_uris": [BACK]} | members, "avi_unknown").status_code == 401
    pages = {
        name: server.url()
        for name in ("logo_uri", "client_uri", "policy_uri", "tos_uri", "initiate_login_uri", "jwks_uri")
    }
    registrar.made(**pages)
    refused(registrar.post({"redirect_uris": [BACK], "sector_identifier_uri": server.url(), "scope": "nothing"}))
    assert server.connections == 0
