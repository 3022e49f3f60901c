"""A program writes rules as their pages do: told before, in force or waiting, never over what was not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from iam import clock
from iam.access.model.role import Role
from iam.apply.export import as_data
from iam.directory.source import Acceptance
from tests.flows.api.test_calling import problem
from tests.flows.api.test_writing import outcome
from tests.kit.peers.api import Caller, Program
from tests.kit.worlds.admin import World

Of = Callable[..., Caller]
BOUND = {"a": {"affiliation": {"kind": "employee", "organisation": {"is": "KOIVU"}}}}
PATTERN: dict[str, Any] = {"bind": BOUND, "gives": {"role": "oma:omarooli", "scope": "organisation of a"}}
RULE: dict[str, Any] = {"key": "uusi", "names": {"fi": "Työntekijät"}, "owner": "KOIVU", "pattern": PATTERN}
OTHER = PATTERN | {"bind": {"a": {"affiliation": {"kind": "student", "organisation": {"is": "KOIVU"}}}}}
HERE = "/rules/uusi"


def in_use(world: World) -> None:
    """Let the installation have accepted a source's run: from now on much waits."""
    accepted = {"digest": "x", "accepted_by": world.ids["paula"], "accepted_at": clock.now()}
    world.write(Acceptance(source_id=world.ids["hr"], run_id=world.ids["run"], **accepted))


@pytest.mark.parametrize("who", ["lauri", "program"])
def test_a_rule_is_told_of_before_it_is_made_said_otherwise_named_and_withdrawn(
    world: World, caller: Of, who: str
) -> None:
    one = Program(world) if who == "program" else caller(who)
    told = one.post("/rules?preview=true", RULE)
    assert outcome(told) == (200, "preview")
    assert told.get_json()["gain"] > 0
    assert one.get(HERE).status_code == 404
    assert outcome(one.post("/rules", RULE)) == (200, "done")
    assert problem(one.post("/rules", RULE)) == (409, "conflict")
    assert one.get(HERE).get_json()["names"] == {"fi": "Työntekijät", "sv": "Työntekijät", "en": "Työntekijät"}
    seen = {"If-Match": one.get(HERE).headers["ETag"]}
    assert outcome(one.post(HERE, {"pattern": OTHER}, seen)) == (200, "done")
    # Who saw the earlier rule writes nothing over the later.
    assert problem(one.post(HERE, {"pattern": PATTERN}, seen)) == (412, "changed-meanwhile")
    assert problem(one.post(f"{HERE}/withdraw", {}, seen)) == (412, "changed-meanwhile")
    assert problem(one.post(HERE, {"pattern": OTHER})) == (409, "conflict")
    names = {"fi": "Oppilaat", "sv": "Elever", "en": "Pupils"}
    assert outcome(one.post(f"{HERE}/name?preview=true", {"names": names})) == (200, "preview")
    assert outcome(one.post(f"{HERE}/name", {"names": names})) == (200, "done")
    assert problem(one.post(f"{HERE}/name", {"names": names})) == (409, "conflict")
    now = one.get(HERE).get_json()
    assert (now["names"], now["version"], now["pattern"]) == (names, 2, OTHER)
    assert outcome(one.post(f"{HERE}/withdraw?preview=true")) == (200, "preview")
    assert outcome(one.post(f"{HERE}/withdraw")) == (200, "done")
    assert one.get(HERE).get_json()["state"] == "withdrawn"
    assert problem(one.post(f"{HERE}/withdraw")) == (409, "conflict")
    assert outcome(one.post(HERE, {"pattern": OTHER})) == (200, "done")
    assert len(world.events("rule:version:published")) == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"owner": "KUUSI"}, "owner"),
        ({"owner": "MANSIKKALA"}, "owner"),
        ({"names": {"fi": " "}}, "names.fi"),
        ({"key": "a b"}, "key"),
        ({"pattern": {}}, "bind"),
        ({"pattern": PATTERN | {"gives": {"role": "kanariasovellus:kanariarooli", "scope": "x"}}}, "gives.role"),
        ({"pattern": {"bind": {"a": "\x00"}}}, "pattern"),
        ({"pattern": {"bind": float("nan")}}, "pattern"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_by_its_field(caller: Of, body: dict[str, Any], field: str) -> None:
    refused = caller("lauri").post("/rules", RULE | body)
    assert problem(refused) == (422, "invalid")
    assert refused.get_json()["problems"][0]["field"] == field


def test_what_takes_or_gives_much_waits_as_a_draft_beside_what_is_in_force(world: World, caller: Of) -> None:
    lauri = caller("lauri")
    assert outcome(lauri.post("/rules", RULE)) == (200, "done")
    in_use(world)
    with world.transaction() as session:
        session.execute(update(Role).where(Role.id == world.ids["omarooli"]).values(sensitive=True))
    key = {"Idempotency-Key": "kerran"}
    waits = lauri.post(HERE, {"pattern": OTHER}, key)
    assert outcome(waits) == (202, "waits")
    assert waits.get_json()["reasons"]
    assert lauri.post(HERE, {"pattern": OTHER}, key).get_json() == waits.get_json()
    assert lauri.get(HERE).get_json()["pattern"] == PATTERN
    assert outcome(lauri.post(f"{HERE}/withdraw")) == (202, "waits")
    # The draft was taken back by what came after it; the rule is still what is in force.
    assert (lauri.get(HERE).get_json()["state"], lauri.get(HERE).get_json()["version"]) == ("published", 1)
    with world.transaction() as session:
        (written,) = [row for row in as_data(session)["rules"] if row["rule"] == "uusi"]
    assert written == {"rule": "uusi", "name": lauri.get(HERE).get_json()["names"], "owner": "KOIVU"} | PATTERN
    assert [event.envelope["kind"] for event in world.events("rule:version:proposed")] == ["rule", "withdrawal"]


def test_a_school_writes_no_rule_of_an_organisation_above_it(world: World, caller: Of) -> None:
    assert outcome(caller("paula").post("/rules", RULE | {"owner": "MANSIKKALA"})) == (200, "done")
    lauri = caller("lauri")
    assert lauri.get(HERE).status_code == 200
    for path, body in ((HERE, {"pattern": OTHER}), (f"{HERE}/withdraw", {}), (f"{HERE}/name", {"names": {"fi": "X"}})):
        assert problem(lauri.post(path, body)) == (404, "not-found")
