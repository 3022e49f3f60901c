"""Who sees a person's data: by which right, what it opens and why, within the reader's part."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.directory.affiliation import Relationship
from iam.directory.person import PersonProfile
from tests.kit.worlds.admin import Reader, World, employ, give, person


@pytest.fixture
def pupil(world: World) -> str:
    """A pupil of KOIVU, where Anna holds a right."""
    person(world, "petri", "Pieni")
    employ(world, "petri", "KOIVU", None, kind="student")
    return f"/admin/persons/{world.ids['petri']}"


def becomes(world: World, right: str, **values: object) -> None:
    """Let a right by hand be another kind of right."""
    with Session(world.engine) as session, session.begin():
        session.execute(update(Assignment).where(Assignment.id == world.ids[right]).values(**values))


def test_from_a_person_to_those_who_see_the_data_what_and_why(
    world: World, reader: Callable[[str], Reader], pupil: str
) -> None:
    text = reader("paula").get(f"{pupil}?tab=seen").text
    for words in ("Virtanen Anna", "Wilma: Opettaja · Koivu en", "oppilaat: reading", "Granted by hand: project"):
        assert words in text
    assert "Wilma: Opettaja · Kuusi en" not in text
    file = reader("paula").get(f"{pupil}/seen-by.csv").text
    assert '"Virtanen Anna";"Wilma: Opettaja";"oppilaat: reading";"Koivu en"' in file
    assert "Kuusi en" not in file


def test_only_ones_own_guardians_are_among_them(world: World, reader: Callable[[str], Reader], pupil: str) -> None:
    guards = Relationship(
        person_id=world.ids["anna"], kind="guardian_of", other_person_id=world.ids["ville"], **world.lasting()
    )
    world.write(guards)
    becomes(world, "anna right KOIVU", capacity_kind="guardian_of", capacity_id=guards.fact_id)
    assert "Virtanen Anna" not in reader("paula").get(f"{pupil}?tab=seen").text
    own = Relationship(
        person_id=world.ids["anna"], kind="guardian_of", other_person_id=world.ids["petri"], **world.lasting()
    )
    world.write(own)
    becomes(world, "anna right KOIVU", capacity_id=own.fact_id)
    assert "Virtanen Anna" in reader("paula").get(f"{pupil}?tab=seen").text


def test_a_fellow_pupil_is_among_them_by_a_right_by_hand_alone(
    world: World, reader: Callable[[str], Reader], pupil: str
) -> None:
    person(world, "toveri", "Toveri")
    employ(world, "toveri", "KOIVU", None, kind="student")
    give(world, "toveri", "KOIVU")
    becomes(world, "toveri right KOIVU", capacity_kind="student")
    assert "Toveri Toveri" in reader("paula").get(f"{pupil}?tab=seen").text


def test_a_secretary_learns_nothing_of_who_sees_them_elsewhere(world: World, reader: Callable[[str], Reader]) -> None:
    employ(world, "sanna", "KUUSI", "Koulusihteeri", number="3")
    here = f"/admin/persons/{world.ids['sanna']}?tab=seen"
    assert "Kuusi en" in reader("paula").get(here).text
    text = reader("sanna").get(here).text
    assert "Wilma: Opettaja · Koivu en" in text
    assert "Wilma: Opettaja · Kuusi en" not in text
    assert reader("sanna").get(f"/admin/persons/{world.ids['ville']}?tab=seen").status_code == 404


def test_of_a_protected_person_it_is_not_told_as_it_would_tell_the_place(
    world: World, reader: Callable[[str], Reader], pupil: str
) -> None:
    with Session(world.engine) as session, session.begin():
        whose = PersonProfile.person_id == world.ids["petri"]
        session.execute(update(PersonProfile).where(whose).values(protected=True))
    text = reader("sanna").get(f"{pupil}?tab=seen").text
    assert "it would tell where a protected person is" in text
    assert "Virtanen Anna" not in text
    assert "Virtanen Anna" in reader("paula").get(f"{pupil}?tab=seen").text
