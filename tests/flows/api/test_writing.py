"""What a program writes besides rights: organisations and positions, each told before it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from iam import clock
from iam.access.model.proposal import Proposal
from iam.directory.source import Acceptance
from tests.flows.api.test_calling import problem
from tests.kit.peers.api import Caller, Program
from tests.kit.worlds.admin import World

Of = Callable[..., Caller]
SCHOOL: dict[str, Any] = {"key": "UUSI", "kind": "school", "names": {"fi": "Uusi koulu"}, "first_day": "2026-01-01"}


def outcome(response: Any) -> tuple[int, str]:
    return response.status_code, response.get_json()["state"]


@pytest.fixture
def town(world: World) -> str:
    return f"/organisations/{world.ids['MANSIKKALA']}"


def keys(caller: Caller) -> set[str]:
    return {one["key"] for one in caller.get("/organisations?size=200").get_json()["items"]}


def test_an_organisation_is_told_of_before_it_is_added_and_renamed_and_closed(
    world: World, caller: Of, town: str
) -> None:
    paula = caller("paula")
    assert outcome(paula.post(f"{town}/add?preview=true", SCHOOL)) == (200, "preview")
    assert "UUSI" not in keys(paula)
    assert outcome(paula.post(f"{town}/add", SCHOOL)) == (200, "done")
    assert problem(paula.post(f"{town}/add", SCHOOL)) == (422, "invalid")
    items = paula.get("/organisations?size=200").get_json()["items"]
    (new,) = [one for one in items if one["key"] == "UUSI"]
    assert (new["names"]["sv"], new["parent"]) == ("Uusi koulu", str(world.ids["MANSIKKALA"]))
    here = f"/organisations/{new['id']}"
    seen = {"If-Match": paula.get(here).headers["ETag"]}
    names = {"fi": "Uudempi koulu", "sv": "Nyare skola"}
    assert outcome(paula.post(f"{here}/rename", {"kind": "school", "names": names}, seen)) == (200, "done")
    # Who saw the earlier name writes nothing over the later.
    assert problem(paula.post(f"{here}/rename", {"kind": "unit", "names": names}, seen)) == (412, "changed-meanwhile")
    assert paula.get(here).get_json()["names"]["sv"] == "Nyare skola"
    last = (clock.today() + timedelta(days=30)).isoformat()
    assert outcome(paula.post(f"{here}/close", {"last_day": last})) == (200, "done")
    assert [event.envelope["act"] for event in world.events("organisation:tree:stated")] == ["add", "rename", "close"]
    after = (clock.today() + timedelta(days=40)).isoformat()
    assert "UUSI" not in {one["key"] for one in paula.get(f"/organisations?on={after}&size=200").get_json()["items"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "consortium"}, "kind"),
        ({"kind": "linna"}, "kind"),
        ({"names": {"fi": " "}}, "names.fi"),
        ({"key": "KOIVU"}, "key"),
        ({"first_day": "9999-01-01"}, "first_day"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_is_wrong_with_an_organisation_is_told_by_its_field(
    caller: Of, town: str, body: dict[str, Any], field: str
) -> None:
    refused = caller("paula").post(f"{town}/add", SCHOOL | body)
    assert problem(refused) == (422, "invalid")
    assert refused.get_json()["problems"][0]["field"] == field


def test_a_school_closes_no_organisation_above_it(world: World, caller: Of, town: str) -> None:
    lauri, last = caller("lauri"), {"last_day": clock.today().isoformat()}
    assert problem(lauri.post(f"{town}/close", last)) == (404, "not-found")
    assert problem(lauri.post(f"/organisations/{world.ids['KUUSI']}/close", last)) == (404, "not-found")


def test_what_takes_much_waits_for_a_second_person(world: World, caller: Of) -> None:
    world.write(
        Acceptance(
            source_id=world.ids["hr"],
            digest="x",
            accepted_by=world.ids["paula"],
            accepted_at=clock.now(),
            run_id=world.ids["run"],
        )
    )
    body = {"last_day": clock.today().isoformat()}
    waits = caller("paula").post(f"/organisations/{world.ids['KOIVU']}/close", body)
    assert outcome(waits) == (202, "waits")
    assert waits.get_json()["reasons"]
    assert "KOIVU" in keys(caller("paula"))


def position(world: World, **more: Any) -> dict[str, Any]:
    usual = {"organisation": str(world.ids["KOIVU"]), "kind": "visitor", "title": "Vierailija", "reason": "näytetunti"}
    last = (clock.today() + timedelta(days=20)).isoformat()
    return usual | {"sponsor": str(world.ids["sanna"]), "last_day": last} | more


@pytest.mark.parametrize("who", ["lauri", "program"])
def test_a_position_is_added_with_who_answers_for_it_and_ended(world: World, caller: Of, who: str) -> None:
    one, positions = Program(world) if who == "program" else caller(who), f"/persons/{world.ids['anna']}/positions"
    assert outcome(one.post(f"{positions}?preview=true", position(world))) == (200, "preview")
    assert outcome(one.post(positions, position(world))) == (200, "done")
    facts = one.get(f"/persons/{world.ids['anna']}").get_json()["facts"]
    (added,) = [fact for fact in facts if fact["says"].get("position") == "Vierailija"]
    assert outcome(one.post(f"{positions}/{added['id']}/end", {"reason": "ohi"})) == (200, "done")
    assert problem(one.post(f"{positions}/{added['id']}/end", {"reason": "ohi"})) == (409, "conflict")
    assert len(world.events("person:position:added")) == len(world.events("person:position:ended")) == 1


def test_a_position_is_added_only_in_ones_part_and_by_a_sponsor_of_it(world: World, caller: Of) -> None:
    lauri, positions = caller("lauri"), f"/persons/{world.ids['anna']}/positions"
    for more, field in (
        ({"organisation": str(world.ids["KUUSI"])}, "organisation"),
        ({"sponsor": str(world.ids["kiisu"])}, "sponsor"),
        ({"kind": "king"}, "kind"),
        ({"last_day": None}, "until"),
    ):
        refused = lauri.post(positions, position(world, **more))
        assert problem(refused) == (422, "invalid")
        assert refused.get_json()["problems"][0]["field"] == field
    assert problem(lauri.post(f"/persons/{world.ids['ville']}/positions", position(world))) == (404, "not-found")
    # What a source told is the source's.
    assert problem(lauri.post(f"{positions}/{world.ids['anna KOIVU']}/end", {"reason": "x"})) == (404, "not-found")


def somebody(world: World, **more: Any) -> dict[str, Any]:
    usual = {"given_names": "Uuno", "family_name": "Uusinen", "birth_date": "1990-02-03", "position": position(world)}
    return usual | more


def test_a_person_is_added_with_a_position_and_a_username_and_nobody_twice(world: World, caller: Of) -> None:
    lauri = caller("lauri")
    told = lauri.post("/persons?preview=true", somebody(world))
    assert outcome(told) == (200, "preview")
    assert told.get_json()["person"] is None
    added = lauri.post("/persons", somebody(world), {"Idempotency-Key": "uuno"})
    assert outcome(added) == (201, "done")
    assert added.get_json()["username"]
    here = added.headers["Location"].partition("/api/v1")[2]
    assert lauri.get(here).get_json()["affiliations"][0]["position"] == "Vierailija"
    again = lauri.post("/persons", somebody(world), {"Idempotency-Key": "uuno"})
    assert again.get_json() == added.get_json()
    assert problem(lauri.post("/persons", somebody(world))) == (409, "conflict")
    assert outcome(lauri.post("/persons", somebody(world, another=True))) == (201, "done")
    assert len(world.events("person:hand:added")) == 2
    wrong = lauri.post("/persons", somebody(world, birth_date="2999-01-01", email="x", given_names=" "))
    assert {one["field"] for one in wrong.get_json()["problems"]} == {"given_names", "birth_date", "email"}


def test_people_are_put_into_a_local_group_and_taken_out(world: World, caller: Of) -> None:
    lauri, sanna = caller("lauri"), str(world.ids["sanna"])

    def count() -> int:
        (group,) = [one for one in lauri.get("/groups").get_json()["items"] if one["id"] == str(world.ids["omaryhma"])]
        return int(group["members"])

    members, before = f"/groups/{world.ids['omaryhma']}/members", count()
    assert outcome(lauri.post(f"{members}?preview=true", {"add": [sanna]})) == (200, "preview")
    assert outcome(lauri.post(members, {"add": [sanna]})) == (200, "done")
    assert count() == before + 1
    assert outcome(lauri.post(members, {"remove": [sanna]})) == (200, "done")
    assert count() == before
    for wrong in (str(world.ids["kiisu"]), str(world.ids["lauri"])):
        refused = lauri.post(members, {"add": [wrong]})
        assert problem(refused) == (422, "invalid")
        assert refused.get_json()["problems"][0]["field"] == "add"


def test_a_role_is_made_and_said_otherwise_over_what_was_seen(world: World, caller: Of) -> None:
    lauri, role = caller("lauri"), {"names": {"fi": "Vararehtori"}, "enforcement": "by token", "content": ["a:read"]}
    assert outcome(lauri.post("/roles/oma?preview=true", role | {"key": "vararehtori"})) == (200, "preview")
    assert outcome(lauri.post("/roles/oma", role | {"key": "vararehtori"})) == (200, "done")
    assert problem(lauri.post("/roles/oma", role | {"key": "vararehtori"})) == (409, "conflict")
    here = "/roles/oma/vararehtori"
    seen = {"If-Match": lauri.get(here).headers["ETag"]}
    assert outcome(lauri.post(here, role | {"content": ["a:read", "b:read"]}, seen)) == (200, "done")
    assert problem(lauri.post(here, role | {"content": []}, seen)) == (412, "changed-meanwhile")
    told = lauri.get(here).get_json()
    assert (told["version"], told["content"], told["names"]["en"]) == (2, ["a:read", "b:read"], "Vararehtori")
    wrong = lauri.post("/roles/oma", role | {"key": "x", "includes": ["tuntematon"]})
    assert problem(wrong) == (422, "invalid")
    assert wrong.get_json()["problems"][0]["field"].startswith("includes")
    assert problem(lauri.post("/roles/kanariasovellus", role | {"key": "x"})) == (404, "not-found")


def test_what_a_program_states_waits_once_and_takes_back_nothing_of_the_operators(world: World) -> None:
    world.write(
        Acceptance(
            source_id=world.ids["hr"],
            digest="x",
            accepted_by=world.ids["paula"],
            accepted_at=clock.now(),
            run_id=world.ids["run"],
        ),
        Proposal(kind="apply", key="declaration", digest="operator", counts={}, reasons=[], proposed_at=clock.now()),
    )
    program = Program(world)
    role = {"names": {"fi": "X"}, "enforcement": "by token", "sensitive": True, "key": "x"}
    for _ in range(2):
        assert outcome(program.post("/roles/oma", role)) == (202, "waits")
    with world.transaction() as session:
        query = select(Proposal.digest).where(Proposal.kind == "apply", Proposal.withdrawn_at.is_(None))
        digests = session.scalars(query).all()
    assert digests.count("operator") == 1
    assert len(digests) == len(set(digests)) == 2
