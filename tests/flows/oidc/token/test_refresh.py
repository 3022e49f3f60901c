"""Refresh tokens: rotated, bounded, narrowed, and ended with what they stand on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from iam.directory.affiliation import Affiliation
from iam.tokens import grant as grants, session as login_sessions
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World, verified

Clock = Callable[[datetime], None]


def test_a_refresh_gives_new_tokens_for_the_same_person_and_capacity(
    world: World, wilma: Application, tokens: dict[str, Any], at: Clock
) -> None:
    at(oidc_world.instant(240))
    refreshed = wilma.refresh(tokens["refresh_token"]).get_json()
    assert refreshed["refresh_token"] != tokens["refresh_token"]
    old, new = (verified(world, found["id_token"], "JWT") for found in (tokens, refreshed))
    assert {name: new[name] for name in new if name not in ("iat", "exp", "at_hash")} == {
        name: old[name] for name in old if name not in ("iat", "exp", "at_hash", "nonce")
    }
    assert new["iat"] - old["iat"] == 240


def test_a_retry_within_ten_seconds_gets_the_same_successor_and_a_later_one_ends_the_family(
    world: World, wilma: Application, tokens: dict[str, Any], at: Clock
) -> None:
    """TK-03."""
    first = wilma.refresh(tokens["refresh_token"]).get_json()
    at(oidc_world.instant(10))
    retried = wilma.refresh(tokens["refresh_token"]).get_json()
    assert retried["refresh_token"] == first["refresh_token"]
    at(oidc_world.instant(1))
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(first["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.introspect(first["access_token"]) == {"active": False}
    assert [event.envelope["kind"] for event in world.events("oidc:token:replayed")] == ["refresh"]


def test_a_refresh_family_has_an_absolute_end(wilma: Application, tokens: dict[str, Any], at: Clock) -> None:
    """TK-04."""
    token, start = tokens["refresh_token"], oidc_world.instant(0)
    for day in (10, 20, 29):
        at(start + timedelta(days=day))
        token = wilma.refresh(token).get_json()["refresh_token"]
    at(start + timedelta(days=30))
    assert wilma.refresh(token).get_json()["error"] == "invalid_grant"


def test_a_refresh_may_narrow_and_never_widen(world: World, anna: Browser, wilma: Application) -> None:
    """TK-05, C-30."""
    first = wilma.redeem(anna.code(scope="openid roles offline_access")).get_json()
    wider = wilma.refresh(first["refresh_token"], scope="openid email")
    assert wider.get_json()["error"] == "invalid_scope"
    narrow = wilma.refresh(first["refresh_token"], scope="openid").get_json()
    assert narrow["scope"] == "openid"
    assert "roles" not in verified(world, narrow["access_token"], "at+jwt")
    assert wilma.refresh(narrow["refresh_token"]).get_json()["scope"] == "openid roles offline_access"


def test_a_refresh_token_is_its_clients_alone(world: World, wilma: Application, tokens: dict[str, Any]) -> None:
    assert Application(world, "wilma-app").refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert wilma.refresh(tokens["refresh_token"]).status_code == 200


def test_a_public_client_refreshes_and_rotates_too(world: World, anna: Browser) -> None:
    app = Application(world, "wilma-app")
    first = app.redeem(anna.code("wilma-app", scope="openid offline_access")).get_json()
    assert app.refresh(first["refresh_token"]).get_json()["refresh_token"] != first["refresh_token"]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_cut_or_padded_refresh_token_is_unknown(wilma: Application, tokens: dict[str, Any], cut: int) -> None:
    token = tokens["refresh_token"]
    for altered in (token[:-cut], token + "A" * cut, token + "=" * cut, token[:cut] + token[cut + 1 :]):
        assert wilma.refresh(altered).get_json()["error"] == "invalid_grant"
        assert wilma.introspect(altered) == {"active": False}
    assert wilma.introspect(token)["active"] is True


def _end_capacity(world: World) -> None:
    world.change(Affiliation, Affiliation.fact_id == world.ids["capacity KOIVU"], valid_to=oidc_world.instant(0))


def _sign_out(world: World) -> None:
    with Session(world.engine) as session, session.begin():
        login_sessions.end(session, "test", person_id=world.ids["anna"])


def _hold(world: World) -> None:
    oidc_world.hold(world, world.ids["anna"])


def _revoke(world: World) -> None:
    with Session(world.engine) as session, session.begin():
        grants.revoke(session, person_id=world.ids["anna"])


@pytest.mark.parametrize("ending", [_end_capacity, _sign_out, _hold, _revoke])
def test_a_grant_ends_with_what_it_stands_on(
    wilma: Application, world: World, tokens: dict[str, Any], ending: Callable[[World], None]
) -> None:
    """JW-06, C-09."""
    assert wilma.userinfo(tokens["access_token"]).status_code == 200
    ending(world)
    assert wilma.introspect(tokens["access_token"]) == {"active": False}
    assert wilma.introspect(tokens["refresh_token"]) == {"active": False}
    assert wilma.userinfo(tokens["access_token"]).status_code == 401
    assert wilma.refresh(tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
