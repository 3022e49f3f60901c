"""What a client may ask for itself, and how it proves that it is the client."""

from __future__ import annotations

import pytest

from iam.oidc.model import ClientSecret
from iam.tokens.secret import hash_of
from tests.kit.client_proofs import assertion, basic
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, SECRET, Application, World, verified


def test_a_client_acts_for_itself_with_its_own_scopes_only(world: World, wilma: Application) -> None:
    """TK-05, C-30."""
    answered = wilma.post("/oauth2/token", {"grant_type": "client_credentials"}).get_json()
    said = verified(world, answered["access_token"], "at+jwt")
    assert (said["sub"], said["client_id"], said["aud"], said["scope"]) == (
        "wilma",
        "wilma",
        "https://wilma.example",
        "wilma.read",
    )
    assert not {"roles", "capacity"} & set(said)
    assert "refresh_token" not in answered
    for scope in ("openid", "wilma.write", "wilma.read wilma.write"):
        assert (
            wilma.post("/oauth2/token", {"grant_type": "client_credentials", "scope": scope}).get_json()["error"]
            == "invalid_scope"
        )
    assert wilma.userinfo(answered["access_token"]).status_code == 403
    assert wilma.introspect(answered["access_token"])["active"] is True


@pytest.mark.parametrize(
    ("client_id", "grant"),
    [
        ("verso", "client_credentials"),
        ("verso", "refresh_token"),
        ("wilma-key", "authorization_code"),
        ("wilma-app", "client_credentials"),
    ],
)
def test_a_client_uses_its_listed_grants_only(world: World, client_id: str, grant: str) -> None:
    """TK-06."""
    data = {"grant_type": grant, "refresh_token": "avr_x", "code": "avc_x"}
    if client_id == "wilma-key":
        data |= assertion()
    error = Application(world, client_id).post("/oauth2/token", data).get_json()["error"]
    assert error == ("invalid_client" if client_id == "wilma-app" else "unauthorized_client")


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "x"])
def test_other_grants_are_not_supported(wilma: Application, grant: str) -> None:
    """AZ-03, TK-06."""
    assert wilma.post("/oauth2/token", {"grant_type": grant}).get_json() == {"error": "unsupported_grant_type"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        ({}, {"client_id": "wilma"}),
        ({}, {"client_id": "wilma", "client_secret": ""}),
        (basic("wilma", ""), {}),
        (basic("wilma", "x"), {}),
        (basic("nobody", SECRET), {}),
        ({}, {"client_id": "wilma", "client_secret": SECRET}),
        (basic("wilma-old", SECRET), {}),
        (basic("wilma-app", ""), {}),
        (basic("verso", SECRET + " "), {}),
        ({"Authorization": "Basic %%%"}, {}),
        ({"Authorization": "Bearer x"}, {}),
        (basic("avain-admin", ""), {}),
        ({}, {"client_id": "avain-admin"}),
        ({}, {"client_id": "wilma-key"}),
    ],
)
@pytest.mark.parametrize("path", ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"])
def test_what_does_not_prove_the_client_is_401(
    world: World, path: str, headers: dict[str, str], body: dict[str, str]
) -> None:
    """TK-08, TK-10, C-19."""
    data = {"grant_type": "authorization_code", "token": "x", "code": "avc_x"} | body
    response = world.app.test_client().post(path, base_url=ISSUER, data=data, headers=headers)
    assert response.status_code == 401
    assert response.get_json()["error"] == "invalid_client"
    assert response.headers["WWW-Authenticate"].startswith("Basic")
    assert response.headers["Cache-Control"] == "no-store"


def test_two_ways_of_authentication_at_once_are_refused(wilma: Application) -> None:
    both = wilma.post(
        "/oauth2/token", {"grant_type": "client_credentials", "client_id": "wilma", "client_secret": SECRET}
    )
    assert (both.status_code, both.get_json()["error"]) == (400, "invalid_request")


def test_two_secrets_are_valid_at_a_time(world: World) -> None:
    """TK-09."""
    second = "avk_" + "t" * 43
    world.write(ClientSecret(client_id="wilma", hash=hash_of(second), created_at=oidc_world.instant(0)))
    http = world.app.test_client()
    for secret in (SECRET, second):
        assert (
            http.post(
                "/oauth2/token",
                base_url=ISSUER,
                data={"grant_type": "client_credentials"},
                headers=basic("wilma", secret),
            ).status_code
            == 200
        )


def test_a_signed_assertion_authenticates_once(world: World) -> None:
    """TK-07, C-20."""
    app, data = Application(world, "wilma-key"), {"grant_type": "client_credentials"}
    proof = assertion()
    assert app.post("/oauth2/token", data | proof).status_code == 200
    assert app.post("/oauth2/token", data | proof).get_json()["error"] == "invalid_client"
    assert app.post("/oauth2/token", data | assertion(jti="j2")).status_code == 200
    assert app.post("/oauth2/token", data | assertion(jti="j3", aud=f"{ISSUER}/oauth2/token")).status_code == 401
    assert app.post("/oauth2/token", data | assertion(jti="j4") | {"client_id": "wilma"}).status_code == 400
