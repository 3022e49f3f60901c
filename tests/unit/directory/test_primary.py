"""The primary affiliation is the one first marked so; whoever comes later with a mark of their own moves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.right import capacities
from iam.directory import primary
from iam.directory.affiliation import Affiliation
from iam.directory.source import Source
from tests.kit.factories import facts

DAY = timedelta(days=1)


class Work:
    """A teacher, a school, and two sources that place her there."""

    def __init__(self, session: Session) -> None:
        self.session, self.teacher = session, facts.person(session)
        self.school = facts.organisation(session, "KOULU", entity=True)
        self.first, self.second = (facts.source(session, self.school, key) for key in ("first", "second"))

    def at(self, source: Source, *, marked: bool = True, **values: Any) -> Affiliation:
        return facts.affiliation(
            self.session, self.teacher, self.school, source_id=source.id, is_primary=marked, **values
        )

    def primary(self) -> UUID | None:
        at = clock.now()
        one = primary.of_one(self.session, self.teacher, at)
        told = [each.id for each in capacities(self.session, self.teacher, at) if each.is_primary]
        assert primary.of(self.session, [self.teacher], at)[self.teacher].fact_id == one
        assert told in ([], [one])
        return one


@pytest.fixture
def work(session: Session, frozen: datetime) -> Work:
    return Work(session)


def test_another_source_s_mark_moves_nothing(work: Work) -> None:
    held = work.at(work.first)
    work.at(work.second, since=clock.now() - 900 * DAY)
    assert work.primary() == held.fact_id


def test_a_correction_leaves_the_first_mark_where_it_was(session: Session, work: Work) -> None:
    held = work.at(work.first)
    work.at(work.second)
    facts.correct(session, held, title="Rehtori")
    assert work.primary() == held.fact_id


def test_a_source_moves_its_own_mark(session: Session, work: Work) -> None:
    old = work.at(work.first)
    work.at(work.second)
    new = work.at(work.first, marked=False)
    facts.correct(session, old, is_primary=False)
    facts.correct(session, new, is_primary=True)
    assert work.primary() == new.fact_id


def test_an_old_affiliation_that_is_marked_only_now_takes_no_other_s_place(session: Session, work: Work) -> None:
    old = work.at(work.first, marked=False)
    held = work.at(work.second)
    facts.correct(session, old, is_primary=True)
    assert work.primary() == held.fact_id


def test_the_next_one_marked_is_the_primary_when_the_first_has_ended(work: Work) -> None:
    work.at(work.first, until=clock.now())
    second = work.at(work.second)
    assert work.primary() == second.fact_id


def test_one_that_is_to_come_is_not_yet_the_primary(work: Work) -> None:
    coming = work.at(work.first, since=clock.now() + DAY)
    held = work.at(work.second)
    assert work.primary() == held.fact_id
    with clock.fixed(clock.now() + DAY):
        assert work.primary() == coming.fact_id


def test_where_none_is_marked_the_one_told_first_stands_for_it(work: Work) -> None:
    first = work.at(work.first, marked=False)
    work.at(work.second, marked=False)
    assert work.primary() == first.fact_id


def test_the_last_that_ended_stands_for_it_for_ninety_days(work: Work) -> None:
    work.at(work.first, until=clock.now() - 20 * DAY)
    last = work.at(work.second, marked=False, until=clock.now() - 10 * DAY)
    assert work.primary() == last.fact_id
    with clock.fixed(clock.now() + 80 * DAY):
        assert primary.of_one(work.session, work.teacher, clock.now()) is None
