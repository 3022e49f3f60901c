"""Who comes under an agreement is told by name to the side whose people they are, and to the side that allows it from
the day on which it is in force; somebody protected to neither."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from iam.access.model.agreement import AgreementParty
from iam.directory.person import PersonProfile
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, person
from tests.unit.admin_ui.test_catalogue_pages import told

PAGE, FILE = "/admin/agreements/sopimus/people", "/admin/agreements/sopimus/names.csv"
NAME = "Ville"


@pytest.fixture
def world(world: World) -> World:
    """An agreement in force with one psychologist under it, and an administrator of each of its parties."""
    catalogue.agreement(world, "sopimus")
    catalogue.comes_under(world, "sopimus", "ville", world.ids["KUUSI"])
    for login, place in (("aili", "MANSIKKALA"), ("kerttu", "MUSTIKKALA")):
        person(world, login, login.title())
        administer(world, login, place, "agreements.read", "persons.read", "persons.export")
    return world


def unsign(world: World) -> None:
    with Session(world.engine) as session, session.begin():
        session.execute(update(AgreementParty).values(signed_on=None, in_from=None))


def named(who: Reader) -> tuple[bool, bool]:
    """Whether the page and the file name the psychologist."""
    return NAME in told(who.get(PAGE).text), NAME in who.get(FILE).text


def test_both_sides_are_told_by_name_while_it_is_in_force(world: World, reader: Callable[[str], Reader]) -> None:
    for login in ("aili", "kerttu"):
        assert named(reader(login)) == (True, True), login
    assert "psykologi, Kuusi en → Koivu en" in told(reader("aili").get(PAGE).text)


def test_before_it_is_in_force_only_the_side_whose_people_they_are_is_told(
    world: World, reader: Callable[[str], Reader]
) -> None:
    unsign(world)
    assert named(reader("aili")) == (False, False)
    assert "Nobody of whom you may be told" in told(reader("aili").get(PAGE).text)
    assert named(reader("kerttu")) == (True, True)


def test_somebody_protected_is_told_to_neither(world: World, reader: Callable[[str], Reader]) -> None:
    with Session(world.engine) as session, session.begin():
        mine = PersonProfile.person_id == world.ids["ville"]
        session.execute(update(PersonProfile).where(mine).values(protected=True))
    for login in ("aili", "kerttu"):
        assert named(reader(login)) == (False, False), login


def test_who_may_not_read_persons_or_the_agreement_is_told_of_nobody(
    world: World, reader: Callable[[str], Reader]
) -> None:
    for login, permissions in (("lukija", ("agreements.read",)), ("sihteeri", ("persons.read",))):
        person(world, login, login.title())
        administer(world, login, "MANSIKKALA", *permissions)
    assert named(reader("lukija")) == (False, False)
    assert f'href="{PAGE}"' not in reader("lukija").get("/admin/agreements/sopimus").text
    assert {reader("sihteeri").get(path).status_code for path in (PAGE, FILE)} == {404}
