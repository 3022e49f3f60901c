"""A right rests while its holder is absent: one row for each time between absences, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import Assignment
from iam.directory.affiliation import Affiliation
from tests.kit.factories import access, facts
from tests.unit.access.conftest import Town

FIRST = facts.day("2026-08-01")
LENGTH = 10
Days = tuple[int, int]


def instant(day: int) -> datetime:
    """The instant of a day of the affiliation's time; the tenth is its end."""
    return FIRST + timedelta(days=day)


def pieces(session: Session) -> list[tuple[int, int]]:
    """The days of the assignments there are, from and to."""
    rows = session.execute(select(Assignment.valid_from, Assignment.valid_to).where(Assignment.closed_by.is_(None)))
    return sorted(((start - FIRST).days, (end - FIRST).days) for start, end in rows)


def day_by_day(absences: list[Days]) -> list[tuple[int, int]]:
    """The same, found by looking at every day on its own."""
    present = [day for day in range(LENGTH) if not any(start <= day < end for start, end in absences)]
    starts = [day for day in present if day - 1 not in present]
    return [(start, next(day for day in range(start, LENGTH + 1) if day not in present)) for start in starts]


CASES: dict[str, list[Days]] = {
    "none": [],
    "one in the middle": [(3, 5)],
    "several": [(1, 2), (4, 6), (8, 9)],
    "overlapping": [(2, 5), (4, 7)],
    "one inside another": [(2, 8), (3, 4)],
    "adjacent": [(2, 4), (4, 6)],
    "the same twice": [(2, 4), (2, 4)],
    "from the first day": [(0, 3)],
    "from before the first day": [(-3, 3)],
    "until the last day": [(7, 10)],
    "beyond the last day": [(7, 30)],
    "all": [(0, 10)],
    "more than all": [(-5, 20)],
    "all, together": [(0, 5), (5, 10)],
    "before": [(-5, 0)],
    "after": [(10, 12)],
}


def found_with(session: Session, held: Affiliation, absences: list[Days]) -> list[tuple[int, int]]:
    """What the right is with these absences; they are taken back."""
    trial = session.begin_nested()
    for start, end in absences:
        facts.absence(session, held, instant(start), instant(end))
    access.derive_all(session)
    found = pieces(session)
    trial.rollback()
    return found


def test_a_right_holds_on_the_days_between_absences(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school, FIRST, instant(LENGTH))
    access.rule(session, town.town, access.teachers())
    expected = {name: day_by_day(absences) for name, absences in CASES.items()}
    assert {name: found_with(session, held, absences) for name, absences in CASES.items()} == expected
    assert expected["several"] == [(0, 1), (2, 4), (6, 8), (9, 10)]


def test_an_absence_without_end_ends_an_endless_right(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school, FIRST)
    facts.absence(session, held, instant(4), clock.FOREVER)
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    assert pieces(session) == [(0, 4)]


def test_an_absence_from_one_affiliation_leaves_the_rights_of_another(session: Session, town: Town) -> None:
    aino, other = facts.person(session), facts.organisation(session, "toinen", under=town.town)
    absent = facts.affiliation(session, aino, town.school, FIRST, instant(LENGTH))
    facts.affiliation(session, aino, other, FIRST, instant(LENGTH))
    facts.absence(session, absent, instant(2), instant(5))
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    assert pieces(session) == [(0, 2), (0, 10), (5, 10)]


def test_a_rule_that_does_not_say_unless_gives_through_absences(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school, FIRST, instant(LENGTH))
    facts.absence(session, held, instant(2), instant(5))
    access.rule(session, town.town, {name: part for name, part in access.teachers().items() if name != "unless"})
    access.derive_all(session)
    assert pieces(session) == [(0, 10)]


def test_an_absence_that_was_taken_back_leaves_one_whole_right(session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school, FIRST, instant(LENGTH))
    absence = facts.absence(session, held, instant(2), instant(5))
    access.rule(session, town.town, access.teachers())
    access.derive_all(session)
    facts.close(session, absence)
    access.derive_all(session)
    assert pieces(session) == [(0, 10)]


absences = st.lists(st.tuples(st.integers(-2, 9), st.integers(1, 6)).map(lambda pair: (pair[0], sum(pair))), max_size=5)


def test_any_absences_leave_what_a_look_at_every_day_leaves(engine: Engine, session: Session, town: Town) -> None:
    held = facts.affiliation(session, facts.person(session), town.school, FIRST, instant(LENGTH))
    access.rule(session, town.town, access.teachers())

    @settings(
        max_examples=25 if engine.dialect.name == "sqlite" else 10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(absences)
    def holds(drawn: list[Days]) -> None:
        assert found_with(session, held, drawn) == day_by_day(drawn)

    holds()
