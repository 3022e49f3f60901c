"""Walls: an administrator of one school sees that school only, on every administration route there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from werkzeug.routing import Rule

from iam import clock
from iam.delivery.outbox import Message
from iam.directory.affiliation import Group
from iam.signin.accounts.standing_request import StandingRequest
from tests.kit.factories import waiting_bulk
from tests.kit.worlds import catalogue, wide
from tests.kit.worlds.admin import Reader, World, administer, person

FOREIGN_WORDS = ("Vieras", "Ville", "Kuusi", "Mustikkala", "Erityisopettaja", "Ranta ")
UNKNOWN = "0192f000-0000-7000-8000-000000000000"


def routes(world: World, method: str) -> list[Rule]:
    """Every route of the administration pages that answers ``method``, but for its door."""
    found = [
        rule
        for rule in world.app.url_map.iter_rules()
        if rule.endpoint.startswith("admin.") and method in (rule.methods or ())
    ]
    return [rule for rule in found if rule.endpoint not in ("admin.login", "admin.callback")]


def foreign(world: World) -> dict[str, str]:
    """What lies outside KOIVU, by the name of the routes' argument."""
    now = clock.now()
    catalogue.application(world, "vieras", "MUSTIKKALA")
    logout = Message(
        kind="backchannel-logout",
        target="vieras",
        payload={},
        created_at=now,
        due_at=now,
        given_up_at=now,
        attempts=28,
        last_error="status 503",
    )
    mail = Message(
        kind="mail",
        target="mail server",
        payload={"person": str(world.ids["ville"]), "language": "fi"},
        created_at=now,
        due_at=now,
        given_up_at=now,
        attempts=1,
        last_error="status 550",
    )
    world.write(logout, mail)
    return {
        "person_id": str(world.ids["ville"]),
        "organisation_id": str(world.ids["KUUSI"]),
        "run_id": str(world.ids["run"]),
        "key": "hr",
        "code": UNKNOWN,
        "assignment_id": str(world.ids["anna right KUUSI"]),
        "guardian_id": str(world.ids["ville"]),
        "ambiguity_id": UNKNOWN,
        "application": "vieras",
        "client_id": "vieras",
        "message_id": str(logout.id),
        "mail_id": str(mail.id),
        "opening_id": UNKNOWN,
        "deputy_id": UNKNOWN,
        **_administrator(world),
        "change_id": UNKNOWN,
        "n": "1",
        "connector": UNKNOWN,
        "act": UNKNOWN,
        "request_id": str(_asked(world)),
        "group_id": str(_group(world)),
        "fact_id": str(world.ids["anna KOIVU"]),
        "does": UNKNOWN,
        "bulk_id": str(waiting_bulk.bulk_act(world, "ville", "KUUSI")),
    }


def _administrator(world: World) -> dict[str, str]:
    """What somebody administers outside KOIVU, and what waits of it."""
    person(world, "kaisa", "Vieras")
    administer(world, "kaisa", "KUUSI", "sessions.end")
    waits = wide.appointment(world, "ville", "KUUSI")
    world.write(waits)
    return {"grant_id": str(wide.grant_of(world, "kaisa")), "proposal_id": str(waits.id)}


def _group(world: World) -> UUID:
    """A local group outside KOIVU."""
    row = Group(organisation_id=world.ids["KUUSI"], key="muu", name="Muu ryhmä")
    world.write(row)
    return row.id


def _asked(world: World) -> UUID:
    """A request to help somebody outside KOIVU."""
    row = StandingRequest(
        person_id=world.ids["ville"],
        act="code",
        reason="Vieras",
        asked_by=world.ids["paula"],
        asked_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
        used_at=None,
    )
    world.write(row)
    return row.id


def addresses(world: World, method: str, ids: dict[str, str]) -> Iterator[str]:
    for rule in routes(world, method):
        missing = rule.arguments - ids.keys()
        assert not missing, f"say in foreign() what lies outside the part for {missing} of {rule}"
        if rule.arguments:
            built = rule.build(ids)
            assert built is not None
            yield built[1]


