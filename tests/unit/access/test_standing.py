"""Standing over a person: all that she is and will be counts, the past does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import NOTHING, WHOLE, Part
from iam.access.asker import OPERATOR, asker_of
from iam.access.standing import Over, holds_all, over, stand, together
from iam.directory.person import Person
from tests.kit.factories import access, facts
from tests.unit.access.conftest import Town

YEARS = timedelta(days=900)


@pytest.fixture
def teacher(session: Session, town: Town, frozen: Any) -> UUID:
    """Somebody who teaches in the school; the clock stands still."""
    return facts.affiliation(session, facts.person(session), town.school, until=clock.now() + YEARS).person_id


def part(*organisations: UUID) -> Part:
    return Part(False, frozenset(organisations))


def held(session: Session, over_: Part) -> set[UUID]:
    """The persons of whom a part holds all, asked of everybody at once."""
    return set(session.scalars(select(Person.id).where(holds_all(over_, Person.id))))


def test_a_school_holds_all_of_a_teacher_who_works_nowhere_else(session: Session, town: Town, teacher: UUID) -> None:
    for mine in (part(town.school), part(town.town), WHOLE):
        assert over(session, mine, teacher) == Over(True, True)
        assert teacher in held(session, mine)
    assert over(session, part(town.county), teacher).capacities is False
    assert over(session, NOTHING, teacher).all is False


def test_a_coming_position_elsewhere_counts_however_far_ahead_and_a_past_one_does_not(
    session: Session, town: Town, teacher: UUID
) -> None:
    now = clock.now()
    facts.affiliation(session, teacher, town.clinic, until=now)
    assert over(session, part(town.school), teacher).all
    coming = facts.affiliation(session, teacher, town.clinic, now + YEARS)
    assert over(session, part(town.school), teacher) == Over(False, True)
    assert teacher not in held(session, part(town.school))
    facts.close(session, coming)
    assert over(session, part(town.school), teacher).all


def test_two_parts_together_hold_what_neither_holds_alone(session: Session, town: Town, teacher: UUID) -> None:
    facts.affiliation(session, teacher, town.clinic)
    school, clinic = part(town.school), part(town.clinic)
    assert [over(session, one, teacher).all for one in (school, clinic, together([school, clinic]))] == [
        False,
        False,
        True,
    ]
    assert together([school, WHOLE]).everything


def test_a_help_desk_of_several_towns_holds_them_together(session: Session, town: Town, teacher: UUID) -> None:
    facts.affiliation(session, teacher, town.clinic)
    desk = facts.person(session, "Neuvonta")
    for organisation in (town.town, town.county):
        access.admin_grant(session, desk, "codes.issue", organisation)
    assert over(session, asker_of(session, desk).part("codes.issue"), teacher).all


def test_a_guardianship_counts_by_the_schools_of_the_child(session: Session, town: Town, frozen: Any) -> None:
    guardian, child, other = (facts.person(session) for _ in range(3))
    facts.relationship(session, guardian, child)
    facts.affiliation(session, child, town.school, kind="student")
    assert over(session, part(town.school), guardian).all
    facts.relationship(session, guardian, other)
    facts.affiliation(session, other, town.clinic, kind="student")
    assert [over(session, part(one), guardian).capacities for one in (town.school, town.clinic)] == [False, False]
    assert over(session, part(town.school, town.clinic), guardian).all
    assert held(session, part(town.school)) == {child}


def test_a_grant_present_or_coming_counts_and_one_that_is_over_does_not(
    session: Session, town: Town, teacher: UUID
) -> None:
    now = clock.now()
    access.admin_grant(session, teacher, "persons.read", town.clinic, until=now)
    assert over(session, part(town.school), teacher).all
    access.admin_grant(session, teacher, "persons.read", town.clinic, since=now + YEARS)
    assert over(session, part(town.school), teacher) == Over(True, False)


def test_who_administers_more_or_otherwise_outranks_who_asks(session: Session, town: Town, teacher: UUID) -> None:
    secretary = facts.person(session, "Sihteeri")
    for permission in ("codes.issue", "persons.read"):
        access.admin_grant(session, secretary, permission, town.school)

    def refused() -> bool:
        return stand(session, asker_of(session, secretary), ["codes.issue"], teacher)["codes.issue"].outranked

    access.admin_grant(session, teacher, "persons.read", town.school)
    assert refused() is False
    access.admin_grant(session, teacher, "rules.write", town.school)
    assert refused() is True, "rules are written there by the teacher and not by the secretary"
    access.admin_grant(session, secretary, "rules.write", town.school)
    assert refused() is False
    access.admin_grant(session, teacher, "persons.read", town.town)
    assert refused() is True
    assert stand(session, OPERATOR, ["codes.issue"], teacher)["codes.issue"].outranked is False
