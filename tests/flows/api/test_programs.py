"""Clients with grants of their own: what they may by the API for nobody, and what never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from iam import clock
from iam.access.client_asker import CLIENT_PERMISSIONS
from iam.access.model.assignment import ClientGrant
from iam.change import Change
from iam.web import guard
from tests.flows.api.test_acts import right as right  # noqa: PLC0414 - a fixture
from tests.flows.api.test_calling import names, problem
from tests.flows.api.test_walls import BODIES, fill, routes
from tests.kit.peers import api
from tests.kit.peers.api import Caller, Program, allow
from tests.kit.worlds import wide
from tests.kit.worlds.admin import World, build
from tests.kit.worlds.wide import CANARIES

Of = Callable[..., Caller]


def test_a_client_reads_what_it_was_granted_and_no_more(world: World, caller: Of) -> None:
    program = Program(world)
    assert set(program.answer.get_json()["scope"].split()) == CLIENT_PERMISSIONS
    # Whom the class's page shows to an administrator of the same school.
    assert names(program.get("/persons?size=200")) == names(caller("lauri", "persons.read").get("/persons?size=200"))
    assert problem(program.get(f"/persons/{world.ids['ville']}")) == (404, "not-found")
    (seen,) = world.events("person:list:seen")[:1]
    assert (seen.actor_id, seen.envelope["by_client"]) == (None, "raportit")


def test_a_tokens_scope_is_what_the_client_holds_now(world: World) -> None:
    with world.transaction() as session:
        session.execute(delete(ClientGrant))
    assert Program(world).answer.get_json()["error"] == "invalid_scope"
    allow(world, "KOIVU", "persons.read")
    assert Program(world).answer.get_json()["scope"] == "persons.read"
    assert Program(world, "persons.read rights.grant").answer.get_json()["error"] == "invalid_scope"
    narrow = Program(world, "persons.read")
    assert problem(narrow.get("/organisations")) == (403, "insufficient-scope")


@pytest.mark.parametrize("when", [{"valid_to": timedelta(seconds=-1)}, {"valid_from": timedelta(days=1)}])
def test_what_was_granted_for_a_time_is_held_for_that_time_whatever_the_token_says(
    world: World, when: dict[str, timedelta]
) -> None:
    program = Program(world)
    assert program.get("/persons").status_code == 200
    with world.transaction() as session:
        session.execute(update(ClientGrant).values({name: clock.now() + ago for name, ago in when.items()}))
    assert problem(program.get("/persons")) == (404, "not-found")


def test_a_grant_of_what_only_people_may_counts_for_nothing(world: World) -> None:
    allow(world, "ROOT", "admin", "plans.approve", "persons.code")
    program = Program(world)
    assert set(program.answer.get_json()["scope"].split()) == CLIENT_PERMISSIONS
    assert "Kiisunen" not in names(program.get("/persons?size=200"))
    assert "Koivu" not in program.get(f"/persons/{world.ids['oona']}").text


def test_what_a_client_does_is_written_as_its_own(world: World, right: dict[str, Any]) -> None:
    granted = Program(world).post(f"/persons/{world.ids['anna']}/rights", right | {"organisation": _koivu(world)})
    assert granted.status_code == 201, granted.text
    (event,) = world.events("right:hand:granted")
    assert (event.actor_id, event.envelope["by_client"]) == (None, "raportit")
    with world.transaction() as session:
        change = session.scalars(select(Change).order_by(Change.id.desc()).limit(1)).one()
    assert (change.actor_person_id, "raportit" in change.purpose) == (None, True)


def test_what_needs_a_fresh_proof_needs_a_fresh_token(database_url: str, tmp_path: Path) -> None:
    world = build(database_url, tmp_path, api.fill, tokens={"access_seconds": 900})
    program, act = Program(world), f"/persons/{world.ids['anna']}/rights/{world.ids['anna KOIVU']}/end"
    with clock.fixed(clock.now() + timedelta(minutes=4)):
        assert problem(program.post(f"/persons/{world.ids['anna']}/rights", {})) == (422, "invalid")
    with clock.fixed(clock.now() + timedelta(minutes=6)):
        assert problem(program.post(f"/persons/{world.ids['anna']}/rights", {})) == (401, "step-up-needed")
        assert program.get("/persons").status_code == 200
        assert problem(program.post(act, {"reason": "x"})) == (404, "not-found")


def test_a_client_ends_the_access_in_its_own_part_only(world: World) -> None:
    ended = Program(world).post(f"/persons/{world.ids['anna']}/end", {"reason": "lähti"})
    assert ended.get_json() == {"whole": False}


def test_a_client_that_is_taken_out_of_the_audience_calls_nothing(world: World) -> None:
    program = Program(world)
    elsewhere = program._redeemed("raportit", {"grant_type": "client_credentials"})
    program.token = elsewhere.get_json()["access_token"]
    assert problem(program.get("/persons")) == (401, "invalid-token")


def test_over_every_path_a_client_opens_its_own_and_learns_nothing_of_anybody_elses(world: World) -> None:
    program, (own, foreign, _) = Program(world), wide.objects(world)
    app: Flask = world.app
    for rule in routes(world, "GET"):
        answer = program.get(fill(rule, own))
        expected = 200 if guard.permission_of(app.view_functions[rule.endpoint]) in CLIENT_PERMISSIONS else 403
        assert (str(rule), answer.status_code) == (str(rule), expected)
        assert [word for word in CANARIES if word in answer.text] == []
    for method in ("GET", "POST"):
        for rule in routes(world, method):
            if rule.arguments:
                path = fill(rule, foreign)
                answer = program.get(path) if method == "GET" else program.post(path, BODIES[rule.endpoint])
                expected = 404 if guard.permission_of(app.view_functions[rule.endpoint]) in CLIENT_PERMISSIONS else 403
                assert (path, answer.status_code) == (path, expected)


def _koivu(world: World) -> str:
    return str(world.ids["KOIVU"])
