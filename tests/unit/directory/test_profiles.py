"""Whose word on a person counts: names and addresses come from where the person works, studies or has a child, and from
declarations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.person import Person, PersonProfile
from iam.directory.queries import profile, profiles
from iam.directory.source import Source, SourceOpening
from tests.kit.factories import facts

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Two:
    """Two municipalities with a school and a source each, and a teacher whom only the first one's source describes."""

    town: UUID
    school: UUID
    other: UUID
    other_school: UUID
    payroll: Source
    foreign: Source
    teacher: UUID


def described(session: Session, person_id: UUID, source: Source | None, family_name: str, **values: Any) -> None:
    """Say what a source tells of somebody."""
    session.add(
        PersonProfile(
            person_id=person_id,
            source_id=source.id if source else None,
            family_name=family_name,
            valid_from=clock.LONG_AGO,
            valid_to=clock.FOREVER,
            opened_by=facts.change(session).id,
            **values,
        )
    )
    session.flush()


def somebody(session: Session) -> UUID:
    """Somebody of whom nothing is known."""
    row = Person(sort_name="")
    session.add(row)
    session.flush()
    return row.id


@pytest.fixture
def two(session: Session, frozen: datetime) -> Two:
    ids = facts.tree(
        session,
        ("root", "consortium", None, True),
        ("town", "municipality", "root", True),
        ("school", "school", "town", False),
        ("other", "municipality", "root", True),
        ("other-school", "school", "other", False),
    )
    payroll = facts.source(session, ids["town"], "payroll")
    foreign = facts.source(session, ids["other"], "foreign")
    foreign.priority = 1
    teacher = somebody(session)
    described(session, teacher, payroll, "Oikea", email="oikea@town.example")
    return Two(ids["town"], ids["school"], ids["other"], ids["other-school"], payroll, foreign, teacher)


def hired(session: Session, two: Two, until: datetime = clock.FOREVER) -> None:
    facts.affiliation(session, two.teacher, two.school, clock.now() - 400 * DAY, until, source_id=two.payroll.id)


def taken(session: Session, two: Two) -> None:
    """The other municipality's source recognises the teacher, and would rather be heard."""
    described(session, two.teacher, two.foreign, "Väärä", email="vaara@other.example", phone="1", protected=False)


def name(session: Session, person_id: UUID) -> str | None:
    one = profile(session, person_id)
    assert profiles(session, [person_id])[person_id] == one
    return one.family_name


def test_who_recognises_somebody_elses_teacher_gives_her_no_name_and_no_address(session: Session, two: Two) -> None:
    hired(session, two)
    taken(session, two)
    shown = profile(session, two.teacher)
    assert (name(session, two.teacher), shown.email, shown.phone) == ("Oikea", "oikea@town.example", None)


def test_a_municipality_names_the_teacher_once_her_school_let_its_source_in(session: Session, two: Two) -> None:
    hired(session, two)
    taken(session, two)
    opening = SourceOpening(
        source_id=two.foreign.id,
        organisation_id=two.town,
        valid_from=clock.now(),
        valid_to=clock.now() + DAY,
        opened_by=facts.change(session).id,
    )
    session.add(opening)
    session.flush()
    assert name(session, two.teacher) == "Väärä"
    with clock.fixed(clock.now() + DAY):
        assert name(session, two.teacher) == "Oikea"
    opening.closed_by = facts.change(session).id
    session.flush()
    assert name(session, two.teacher) == "Oikea"


@pytest.mark.parametrize(
    ("since", "until", "shown"), [(-9, 9, "Väärä"), (30, 60, "Väärä"), (-200, -89, "Väärä"), (-200, -90, "Oikea")]
)
def test_a_second_employer_names_her_while_she_works_there_before_it_and_for_ninety_days_after(
    session: Session, two: Two, since: int, until: int, shown: str
) -> None:
    hired(session, two)
    taken(session, two)
    now = clock.now()
    facts.affiliation(session, two.teacher, two.other_school, now + since * DAY, now + until * DAY)
    assert name(session, two.teacher) == shown


def test_the_school_of_the_child_names_the_guardian(session: Session, two: Two) -> None:
    guardian, child = somebody(session), somebody(session)
    facts.affiliation(session, child, two.school, kind="student", source_id=two.payroll.id)
    facts.relationship(session, guardian, child, source_id=two.payroll.id)
    described(session, guardian, two.foreign, "Väärä")
    described(session, guardian, two.payroll, "Huoltaja")
    assert name(session, guardian) == "Huoltaja"


def test_somebody_long_gone_keeps_the_name_that_her_employer_told(session: Session, two: Two) -> None:
    hired(session, two, clock.now() - 91 * DAY)
    taken(session, two)
    facts.affiliation(session, somebody(session), two.other_school)
    assert name(session, two.teacher) == "Oikea"


def test_whoever_nobody_ever_placed_anywhere_has_a_name_all_the_same(session: Session, two: Two) -> None:
    assert name(session, two.teacher) == "Oikea"


def test_what_is_declared_counts_first_wherever_she_works(session: Session, two: Two) -> None:
    hired(session, two)
    described(session, two.teacher, None, "Ilmoitettu")
    assert name(session, two.teacher) == "Ilmoitettu"
    assert profile(session, two.teacher).email == "oikea@town.example"


def test_a_protection_that_anybody_at_all_tells_of_protects(session: Session, two: Two) -> None:
    hired(session, two)
    described(session, two.teacher, two.foreign, "Väärä", protected=True)
    assert (name(session, two.teacher), profile(session, two.teacher).protected) == ("Oikea", True)


def test_a_source_from_before_walls_still_names_those_whom_it_placed(session: Session, two: Two) -> None:
    taken(session, two)
    facts.affiliation(session, two.teacher, two.school, source_id=two.foreign.id)
    assert name(session, two.teacher) == "Oikea"
    two.foreign.walled = False
    session.flush()
    assert name(session, two.teacher) == "Väärä"
