"""Somebody with every permission over one school goes over every path of the API, and learns nothing of another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from werkzeug.routing import Rule

from iam.web import guard
from tests.kit.peers.api import Caller
from tests.kit.worlds import wide
from tests.kit.worlds.admin import World
from tests.kit.worlds.wide import CANARIES, Objects

Of = Callable[..., Caller]
BODIES: Mapping[str, dict[str, Any]] = {
    "api.grant": {
        "role": "oma:omarooli",
        "capacity": wide.UNKNOWN,
        "organisation": wide.UNKNOWN,
        "last_day": "2030-01-01",
        "reason": "x",
    },
    "api.end_right": {"reason": "x"},
    "api.end_access": {"reason": "x"},
    "api.start_run": {"dry_run": True},
    "api.add_organisation": {"key": "X", "kind": "school", "names": {"fi": "X"}, "first_day": "2026-01-01"},
    "api.rename_organisation": {"kind": "school", "names": {"fi": "X"}},
    "api.close_organisation": {"last_day": "2030-01-01"},
    "api.add_position": {
        "organisation": wide.UNKNOWN,
        "kind": "employee",
        "sponsor": wide.UNKNOWN,
        "reason": "x",
    },
    "api.end_position": {"reason": "x"},
    "api.change_members": {"add": []},
    "api.add_person": {
        "given_names": "X",
        "family_name": "X",
        "birth_date": "2000-01-01",
        "position": {"organisation": wide.UNKNOWN, "kind": "visitor", "sponsor": wide.UNKNOWN, "reason": "x"},
    },
    "api.make_role": {"key": "x", "names": {"fi": "X"}, "enforcement": "by token"},
    "api.state_role": {"names": {"fi": "X"}, "enforcement": "by token"},
    "api.make_rule": {"key": "x", "names": {"fi": "X"}, "owner": "KOIVU", "pattern": {}},
    "api.state_rule": {"pattern": {}},
    "api.withdraw_rule": {},
    "api.name_rule": {"names": {"fi": "X"}},
    "api.give_username": {"username": "x"},
}
"""By endpoint: what is sent to it."""


def routes(world: World, method: str) -> list[Rule]:
    """Every route of the API that answers ``method``, but for its document."""
    return [one for one in wide.routes(world, method, "api.") if one.endpoint != "api.openapi"]


def fill(rule: Rule, given: Objects) -> str:
    return wide.fill(rule, given, 3).removeprefix("/api/v1")


def mixed(rule: Rule, own: Objects, other: Objects) -> Iterator[str]:
    """Yield the addresses of a route in which one argument is another's and the rest are one's own."""
    for argument in sorted(rule.arguments):
        section = rule.rule.split("/")[3]
        yield fill(rule, {section: {**own[section], argument: other[section][argument]}})


@pytest.fixture
def lauri(caller: Of) -> Caller:
    return caller("lauri")


@pytest.fixture
def things(world: World) -> tuple[Objects, Objects, Objects]:
    return wide.objects(world)


def test_every_path_asks_for_a_permission(world: World) -> None:
    views = [world.app.view_functions[one.endpoint] for method in ("GET", "POST") for one in routes(world, method)]
    assert len(views) > 10
    assert all(guard.permission_of(view) for view in views)


def test_what_is_his_own_opens_and_names_nothing_of_anybody_elses(
    world: World, lauri: Caller, things: tuple[Objects, Objects, Objects]
) -> None:
    told = {}
    for rule in routes(world, "GET"):
        answer = lauri.get(fill(rule, things[0]))
        assert (str(rule), answer.status_code) == (str(rule), 200)
        told[str(rule)] = [word for word in CANARIES if word in answer.text]
    assert {rule: words for rule, words in told.items() if words} == {}


def test_what_is_anothers_is_answered_as_what_does_not_exist(
    world: World, lauri: Caller, things: tuple[Objects, Objects, Objects]
) -> None:
    own, foreign, missing = things
    told = []
    for method in ("GET", "POST"):
        for rule in routes(world, method):
            for there, nowhere in zip(mixed(rule, own, foreign), mixed(rule, own, missing), strict=True):
                answers = [
                    lauri.get(path) if method == "GET" else lauri.post(path, BODIES[rule.endpoint])
                    for path in (there, nowhere)
                ]
                said = [{**answer.get_json(), "instance": ""} for answer in answers]
                if [answer.status_code for answer in answers] != [404, 404] or said[0] != said[1]:
                    told.append((method, there, said))
    assert told == []


def test_asking_for_anothers_by_name_number_or_id_is_asking_for_nothing(world: World, lauri: Caller) -> None:
    ids = {name: str(id_) for name, id_ in world.ids.items()}
    number = wide.number_of(world, "kiisu")
    for path in ("/persons?q=Kiisunen", f"/persons?q={number}", "/organisations?q=Kuusi", "/rules?q=kanariasaanto"):
        assert lauri.get(path).get_json()["items"] == []
    for path, unknown in (("/persons?organisation=", ids["KUUSI"]), ("/persons?organisation=", wide.UNKNOWN)):
        assert lauri.get(path + unknown).status_code == 404
    first = lauri.get("/persons").get_json()["items"]
    assert lauri.get(f"/persons?after={ids['kiisu']}").get_json()["items"] == first


def test_where_a_protected_child_is_is_told_only_to_who_may_know(world: World, caller: Of) -> None:
    oona = f"/persons/{world.ids['oona']}"
    knowing = caller("paula").get(oona).get_json()
    assert knowing["affiliations"][0]["organisation"]["en"].startswith("Koivu")
    # The same administrator by a token whose scope does not have persons.code knows no more than one without it.
    narrow = caller("paula", "persons.read")
    for path in (oona, f"{oona}/rights", "/persons?q=oppilas"):
        assert "Koivu" not in narrow.get(path).text
        assert "4B" not in narrow.get(path).text
    assert narrow.get(f"/persons?organisation={world.ids['KOIVU']}&kind=student").get_json()["items"] == []


def test_what_a_token_may_read_it_may_not_change(world: World, caller: Of) -> None:
    reads = caller("lauri", "persons.read rules.read sources.read organisations.read")
    own = wide.objects(world)[0]
    refused = {str(one): reads.post(fill(one, own), BODIES[one.endpoint]).status_code for one in routes(world, "POST")}
    assert {rule: status for rule, status in refused.items() if status != 403} == {}
