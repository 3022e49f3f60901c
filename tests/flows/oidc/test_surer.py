"""What is asked of a sign-in is asked again at refresh: by the person's organisations, and by the application (security
AU-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from iam import clock
from iam.access.model.role import Application as ApplicationRow
from iam.signin.factors import levels, policy, replacement
from iam.tokens.session import LoginSessionRow
from tests.kit.seen import statements
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World

Clock = Callable[[datetime], None]
LASTING = "openid roles offline_access"


@pytest.fixture
def world(database_url: str, tmp_path: Path, frozen: datetime, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world, where a device of one's own may be remembered."""
    monkeypatch.setattr("iam.oidc.clients.registered.SECONDS", -1.0)
    return oidc_world.build(database_url, tmp_path, signin={"remember_days": 10})


def ask(world: World, days: int | None, town: str = "KUNTA") -> None:
    """Let a town ask its people for a second factor, or no more."""
    with world.transaction() as session:
        policy.ask(session, {world.ids[town]: days})


def granted(anna: Browser, wilma: Application, **changes: Any) -> str:
    """The refresh token of a sign-in."""
    tokens: dict[str, str] = wilma.redeem(anna.code(scope=LASTING, **changes)).get_json()
    return tokens["refresh_token"]


def refreshed(wilma: Application, token: str) -> str | None:
    """The next refresh token; None when the sign-in is not enough any more."""
    answer = wilma.refresh(token).get_json()
    assert answer.get("error") in (None, "invalid_grant"), answer
    return answer.get("refresh_token")


def test_where_an_organisation_begins_to_ask_for_more_what_a_password_gave_is_refreshed_no_more(
    world: World, anna: Browser, wilma: Application
) -> None:
    token = granted(anna, wilma)
    ask(world, 5)
    assert refreshed(wilma, token) is None
    assert "surer sign-in" in wilma.refresh(token).get_json()["error_description"]
    assert anna.authorize().location.startswith("/factor?flow="), "the next sign-in asks"
    anna.sign_in(acr=levels.TWO_FACTOR)
    after = granted(anna, wilma)
    assert refreshed(wilma, after) is not None
    ask(world, None)
    assert refreshed(wilma, token) is not None, "what was refused was not ended"


def test_an_organisation_elsewhere_asks_nothing_of_those_who_are_not_its_people(
    world: World, anna: Browser, wilma: Application
) -> None:
    token = granted(anna, wilma)
    ask(world, 0, "OPISTO")
    assert refreshed(wilma, token) is not None


def test_a_remembered_device_carries_what_it_gave_until_its_own_end_and_no_longer(
    world: World, anna: Browser, wilma: Application, at: Clock
) -> None:
    ask(world, 5)
    with world.transaction() as session:
        cookie = policy.remember(session, world.ids["anna"], 3)
    anna.http.set_cookie("avain-remembered", cookie, domain="localhost")
    token = granted(anna, wilma)
    began = clock.now()
    anna.http.delete_cookie("avain-remembered", domain="localhost")
    for change, good in ((5, True), (0, False), (5, True)):
        ask(world, change)
        if found := refreshed(wilma, token):
            token = found
        assert bool(found) is good
    world.change(ApplicationRow, ApplicationRow.key == "wilma", least_acr=levels.TWO_FACTOR)
    assert refreshed(wilma, token) is None, "it never stands in for what an application asks"
    world.change(ApplicationRow, ApplicationRow.key == "wilma", least_acr=None)
    at(began + timedelta(days=2, hours=23))
    token = refreshed(wilma, token) or ""
    at(began + timedelta(days=3))
    assert refreshed(wilma, token) is None


def test_a_device_that_is_forgotten_carries_nothing_any_more(world: World, anna: Browser, wilma: Application) -> None:
    ask(world, 5)
    with world.transaction() as session:
        cookie = policy.remember(session, world.ids["anna"], 3)
    anna.http.set_cookie("avain-remembered", cookie, domain="localhost")
    token = granted(anna, wilma)
    with world.transaction() as session:
        replacement.forget_devices(session, [world.ids["anna"]])
    assert refreshed(wilma, token) is None


def test_where_an_application_begins_to_ask_for_more_what_less_gave_is_refreshed_no_more(
    world: World, anna: Browser, wilma: Application
) -> None:
    token = granted(anna, wilma)
    world.change(ApplicationRow, ApplicationRow.key == "wilma", least_acr=levels.PASSKEY)
    assert refreshed(wilma, token) is None
    anna.sign_in(acr=levels.PASSKEY)
    assert refreshed(wilma, granted(anna, wilma)) is not None


def test_who_did_more_than_an_application_asked_to_be_told_of_is_not_refused(
    world: World, anna: Browser, wilma: Application
) -> None:
    world.change(LoginSessionRow, LoginSessionRow.ended_at.is_(None), acr=levels.PASSKEY, amr=["pwd", "hwk", "user"])
    token = granted(anna, wilma, acr_values=levels.PASSWORD)
    ask(world, 0)
    assert refreshed(wilma, token) is not None


def test_asking_at_refresh_costs_one_statement_at_most(world: World, anna: Browser, wilma: Application) -> None:
    token = granted(anna, wilma)
    world.change(LoginSessionRow, LoginSessionRow.ended_at.is_(None), acr=levels.TWO_FACTOR)
    anna.sign_in(acr=levels.TWO_FACTOR)
    sure = granted(anna, wilma)
    counts = []
    for one in (sure, token):
        with statements(world.engine) as sent:
            assert refreshed(wilma, one) is not None
        counts.append(len(sent))
    assert counts[1] <= counts[0] + 1
