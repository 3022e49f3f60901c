"""How many people an organisation has: the number that is kept is the number that there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam.access.administration import WHOLE, Part
from iam.directory.pages.head_counts import head_counts
from iam.directory.person import PersonProfile
from tests.kit.factories import facts
from tests.kit.seen import statements

EVERYWHERE = Part(True, frozenset())
"""Everybody but those of whom it must not be told."""


@pytest.fixture
def town(session: Session, frozen: datetime) -> dict[str, UUID]:
    made = facts.tree(
        session,
        ("root", "consortium", None, True),
        ("town", "municipality", "root", True),
        ("school", "school", "town", False),
        ("other", "school", "town", False),
    )
    facts.affiliation(session, facts.person(session), made["school"])
    return made


def teachers(session: Session, organisation_id: UUID, part: Part = WHOLE) -> int:
    return head_counts(session, part, [organisation_id])[organisation_id].get("employee", 0)


def test_people_are_counted_once_while_nothing_changes(engine: Engine, session: Session, town: dict[str, UUID]) -> None:
    assert teachers(session, town["root"]) == 1
    with statements(engine) as sent:
        assert teachers(session, town["root"]) == 1
    assert [one for one in sent if "affiliation" in one] == []


def test_who_comes_is_counted_at_once_and_who_works_in_two_places_once(session: Session, town: dict[str, UUID]) -> None:
    assert teachers(session, town["root"]) == 1
    second = facts.person(session)
    facts.affiliation(session, second, town["school"])
    assert teachers(session, town["root"]) == 2
    facts.affiliation(session, second, town["other"])
    found = head_counts(session, WHOLE, town.values())
    assert {key: found[id_] for key, id_ in town.items()} == {
        "root": {"employee": 2},
        "town": {"employee": 2},
        "school": {"employee": 2},
        "other": {"employee": 1},
    }


def test_who_leaves_is_counted_no_more(session: Session, frozen: datetime, town: dict[str, UUID]) -> None:
    job = facts.affiliation(session, facts.person(session), town["school"])
    assert teachers(session, town["root"]) == 2
    facts.correct(session, job, valid_to=frozen - timedelta(days=1))
    assert teachers(session, town["root"]) == 1


def test_a_job_is_counted_from_its_first_day_to_its_last_without_any_change(
    session: Session, frozen: datetime, at: Callable[[datetime], None], town: dict[str, UUID]
) -> None:
    start, end = frozen + timedelta(days=10), frozen + timedelta(days=20)
    facts.affiliation(session, facts.person(session), town["school"], start, end)
    for moment, number in ((frozen, 1), (start, 2), (end - timedelta(seconds=1), 2), (end, 1), (frozen, 1)):
        at(moment)
        assert teachers(session, town["root"]) == number, moment


def test_a_school_that_moves_elsewhere_takes_its_people_along(
    session: Session, frozen: datetime, at: Callable[[datetime], None], town: dict[str, UUID]
) -> None:
    assert teachers(session, town["town"]) == 1
    moves = frozen + timedelta(days=5)
    past, coming = (
        (town["town"], False, facts.SCHOOL_YEAR, moves),
        (town["root"], True, moves, moves.replace(year=9999)),
    )
    facts.places(session, town["school"], past, coming)
    assert teachers(session, town["town"]) == 1
    at(moves)
    assert teachers(session, town["town"]) == 0


def test_what_was_begun_before_the_counting_and_committed_after_it_is_counted(
    engine: Engine, session: Session, frozen: datetime, at: Callable[[datetime], None], town: dict[str, UUID]
) -> None:
    at(frozen + timedelta(hours=3))
    session.commit()
    assert teachers(session, town["root"]) == 1
    session.commit()
    at(frozen + timedelta(hours=1))
    with Session(engine) as long:
        facts.affiliation(long, facts.person(long), town["school"])
        long.commit()
    at(frozen + timedelta(hours=4))
    assert teachers(session, town["root"]) == 2


def test_one_is_told_less_than_another_who_may_know_of_the_protected(session: Session, town: dict[str, UUID]) -> None:
    hidden = facts.person(session)
    facts.affiliation(session, hidden, town["school"])
    assert [teachers(session, town["root"], part) for part in (WHOLE, EVERYWHERE)] == [2, 2]
    profile = session.scalars(select(PersonProfile).where(PersonProfile.person_id == hidden)).one()
    facts.correct(session, profile, protected=True)
    assert [teachers(session, town["root"], part) for part in (WHOLE, EVERYWHERE)] == [2, 1]
