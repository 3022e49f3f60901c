"""Userinfo, and what an access token is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from iam.oidc.server import provider
from iam.tokens import jose
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, SECRET, Application, Browser, World, verified

Clock = Callable[[datetime], None]


def test_userinfo_tells_what_was_asked_about_the_person(
    world: World, wilma: Application, tokens: dict[str, Any]
) -> None:
    said = wilma.userinfo(tokens["access_token"])
    assert said.headers["Cache-Control"] == "no-store"
    found = said.get_json()
    assert found["sub"] == verified(world, tokens["id_token"], "JWT")["sub"]
    assert (found["name"], found["email"], found["phone_number"], found["preferred_username"]) == (
        "Anna Virtanen",
        "anna@example.fi",
        "+358401234567",
        "anna",
    )
    assert found["roles"] == ["opettaja@KOIVU"]
    assert world.events("oidc:userinfo:disclosed")[0].subject_id == world.ids["anna"]


def test_userinfo_takes_the_token_by_header_or_by_a_posted_body_never_both_and_never_in_the_address(
    wilma: Application, tokens: dict[str, Any]
) -> None:
    token = tokens["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert wilma.http.post("/oauth2/userinfo", base_url=ISSUER, headers=bearer).status_code == 200
    assert wilma.http.post("/oauth2/userinfo", base_url=ISSUER, data={"access_token": token}).status_code == 200
    assert (
        wilma.http.post("/oauth2/userinfo", base_url=ISSUER, data={"access_token": token}, headers=bearer).status_code
        == 400
    )
    refused = wilma.http.get(f"/oauth2/userinfo?access_token={token}", base_url=ISSUER)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_no_other_kind_of_token_or_altered_one_is_an_access_token(
    world: World, anna: Browser, wilma: Application, tokens: dict[str, Any]
) -> None:
    """JW-02, JW-03."""
    access = tokens["access_token"]
    header, payload, signature = access.split(".")
    wrong = [
        tokens["id_token"],
        tokens["refresh_token"],
        anna.code(),
        SECRET,
        "",
        "x",
        access[:-1],
        access + "A",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"eyJhbGciOiJub25lIn0.{payload}.",
        access + "=" * 4,
        "x" * 20_000,
    ]
    for token in wrong:
        refused = wilma.userinfo(token)
        assert refused.status_code == 401, token
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        if 0 < len(token) <= jose.MAX_TOKEN and token != tokens["refresh_token"]:
            assert wilma.introspect(token) == {"active": False}


@pytest.mark.parametrize("expires", [None, "soon", [1], True, 4e18, -1, 1e308, "1e400"])
def test_a_token_whose_end_makes_no_sense_is_refused(
    world: World, wilma: Application, tokens: dict[str, Any], expires: Any
) -> None:
    """JW-04, C-22."""
    claims = verified(world, tokens["access_token"], "at+jwt") | {"exp": expires}
    if expires is None:
        del claims["exp"]
    with world.app.test_request_context(), Session(world.engine) as session:
        key = provider().issuer.keyring.signer(session, "RS256")
    status = wilma.userinfo(jose.sign(key, "at+jwt", claims)).status_code
    assert status == (200 if expires == 4e18 and isinstance(expires, int) else 401)


def test_an_access_token_ends_after_five_minutes(wilma: Application, tokens: dict[str, Any], at: Clock) -> None:
    at(oidc_world.instant(299))
    assert wilma.userinfo(tokens["access_token"]).status_code == 200
    at(oidc_world.instant(1))
    assert wilma.userinfo(tokens["access_token"]).status_code == 401
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
