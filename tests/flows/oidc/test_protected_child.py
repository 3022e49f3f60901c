"""A protected child's guardian: no token, page or answer tells a school's name before the school confirmed that she may
know it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import WHOLE
from iam.change import SYSTEM
from iam.lifecycle import guardians
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import Application, Browser, World, verified

Clock = Callable[[datetime], None]


@pytest.fixture
def berit(world: World) -> Browser:
    """The browser of berit, guardian of a protected pupil of KOIVU and of another of RANTA who is not protected."""
    berit = oidc_world.person(world, "berit")
    for child, school, hidden in (("lapsi", "KOIVU", True), ("toinen", "RANTA", False)):
        id_ = oidc_world.person(world, child, protected=hidden)
        oidc_world.employ(world, id_, school, "")
        world.ids[f"capacity {school}"] = oidc_world.guardian(world, berit, id_)
        oidc_world.give(world, berit, "opettaja", school)
    browser = Browser(world)
    browser.sign_in("berit")
    return browser


def decide(world: World, what: str, until: datetime = clock.FOREVER) -> None:
    ids: tuple[UUID, UUID] = (world.ids["berit"], world.ids["lapsi"])
    with Session(world.engine) as session, session.begin():
        if what == "confirm":
            guardians.confirm(session, WHOLE, *ids, until, SYSTEM)
        else:
            guardians.take_back(session, WHOLE, *ids, SYSTEM)


def test_an_unconfirmed_guardian_gets_in_for_her_other_child_only(world: World, berit: Browser) -> None:
    given: dict[str, Any] = Application(world).redeem(berit.code(capacity="RANTA")).get_json()
    assert verified(world, given["id_token"], "JWT")["roles"] == ["opettaja@RANTA"]
    page = berit.authorize(prompt="select_account")
    assert "KOIVU" not in page.text


def test_a_confirmed_guardian_s_token_names_the_school_and_stops_when_it_is_taken_back(
    world: World, berit: Browser, at: Clock
) -> None:
    decide(world, "confirm")
    wilma = Application(world)
    given: dict[str, Any] = wilma.redeem(berit.code(scope="openid roles offline_access")).get_json()
    assert verified(world, given["id_token"], "JWT")["roles"] == ["opettaja@KOIVU"]
    assert wilma.userinfo(given["access_token"]).get_json()["roles"] == ["opettaja@KOIVU"]
    decide(world, "take back")
    assert wilma.userinfo(given["access_token"]).status_code == 401
    assert wilma.introspect(given["access_token"]) == {"active": False}
    assert wilma.refresh(given["refresh_token"]).get_json()["error"] == "invalid_grant"
    events = [*world.events("person:guardian:confirmed"), *world.events("person:guardian:unconfirmed")]
    assert [(one.subject_id, one.envelope) for one in events] == [
        (world.ids["berit"], {"child": str(world.ids["lapsi"])})
    ] * 2


def test_a_confirmation_ends_on_its_day(world: World, berit: Browser, at: Clock) -> None:
    decide(world, "confirm", clock.now() + timedelta(minutes=2))
    wilma = Application(world)
    given: dict[str, Any] = wilma.redeem(berit.code(scope="openid roles offline_access")).get_json()
    at(clock.now() + timedelta(minutes=3))
    assert wilma.refresh(given["refresh_token"]).get_json()["error"] == "invalid_grant"


def test_my_account_says_that_the_school_confirms_it_and_whom_to_ask_and_names_no_place(
    world: World, berit: Browser
) -> None:
    page = berit.get("/account?lang=en").text
    assert "the school first confirms" in page
    assert "Ask the school&#39;s office" in page
    assert "KOIVU" not in page
    assert "RANTA" in page
    decide(world, "confirm")
    page = berit.get("/account?lang=en").text
    assert "KOIVU" in page
    assert "the school first confirms" not in page
