"""Who comes under an agreement is told by name to the side whose people they are, and to the side that allows it from
the day on which it is in force; somebody protected to neither."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.agreement import AgreementParty, AgreementTerm
from iam.access.model.assignment import Assignment
from iam.audit.log import AuditEvent
from iam.directory.person import PersonProfile
from tests.kit.factories import consortium
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


@pytest.fixture
def used(world: World) -> World:
    """The psychologist was given tokens on two days by the agreement, and one by another capacity."""
    consortium.client(world, "wilma", "wilma")
    capacity = capacity_of(world)
    for days, by in ((2, capacity), (2, capacity), (5, capacity), (1, uuid4())):
        issue(world, days, by)
    return world


def capacity_of(world: World) -> UUID:
    with Session(world.engine) as session:
        mine = Assignment.person_id == world.ids["ville"], Assignment.clause_id.is_not(None)
        return session.scalars(select(Assignment.capacity_id).where(*mine)).one()


def issue(world: World, days: int, capacity: UUID) -> None:
    """A token of so many days ago."""
    world.write(
        AuditEvent(
            at=clock.now() - timedelta(days=days),
            type="oidc:token:issued",
            subject_id=world.ids["ville"],
            request_id="",
            envelope={"client": "wilma", "capacity": str(capacity), "by": "authorization_code", "scope": "openid"},
        )
    )


def test_both_sides_are_told_how_often_it_was_used_and_by_month(used: World, reader: Callable[[str], Reader]) -> None:
    for login in ("aili", "kerttu"):
        page, file = told(reader(login).get(PAGE).text), reader(login).get(FILE).text
        assert re.search(r"psykologi, Kuusi en → Koivu en 2 3 \d", page), login
        assert "Use by month" in page
        assert re.search(r'"psykologi, Kuusi en → Koivu en";"2";"3";', file), login


def test_what_was_used_before_the_agreement_gave_it_is_told_to_nobody(
    used: World, reader: Callable[[str], Reader]
) -> None:
    with Session(used.engine) as session, session.begin():
        session.execute(update(AgreementTerm).values(valid_from=clock.now() - timedelta(days=3)))
    for login in ("aili", "kerttu"):
        assert re.search(r"Koivu en 1 2 \d", told(reader(login).get(PAGE).text)), login
    unsign(used)
    assert "Koivu en – – not used" in told(reader("kerttu").get(PAGE).text)


def test_of_somebody_protected_neither_side_is_told_a_single_use_not_even_in_the_sums(
    used: World, reader: Callable[[str], Reader]
) -> None:
    person(used, "toinen", "Toinen")
    catalogue.comes_under(used, "sopimus", "toinen", used.ids["KUUSI"])
    with Session(used.engine) as session, session.begin():
        mine = PersonProfile.person_id == used.ids["ville"]
        session.execute(update(PersonProfile).where(mine).values(protected=True))
    for login in ("aili", "kerttu"):
        page = reader(login).get(PAGE).text
        sums = re.search(r'id="months".*?</table>', page, re.DOTALL) or re.search(r"<table.*?</table>", page, re.DOTALL)
        assert sums is not None
        assert not re.search(r'"number">\d', sums[0]), login


def test_who_sees_nobody_sees_no_sums(used: World, reader: Callable[[str], Reader]) -> None:
    person(used, "lukija", "Lukija")
    administer(used, "lukija", "MANSIKKALA", "agreements.read")
    assert "Use by month" not in told(reader("lukija").get(PAGE).text)
