"""The school confirms which guardian may know where a protected child is: who waits, the button, and who may press
it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from iam import clock
from iam.directory.affiliation import Relationship
from iam.doctor import examine
from iam.settings import Settings
from iam.web import extension
from tests.kit.worlds.admin import Reader, World, administer, person


@pytest.fixture
def granter(world: World, reader: Callable[[str], Reader]) -> Reader:
    """An administrator who may grant rights in the protected pupil's school, and may not see identity codes."""
    person(world, "greta", "Myöntäjä")
    administer(world, "greta", "KOIVU", "persons.read", "rights.grant")
    return reader("greta")


def facts(world: World) -> str:
    return f"/admin/persons/{world.ids['oona']}?tab=facts"


def form(world: World) -> str:
    return f"/admin/persons/{world.ids['oona']}/guardians/{world.ids['gitta']}"


def test_the_school_s_overview_names_who_waits_until_she_is_confirmed(world: World, granter: Reader) -> None:
    page = granter.get("/admin/").text
    assert "Guardians of protected children wait to be confirmed" in page
    assert "Gitta Huoltaja" in page
    assert "guardian of Oona Oppilas" in page
    granter.post(form(world), facts(world))
    assert "wait to be confirmed" not in granter.get("/admin/").text


def test_those_who_have_signed_in_within_a_year_wait_first(world: World, granter: Reader) -> None:
    person(world, "aapo", "Ahkera")
    tie = Relationship(
        person_id=world.ids["aapo"], kind="guardian_of", other_person_id=world.ids["oona"], **world.lasting()
    )
    world.write(tie)
    world.sign_in(world.app.test_client(), "aapo")
    page = granter.get("/admin/").text
    assert page.index("Aapo Ahkera") < page.index("Gitta Huoltaja")
    assert page.count("has signed in within a year") == 1


def test_a_guardian_is_confirmed_until_a_day_and_it_can_be_taken_back(world: World, granter: Reader) -> None:
    until = (clock.today() + timedelta(days=30)).isoformat()
    done = granter.post(form(world), facts(world), **{f"until-{world.ids['gitta']}": until})
    assert done.status_code == 303
    page = granter.get(facts(world)).text
    assert "confirmed, until" in " ".join(page.split()).replace("</strong>", "")
    assert [one.subject_id for one in world.events("person:guardian:confirmed")] == [world.ids["gitta"]]
    granter.post(form(world), facts(world))
    assert "not confirmed" in granter.get(facts(world)).text
    assert [one.subject_id for one in world.events("person:guardian:unconfirmed")] == [world.ids["gitta"]]


def test_a_day_that_is_past_is_told_beside_the_field_and_confirms_nobody(world: World, granter: Reader) -> None:
    answer = granter.post(form(world), facts(world), **{f"until-{world.ids['gitta']}": "2020-01-01"})
    assert answer.status_code == 422
    assert "The last day is past." in answer.text
    assert world.events("person:guardian:confirmed") == []


@pytest.mark.parametrize(
    ("organisation", "permissions"), [("RANTA", ("rights.grant",)), ("KOIVU", ("persons.read", "persons.code"))]
)
def test_nobody_confirms_a_guardian_without_granting_rights_in_the_childs_school(
    world: World, reader: Callable[[str], Reader], organisation: str, permissions: tuple[str, ...]
) -> None:
    person(world, "muu", "Muu")
    administer(world, "muu", organisation, *permissions)
    muu = reader("muu")
    assert muu.force(form(world)).status_code == 404
    assert "wait to be confirmed" not in muu.get("/admin/").text
    assert "may know where the child is" not in muu.get(facts(world)).text


def test_who_is_no_guardian_of_the_child_cannot_be_confirmed(world: World, granter: Reader) -> None:
    answer = granter.force(f"/admin/persons/{world.ids['oona']}/guardians/{world.ids['anna']}")
    assert answer.status_code == 404


def test_the_doctor_counts_those_who_wait(world: World) -> None:
    settings: Settings = extension.parts_of(world.app).settings
    words = [found.words for found in examine(settings, world.engine) if found.check == "guardians"]
    assert words == ["1 wait for the school of a protected child to confirm them; 0 of them signed in within a year"]
