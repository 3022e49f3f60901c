"""A program gives somebody a username for an administrator who may; what lets the person in it is never told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete

from iam.signin.accounts.account import Account
from tests.flows.api.test_calling import problem
from tests.flows.api.test_writing import outcome
from tests.kit.peers.api import Caller, Program
from tests.kit.worlds.admin import World

Of = Callable[..., Caller]


@pytest.fixture
def oona(world: World) -> str:
    """The address of somebody whose people lauri has wholly."""
    return f"/persons/{world.ids['oona']}/username"


def test_a_username_is_changed_for_another_over_what_was_seen(world: World, caller: Of, oona: str) -> None:
    lauri = caller("lauri")
    told = lauri.get(oona)
    before, seen = told.get_json()["username"], {"If-Match": told.headers["ETag"]}
    previewed = lauri.post(f"{oona}?preview=true", {"username": "Uusi.Nimi"}, seen)
    assert (previewed.status_code, previewed.get_json()) == (200, {"state": "preview", "username": "uusi.nimi"})
    assert lauri.get(oona).get_json()["username"] == before
    assert outcome(lauri.post(oona, {"username": "Uusi.Nimi"}, seen)) == (200, "done")
    assert problem(lauri.post(oona, {"username": "kolmas"}, seen)) == (412, "changed-meanwhile")
    assert lauri.get(oona).get_json() == {"username": "uusi.nimi", "suggested": None}
    (event,) = world.events("person:username:changed")
    assert event.actor_id == world.ids["lauri"]


def test_what_cannot_be_a_username_is_told_beside_its_field(world: World, caller: Of, oona: str) -> None:
    for wrong in ("a b", "anna", "010190-912X"):
        refused = caller("lauri").post(oona, {"username": wrong})
        assert problem(refused) == (422, "invalid")
        assert refused.get_json()["problems"][0]["field"] == "username"


def test_without_one_the_persons_names_make_it(world: World, caller: Of, oona: str) -> None:
    refused = caller("lauri").post(oona)
    assert problem(refused) == (422, "invalid")
    with world.transaction() as session:
        session.execute(delete(Account).where(Account.person_id == world.ids["oona"]))
    assert caller("lauri").get(oona).get_json() == {"username": None, "suggested": "oona.oppilas"}
    assert caller("lauri").post(oona).get_json() == {"state": "done", "username": "oona.oppilas"}


def test_no_code_comes_with_it_and_no_program_gives_one_by_itself(world: World, caller: Of, oona: str) -> None:
    assert set(caller("lauri").post(oona, {"username": "x"}).get_json()) == {"state", "username"}
    assert Program(world).post(oona, {"username": "y"}).status_code in (403, 404)
    assert problem(caller("nelli").post(oona, {"username": "y"}))[0] in (403, 404)


def test_who_does_not_stand_over_all_of_a_person_gives_them_no_username(world: World, caller: Of) -> None:
    assert problem(caller("lauri").post(f"/persons/{world.ids['anna']}/username", {"username": "y"})) == (
        403,
        "denied",
    )