@pytest.fixture
def local(world: World, reader: Callable[[str], Reader]) -> Reader:
    """An administrator with every permission over the school KOIVU, and none elsewhere."""
    person(world, "lauri", "Paikallinen")
    administer(world, "lauri", "KOIVU", "admin")
    return reader("lauri")


def test_there_are_routes_to_look_at(world: World) -> None:
    assert len(routes(world, "GET")) > 10
    assert len(routes(world, "POST")) > 5


def test_every_page_of_something_outside_the_part_is_not_there(world: World, local: Reader) -> None:
    seen = {path: local.get(path).status_code for path in addresses(world, "GET", foreign(world))}
    assert {path: status for path, status in seen.items() if status != 404} == {}


def test_every_command_on_something_outside_the_part_is_not_there(world: World, local: Reader) -> None:
    fields = {"reason": "x", "end_reason": "x", "restore_reason": "x", "purpose": "x"}
    seen = {path: local.force(path, **fields).status_code for path in addresses(world, "POST", foreign(world))}
    assert {path: status for path, status in seen.items() if status != 404} == {}


def test_no_list_and_no_file_tells_of_anybody_outside_the_part(
    world: World, local: Reader, reader: Callable[[str], Reader]
) -> None:
    sanna = reader("sanna")
    told = {}
    for rule in routes(world, "GET"):
        if not rule.arguments:
            for who in (local, sanna):
                text = who.get(rule.rule).text
                told[rule.rule] = [word for word in FOREIGN_WORDS if word in text]
    assert len(told) > 5
    assert {path: words for path, words in told.items() if words} == {}


def test_the_secretary_meets_her_own_people_and_nobody_else(world: World, reader: Callable[[str], Reader]) -> None:
    page = reader("sanna").get("/admin/persons").text
    for name in ("Virtanen Anna", "Sihteeri Sanna", "Oppilas Oona", "Huoltaja Gitta"):
        assert name in page
    for name in ("Vieras", "Pääkäyttäjä"):
        assert name not in page


def test_a_teacher_of_two_schools_shows_the_secretary_what_concerns_hers_only(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna, here = reader("sanna"), f"/admin/persons/{world.ids['anna']}"
    for tab in ("rights", "facts", "timeline", "signin"):
        text = sanna.get(f"{here}?tab={tab}").text
        assert "Koivu en" in text
        assert [word for word in FOREIGN_WORDS if word in text] == []


def test_what_the_secretary_may_not_do_is_neither_offered_nor_possible(
    world: World, reader: Callable[[str], Reader]
) -> None:
    sanna, here = reader("sanna"), f"/admin/persons/{world.ids['anna']}"
    assert "End the access" not in sanna.get(here).text
    assert "tab=log" not in sanna.get(here).text
    assert "Grant a right" not in sanna.get(here).text
    for act in ("end", "restore", "rights", "code"):
        assert (
            sanna.force(f"{here}/{act}", reason="x", end_reason="x", restore_reason="x", purpose="x").status_code == 404
        )
    for path in ("/admin/persons.csv", "/admin/organisations", "/admin/sources", f"{here}/log.csv"):
        assert sanna.get(path).status_code == 404
    assert world.events("admin:request:denied")


def test_outside_the_part_looks_exactly_like_not_there(world: World, reader: Callable[[str], Reader]) -> None:
    sanna = reader("sanna")

    def told(path: str) -> str:
        return sanna.get(path).text.split("<main", 1)[1].split("mention this code")[0]

    assert told(f"/admin/persons/{world.ids['ville']}") == told(f"/admin/persons/{UNKNOWN}")


def test_a_filter_by_a_foreign_organisation_is_not_there_either(world: World, local: Reader) -> None:
    assert local.get(f"/admin/persons?organisation={world.ids['KUUSI']}").status_code == 404
    assert local.get(f"/admin/persons.csv?organisation={world.ids['KUUSI']}").status_code == 404
