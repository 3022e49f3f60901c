"""Hostile bodies, members of no meaning, and what is not the client's to say."""

from __future__ import annotations

import pytest

from tests.kit.registrar import BACK, KEYS, Registrar, allow, refused
from tests.kit.worlds.oidc import ISSUER, World


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
