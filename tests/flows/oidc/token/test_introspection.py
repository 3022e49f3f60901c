"""Introspection and revocation, and secrets of other kinds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World

Clock = Callable[[datetime], None]


def test_introspection_answers_the_audience_only(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    """JW-06."""
    said = wilma.introspect(tokens["access_token"])
    assert said["active"] is True
    assert (said["client_id"], said["aud"], said["roles"]) == ("wilma", "https://wilma.example", ["opettaja@KOIVU"])
    assert Application(world, "wilma-old").introspect(tokens["access_token"])["active"] is True
    assert Application(world, "verso").introspect(tokens["access_token"]) == {"active": False}
    assert wilma.introspect(tokens["refresh_token"])["active"] is True
    assert Application(world, "wilma-old").introspect(tokens["refresh_token"]) == {"active": False}
    assert (
        Application(world, "wilma-app").post("/oauth2/introspect", {"token": tokens["access_token"]}).status_code == 401
    )


def test_introspection_reads_rights_afresh(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    oidc_world.give(world, world.ids["anna"], "opettaja", "KUNTA", world.ids["capacity KOIVU"])
    assert wilma.introspect(tokens["access_token"])["roles"] == ["opettaja@KOIVU", "opettaja@KUNTA"]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoking_either_token_ends_the_grant(
    world: World, wilma: Application, tokens: dict[str, Any], kind: str
) -> None:
    assert wilma.post("/oauth2/revoke", {"token": tokens[kind], "token_type_hint": "whatever"}).status_code == 200
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert len(world.events("oidc:token:revoked")) == 1
    assert wilma.post("/oauth2/revoke", {"token": tokens[kind]}).status_code == 200


@pytest.mark.parametrize("seconds", [0, 9, 60])
def test_giving_back_any_refresh_token_of_the_family_ends_it_though_a_newer_one_took_its_place(
    world: World, wilma: Application, tokens: dict[str, Any], at: Clock, seconds: int
) -> None:
    newer = wilma.refresh(tokens["refresh_token"]).get_json()
    newest = wilma.refresh(newer["refresh_token"]).get_json()
    at(oidc_world.instant(seconds))
    assert wilma.post("/oauth2/revoke", {"token": tokens["refresh_token"]}).status_code == 200
    assert wilma.introspect(newest["access_token"]) == {"active": False}
    assert wilma.userinfo(newest["access_token"]).status_code == 401
    for one in (tokens, newer, newest):
        assert wilma.refresh(one["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert len(world.events("oidc:token:revoked")) == 1
    assert world.events("oidc:token:replayed") == []


def test_no_stranger_ends_a_family_by_one_of_its_older_tokens_and_nobody_introspects_those(
    world: World, wilma: Application, tokens: dict[str, Any]
) -> None:
    newest = wilma.refresh(tokens["refresh_token"]).get_json()
    said = Application(world, "verso").post("/oauth2/revoke", {"token": tokens["refresh_token"]})
    assert said.get_json()["error"] == "invalid_grant"
    assert wilma.introspect(tokens["refresh_token"]) == {"active": False}
    wilma.post("/oauth2/revoke", {"token": tokens["refresh_token"][:-4] + "AAAA"})
    assert wilma.introspect(newest["access_token"])["active"] is True


def test_nobody_revokes_another_clients_token(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    """C-17."""
    assert (
        Application(world, "verso").post("/oauth2/revoke", {"token": tokens["access_token"]}).get_json()["error"]
        == "invalid_grant"
    )
    assert wilma.introspect(tokens["access_token"])["active"] is True
    assert wilma.post("/oauth2/revoke", {"token": "unknown"}).status_code == 200


def test_kinds_of_secrets_never_cross(wilma: Application, anna: Browser, tokens: dict[str, Any]) -> None:
    """TK-02, C-06."""
    code = anna.code()
    assert wilma.refresh(code).get_json()["error"] == "invalid_grant"
    assert wilma.redeem(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.redeem(tokens["access_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(tokens["access_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.redeem(code).status_code == 200
