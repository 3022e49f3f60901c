"""Who may administer what: permissions over a part of the tree, and the persons who belong to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import COMING, GONE, NOTHING, Part, may_see, may_touch, permissions_of
from iam.access.asker import asker_of
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from tests.kit.factories import access, facts
from tests.unit.access.conftest import Town

SECOND = timedelta(seconds=1)


@pytest.fixture
def admin(session: Session, frozen: Any) -> UUID:
    """A person who administers nothing yet; the clock stands still."""
    return facts.person(session, "Ylläpitäjä")


def part_of(session: Session, admin: UUID, permission: str) -> Part:
    """The part over which somebody holds a permission."""
    return asker_of(session, admin).part(permission)


def seen(session: Session, admin: UUID, permission: str = "persons.read") -> set[UUID]:
    """The persons whom an administrator sees."""
    return set(session.scalars(select(Person.id).where(part_of(session, admin, permission).shows(Person.id))))


def covered(session: Session, admin: UUID, permission: str = "persons.read") -> set[str]:
    """The organisations in an administrator's part."""
    return set(
        session.scalars(select(Organisation.key).where(part_of(session, admin, permission).covers(Organisation.id)))
    )


def test_a_permission_is_told_with_the_organisations_it_was_granted_over(
    session: Session, town: Town, admin: UUID
) -> None:
    access.admin_grant(session, admin, "persons.read", town.school)
    access.admin_grant(session, admin, "persons.read", town.clinic)
    access.admin_grant(session, admin, "rules.write", town.town)
    assert permissions_of(session, admin) == {
        "persons.read": frozenset({town.school, town.clinic}),
        "rules.write": frozenset({town.town}),
    }


def test_a_grant_that_is_over_coming_or_closed_permits_nothing(session: Session, town: Town, admin: UUID) -> None:
    now = clock.now()
    access.admin_grant(session, admin, "persons.read", town.school, until=now)
    access.admin_grant(session, admin, "persons.read", town.school, since=now + SECOND)
    facts.close(session, access.admin_grant(session, admin, "persons.read", town.school))
    access.admin_grant(session, facts.person(session), "persons.read", town.school)
    assert permissions_of(session, admin) == {}
    assert part_of(session, admin, "persons.read") == NOTHING
    assert not part_of(session, admin, "persons.read")
    assert (seen(session, admin), covered(session, admin)) == (set(), set())
    access.admin_grant(session, admin, "persons.read", town.school, since=now, until=now + SECOND)
    assert set(permissions_of(session, admin)) == {"persons.read"}


def test_a_part_is_the_granted_organisation_and_what_is_under_it_now(session: Session, town: Town, admin: UUID) -> None:
    now = clock.now()
    gone = facts.organisation(session, "lakkautettu", under=town.town, until=now)
    facts.organisation(session, "tuleva", under=town.town, since=now + SECOND)
    access.admin_grant(session, admin, "persons.read", town.town)
    assert covered(session, admin) == {"kunta", "koulu"}
    assert not may_touch(session, part_of(session, admin, "persons.read"), gone)
    assert may_touch(session, part_of(session, admin, "persons.read"), town.school)


def test_an_administrator_of_a_school_sees_neither_the_town_nor_the_school_beside(
    session: Session, town: Town, admin: UUID
) -> None:
    beside = facts.organisation(session, "toinen", under=town.town)
    people = {name: facts.person(session) for name in ("here", "above", "beside", "elsewhere", "nowhere")}
    for name, organisation_id in (
        ("here", town.school),
        ("above", town.town),
        ("beside", beside),
        ("elsewhere", town.clinic),
    ):
        facts.affiliation(session, people[name], organisation_id)
    access.admin_grant(session, admin, "persons.read", town.school)
    part = part_of(session, admin, "persons.read")
    assert {name for name, one in people.items() if may_see(session, part, one)} == {"here"}
    assert covered(session, admin) == {"koulu"}


def test_an_administrator_of_a_municipality_sees_its_schools_and_not_the_county(
    session: Session, town: Town, admin: UUID
) -> None:
    pupil, nurse = facts.person(session), facts.person(session)
    facts.affiliation(session, pupil, town.school, kind="student")
    facts.affiliation(session, nurse, town.clinic)
    access.admin_grant(session, admin, "persons.read", town.town)
    assert seen(session, admin) == {pupil}


