"""What ending what opens a school to another owner's source takes: it is shown, and nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import NOTHING
from iam.access.model.assignment import Assignment
from iam.audit.log import AuditEvent
from iam.directory.affiliation import Affiliation
from iam.directory.person import PersonProfile
from iam.directory.source import Source, SourceOpening
from iam.errors import Conflict
from iam.lifecycle.organisations import closing
from tests.kit.factories import access, facts


@dataclass(frozen=True, slots=True)
class School:
    """A school that is open to the payroll of a company, and its teacher, who has a right by what that says."""

    ids: dict[str, UUID]
    payroll: Source
    opening: SourceOpening
    teacher: Affiliation


@pytest.fixture
def school(session: Session, frozen: Any) -> School:
    ids = facts.tree(
        session,
        ("konsortio", "consortium", None, True),
        ("kunta", "municipality", "konsortio", True),
        ("koulu", "school", "kunta", False),
        ("yhtio", "company", "konsortio", True),
    )
    payroll = facts.source(session, ids["yhtio"], "talouspalvelu-hr")
    opening = facts.opening(session, payroll, ids["kunta"])
    teacher = facts.affiliation(session, facts.person(session), ids["koulu"], source_id=payroll.id)
    access.role(session, access.application(session, ids["kunta"]))
    access.rule(session, ids["kunta"], access.teachers())
    access.derive_all(session)
    session.commit()
    return School(ids, payroll, opening, teacher)


def standing(session: Session) -> tuple[Any, ...]:
    """What stands, in numbers: rights, positions, openings and events."""
    models = (Assignment, Affiliation, SourceOpening)
    counts = [session.scalar(select(func.count()).where(one.closed_by.is_(None))) for one in models]
    return *counts, session.scalar(select(func.count(AuditEvent.id)))


def test_the_positions_and_the_rights_that_would_go_are_told_and_nothing_is_done(
    session: Session, school: School
) -> None:
    before = standing(session)
    found = closing.preview(session, school.opening)
    assert found.facts == {"employee": 1}
    assert [(row.gains, row.person_id) for row in found.would.effects.rows] == [(False, school.teacher.person_id)]
    assert standing(session) == before


def test_what_somebody_else_says_and_what_is_over_stays(session: Session, school: School) -> None:
    facts.affiliation(session, facts.person(session), school.ids["koulu"])
    yesterday = clock.now() - timedelta(days=1)
    facts.affiliation(session, facts.person(session), school.ids["koulu"], until=yesterday, source_id=school.payroll.id)
    assert closing.preview(session, school.opening).facts == {"employee": 1}


def test_nobody_loses_anything_while_the_school_itself_is_open_to_the_same_source(
    session: Session, school: School
) -> None:
    facts.opening(session, school.payroll, school.ids["koulu"])
    found = closing.preview(session, school.opening)
    assert (found.facts, found.would.effects.rows) == ({}, [])


def test_pupils_and_who_is_in_a_group_are_counted_too(session: Session, school: School) -> None:
    pupil = facts.affiliation(
        session, facts.person(session), school.ids["koulu"], kind="student", source_id=school.payroll.id
    )
    group = facts.group(session, school.ids["koulu"], "4B")
    facts.membership(session, pupil.person_id, group, source_id=school.payroll.id)
    found = closing.preview(session, school.opening)
    assert found.facts == {"employee": 1, "student": 1, "membership": 1}


def test_the_guardian_of_a_pupil_whom_another_source_tells_loses_the_right_too(
    session: Session, school: School
) -> None:
    pupil = facts.affiliation(
        session, facts.person(session), school.ids["koulu"], kind="student", source_id=school.payroll.id
    )
    guardian = facts.person(session)
    facts.relationship(session, guardian, pupil.person_id)
    bind = {"g": {"relationship": {"kind": "guardian_of"}}, "c": {"affiliation": {"kind": "student", "of": "g"}}}
    gives = {"role": "wilma:opettaja", "scope": "organisation of c"}
    access.rule(session, school.ids["kunta"], {"bind": bind, "gives": gives}, "huoltajat")
    access.derive_all(session)
    losing = {row.person_id for row in closing.preview(session, school.opening).would.effects.rows}
    assert losing == {school.teacher.person_id, guardian}


def test_a_protected_person_is_not_counted_for_who_may_not_know(session: Session, school: School) -> None:
    profile = PersonProfile(person_id=school.teacher.person_id, protected=True, given_names="A", family_name="B")
    profile.valid_from, profile.valid_to = clock.LONG_AGO, clock.FOREVER
    profile.opened_by = facts.change(session).id
    session.add(profile)
    session.flush()
    found = closing.preview(session, school.opening, NOTHING)
    assert (found.facts, found.would.rows()) == ({}, [])
    assert closing.preview(session, school.opening).facts == {"employee": 1}


def test_what_is_over_is_not_ended_again(session: Session, school: School) -> None:
    school.opening.valid_to = clock.now()
    session.flush()
    with pytest.raises(Conflict):
        closing.preview(session, school.opening)
