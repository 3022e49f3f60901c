"""Positions by hand on a person's page: those of sources are shown, only those by hand are changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.role import Role
from iam.directory.affiliation import Affiliation, Relationship
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer
from tests.unit.admin_ui.people.test_adding import seen


@pytest.fixture
def sanna(world: World, reader: Callable[[str], Reader]) -> Reader:
    administer(world, "sanna", "KOIVU", "persons.write")
    return reader("sanna")


def fields(world: World, **changes: str) -> dict[str, str]:
    said = {
        "organisation": str(world.ids["KOIVU"]),
        "kind": "contractor",
        "title": "Pianonvirittäjä",
        "first_day": clock.today().isoformat(),
        "until": (clock.today() + timedelta(days=30)).isoformat(),
        "sponsor": "sanna",
        "reason": "the piano",
    }
    return said | changes


def add(world: World, reader: Reader, name: str = "anna", **changes: str) -> int:
    path, said = f"/admin/persons/{world.ids[name]}/positions", fields(world, **changes)
    page = reader.post(path, path, act="look", **said)
    if page.status_code != 200:
        return page.status_code
    return reader.post(path, path, act="save", seen=seen(page), **said).status_code


def by_hand(world: World) -> Affiliation:
    with Session(world.engine) as session:
        a = Affiliation
        return session.scalars(select(a).where(a.source_id.is_(None), a.closed_by.is_(None))).one()


def change(world: World, reader: Reader, fact_id: object, **said: str) -> int:
    here = f"/admin/persons/{world.ids['anna']}/positions"
    page = reader.post(f"{here}/{fact_id}", here, reason="done", **said)
    if page.status_code != 200:
        return page.status_code
    return reader.post(f"{here}/{fact_id}", here, act="save", seen=seen(page), reason="done", **said).status_code


def test_a_position_is_added_to_somebody_of_a_source_gets_another_end_and_ends(world: World, sanna: Reader) -> None:
    assert add(world, sanna) == 303
    row = by_hand(world)
    assert (row.title, row.is_primary) == ("Pianonvirittäjä", False)
    page = sanna.get(f"/admin/persons/{world.ids['anna']}/positions").text
    assert "Luokanopettaja" in page
    assert "hr.csv" in page
    assert "Pianonvirittäjä" in page
    later = clock.today() + timedelta(days=60)
    assert change(world, sanna, row.fact_id, until=later.isoformat()) == 303
    moved = by_hand(world)
    assert (moved.fact_id, moved.valid_to) == (row.fact_id, clock.day_end(later))
    with Session(world.engine) as session:
        answers = session.scalars(
            select(Relationship).where(Relationship.kind == "sponsor_of", Relationship.closed_by.is_(None))
        ).one()
        assert answers.valid_to == moved.valid_to, "who answers for them does so as long"
    assert change(world, sanna, row.fact_id, when="now") == 303
    assert by_hand(world).valid_to <= clock.now()
    assert [one.subject_id for one in world.events("person:position:ended")] == [world.ids["anna"]] * 2
    here = f"/admin/persons/{world.ids['anna']}/positions/{row.fact_id}"
    assert sanna.force(here, when="now", reason="x").status_code == 409, "it has ended"


def test_a_position_of_a_source_or_of_another_school_is_not_changed_here(world: World, sanna: Reader) -> None:
    here = f"/admin/persons/{world.ids['anna']}/positions"
    assert str(world.ids["anna KOIVU"]) not in sanna.get(here).text
    for name in ("anna KOIVU", "anna KUUSI"):
        assert sanna.force(f"{here}/{world.ids[name]}", when="now", reason="x").status_code == 404
    assert sanna.get(f"/admin/persons/{world.ids['ville']}/positions").status_code == 404
    assert add(world, sanna, organisation=str(world.ids["KUUSI"])) == 422


def test_nobody_changes_their_own_positions_or_answers_for_themselves(world: World, sanna: Reader) -> None:
    assert add(world, sanna, "sanna", sponsor="anna") == 403
    assert add(world, sanna, sponsor="anna") == 422


def test_the_rights_that_a_position_brings_are_shown_first_and_a_sensitive_role_is_not_given_so(
    world: World, sanna: Reader
) -> None:
    bound = {"a": {"affiliation": {"kind": "contractor", "organisation": {"kind": "school"}}}}
    catalogue.rule(world, "virittäjät", pattern=catalogue.TEACHERS | {"bind": bound})
    here = f"/admin/persons/{world.ids['gitta']}/positions"
    page = sanna.post(here, here, act="look", **fields(world))
    assert page.status_code == 200
    assert "Opettaja" in page.text.partition('id="effects"')[2].partition("</section>")[0]
    with Session(world.engine) as session, session.begin():
        session.execute(update(Role).values(sensitive=True))
    refused = sanna.post(here, here, act="look", **fields(world))
    assert refused.status_code == 422
    assert "nobody hands out alone" in refused.text
    assert add(world, sanna, "gitta", kind="trainee") == 303