def test_who_holds_the_root_sees_everything_even_persons_without_any_affiliation(
    session: Session, town: Town, admin: UUID
) -> None:
    stranger = facts.person(session)
    access.admin_grant(session, admin, "persons.read", town.root)
    assert part_of(session, admin, "persons.read").everything
    assert seen(session, admin) == {admin, stranger}
    assert covered(session, admin) == {"marjala", "kunta", "koulu", "hva", "opiskeluhuolto"}


def test_who_holds_one_of_two_roots_sees_only_what_is_under_it(session: Session, town: Town, admin: UUID) -> None:
    company = facts.organisation(session, "yhtio", "company")
    facts.affiliation(session, facts.person(session), town.school)
    access.admin_grant(session, admin, "persons.read", company)
    assert not part_of(session, admin, "persons.read").everything
    assert (seen(session, admin), covered(session, admin)) == (set(), {"yhtio"})
    access.admin_grant(session, admin, "persons.read", town.root)
    assert part_of(session, admin, "persons.read").everything


def test_a_permission_gives_no_other_but_admin_gives_them_all(session: Session, town: Town, admin: UUID) -> None:
    access.admin_grant(session, admin, "persons.read", town.school)
    assert not part_of(session, admin, "access.end")
    access.admin_grant(session, admin, "admin", town.clinic)
    assert covered(session, admin, "access.end") == {"opiskeluhuolto"}
    assert covered(session, admin, "persons.read") == {"koulu", "opiskeluhuolto"}


def test_a_permission_that_does_not_exist_is_an_error(session: Session, admin: UUID) -> None:
    with pytest.raises(KeyError):
        part_of(session, admin, "persons.rule")


FAR = timedelta(days=400)
NEAR = {
    "is there": (-FAR, FAR, True),
    "begins in thirty days": (COMING, FAR, True),
    "begins a second later": (COMING + SECOND, FAR, False),
    "ended almost ninety days ago": (-FAR, SECOND - GONE, True),
    "ended ninety days ago": (-FAR, -GONE, False),
}


def test_a_person_belongs_to_a_part_thirty_days_before_and_ninety_days_after(
    session: Session, town: Town, admin: UUID
) -> None:
    assert (COMING.days, GONE.days) == (30, 90)
    now, people = clock.now(), {name: facts.person(session) for name in NEAR}
    for name, (since, until, _) in NEAR.items():
        facts.affiliation(session, people[name], town.school, now + since, now + until)
    access.admin_grant(session, admin, "persons.read", town.school)
    found = seen(session, admin)
    assert {name: one in found for name, one in people.items()} == {
        name: expected for name, (*_, expected) in NEAR.items()
    }


def test_an_affiliation_that_was_taken_back_shows_nobody(session: Session, town: Town, admin: UUID) -> None:
    aino = facts.person(session)
    facts.close(session, facts.affiliation(session, aino, town.school))
    access.admin_grant(session, admin, "persons.read", town.school)
    assert seen(session, admin) == set()


def test_the_guardians_of_pupils_belong_to_the_part_while_they_are_guardians(
    session: Session, town: Town, admin: UUID
) -> None:
    now = clock.now()
    pupil, parent, former, coming, manager = (facts.person(session) for _ in range(5))
    facts.affiliation(session, pupil, town.school, kind="student")
    facts.relationship(session, parent, pupil)
    facts.relationship(session, former, pupil, until=now)
    facts.relationship(session, coming, pupil, since=now + SECOND)
    facts.relationship(session, manager, pupil, "manager_of")
    facts.relationship(session, parent, facts.person(session))
    access.admin_grant(session, admin, "persons.read", town.school)
    assert seen(session, admin) == {pupil, parent}


def test_the_guardian_of_a_pupil_elsewhere_stays_unseen(session: Session, town: Town, admin: UUID) -> None:
    pupil, parent = facts.person(session), facts.person(session)
    facts.affiliation(session, pupil, town.clinic, kind="student")
    facts.relationship(session, parent, pupil)
    access.admin_grant(session, admin, "persons.read", town.school)
    assert seen(session, admin) == set()


def test_a_school_that_moves_is_seen_from_where_it_is_now(session: Session, town: Town, admin: UUID) -> None:
    now, pupil = clock.now(), facts.person(session)
    facts.affiliation(session, pupil, town.school, kind="student")
    facts.places(
        session, town.school, (town.town, False, clock.LONG_AGO, now), (town.county, False, now, clock.FOREVER)
    )
    access.admin_grant(session, admin, "persons.read", town.town)
    assert seen(session, admin) == set()
    access.admin_grant(session, admin, "persons.read", town.county)
    assert seen(session, admin) == {pupil}
