"""TK-05, TK-06, TK-08, TK-09: what a client may ask, how it authenticates, one way at a time."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from iam.oidc.clients.assertions import TYPE
from iam.oidc.clients.authentication import Contradiction, Presented, presented
from iam.oidc.clients.registered import ADMIN, Clients
from iam.tokens.secret import hash_of
from tests.kit.made import ISSUER, NOW, client


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_scopes_are_what_is_asked_and_allowed() -> None:
    assert client().get_allowed_scope("roles openid openid unknown") == "roles openid"
    assert client(scope="openid").get_allowed_scope("roles") is None
    assert client().get_allowed_scope(None) is None


def test_a_client_acting_for_itself_has_no_scope_of_a_person() -> None:
    assert client().own_scope(None) == "wilma.read"
    assert client().own_scope("wilma.read") == "wilma.read"
    assert client().own_scope("openid") is None
    assert client().own_scope("wilma.read wilma.write") is None


@pytest.mark.parametrize("grant", ["authorization_code", "refresh_token", "client_credentials", "password", "implicit"])
def test_a_client_uses_only_its_own_grants(grant: str) -> None:
    assert client(grants=("refresh_token",)).check_grant_type(grant) is (grant == "refresh_token")


@pytest.mark.parametrize("response_type", ["token", "id_token", "code id_token", "code token", "none", ""])
def test_code_is_the_only_response_type(response_type: str) -> None:
    assert not client().check_response_type(response_type)
    assert client().check_response_type("code")
    assert not client(grants=("client_credentials",)).check_response_type("code")


def test_two_secrets_are_valid_at_a_time_until_the_older_one_ends(at: Callable[[datetime], None]) -> None:
    both = client(secrets=((hash_of("avk_old"), NOW + timedelta(days=1)), (hash_of("avk_new"), None)))
    at(NOW)
    assert both.check_client_secret("avk_old")
    assert both.check_client_secret("avk_new")
    at(NOW + timedelta(days=1))
    assert not both.check_client_secret("avk_old")
    assert both.check_client_secret("avk_new")


@pytest.mark.parametrize("secret", ["", "avk_ol", "avk_old ", hash_of("avk_old").hex()])
def test_another_or_an_empty_secret_never_authenticates(secret: str) -> None:
    assert not client(secrets=((hash_of("avk_old"), None), (hash_of(""), None))).check_client_secret(secret)
    assert not client(secrets=()).check_client_secret(secret)


def test_our_own_administration_authenticates_nowhere() -> None:
    admin = Clients(ISSUER, None)._admin  # type: ignore[arg-type]
    assert admin.client_id == ADMIN
    assert admin.redirect_uris == (f"{ISSUER}/admin/callback",)
    assert not any(
        admin.check_endpoint_auth_method(method, "token")
        for method in ("none", "client_secret_basic", "private_key_jwt")
    )


def test_basic_credentials_are_form_encoded() -> None:
    assert presented(basic("wil%3Ama:a%2Bb+c"), {}) == Presented("client_secret_basic", "wil:ma", "a+b c")
    assert presented(basic("wilma:x"), {"client_id": "wilma"}) == Presented("client_secret_basic", "wilma", "x")


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ", "Basic !!!", "Basic w6k=", "Basic " + b64encode(b"noseparator").decode()]
)
def test_malformed_basic_credentials_prove_nothing(header: str) -> None:
    assert presented(header, {}).client_id is None


def test_a_body_presents_a_secret_an_assertion_or_nothing() -> None:
    assert presented(None, {"client_id": "w", "client_secret": "s"}) == Presented("client_secret_post", "w", "s")
    assert presented(None, {"client_id": "w"}) == Presented("none", "w")
    assert presented("Bearer x", {"client_id": "w"}) == Presented("none", "w")
    assert presented(None, {"client_assertion": "x", "client_assertion_type": TYPE}).client_id is None
    assert presented(None, {"client_assertion": "x"}).method == "private_key_jwt"


@pytest.mark.parametrize(
    ("header", "form"),
    [
        (basic("w:s"), {"client_secret": "s", "client_id": "w"}),
        (basic("w:s"), {"client_assertion": "a", "client_assertion_type": TYPE}),
        (None, {"client_id": "w", "client_secret": "s", "client_assertion": "a"}),
        (basic("w:s"), {"client_id": "another"}),
    ],
)
def test_two_ways_or_two_clients_are_a_contradiction(header: str | None, form: dict[str, str]) -> None:
    with pytest.raises(Contradiction):
        presented(header, form)
