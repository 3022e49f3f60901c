"""Rows that come late, and rows that correct last month: validity is what the row says, knowledge begins with the run,
and rights follow from the run on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from iam import clock
from iam.access.model.assignment import Assignment
from iam.directory.affiliation import Affiliation
from iam.sources.report import Report
from tests.kit.worlds.source import Row, World, build, row, rows

OTHERS = rows(range(100, 112))
"""Who makes one person's loss or gain small enough for the guard."""


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    """The source, a role for every employee, and twelve people who work in KOIVU."""
    world = build(engine, tmp_path)
    world.give_teachers_a_role()
    world.load(OTHERS)
    return world


def night(world: World, days: int, *table: Row) -> Report:
    """Run the source so many days after the first run, over these rows and those of the others."""
    return world.later(days=days).run([*table, *OTHERS])


def holding(world: World, number: str) -> bool:
    """Whether a person's role is given a month from the first run."""
    then = world.later(days=30).at
    held = select(func.count()).where(
        Assignment.person_id == world.persons()[number],
        Assignment.closed_by.is_(None),
        Assignment.valid_from <= then,
        Assignment.valid_to > then,
    )
    return bool(world.scalar(held))


def of(world: World, number: str) -> list[tuple[str, ...]]:
    """First and last day of each of a person's affiliations, with its kind."""
    return [(kind, first, last) for who, _, kind, first, last in world.affiliations() if who == number]


def test_a_contract_that_comes_after_the_first_day_of_work_holds_from_that_day_and_gives_rights_from_now(
    world: World,
) -> None:
    report = night(world, 1, row(1, alkamispvm="1.9.2026"))
    assert (report.state, report.counts["start"], report.counts["rights_gain"]) == ("done", 1, 1)
    assert of(world, "1") == [("employee", "2026-09-01", "")]
    assert holding(world, "1")
    mine = Assignment.person_id == world.persons()["1"]
    given = world.scalar(select(Assignment.valid_from).where(mine))
    assert given <= world.later(days=1).at


def test_a_substitute_of_two_days_who_is_told_of_afterwards_is_known_and_gets_nothing(world: World) -> None:
    report = night(world, 1, row(1, palvelussuhteen_laji="vakinainen", alkamispvm="1.9.2026", paattymispvm="2.9.2026"))
    assert (report.state, report.counts["rights_gain"]) == ("done", 0)
    assert of(world, "1") == [("employee", "2026-09-01", "2026-09-02")]
    assert not holding(world, "1")


def test_a_start_that_is_corrected_back_into_last_month_is_one_fact_of_which_both_versions_are_kept(
    world: World,
) -> None:
    night(world, 1, row(1, alkamispvm="1.9.2026"))
    report = night(world, 2, row(1, alkamispvm="11.8.2026"))
    assert (report.state, report.counts["change"]) == ("done", 1)
    assert of(world, "1") == [("employee", "2026-08-11", "")]
    mine = Affiliation.person_id == world.persons()["1"]
    found = world.all(select(Affiliation).where(mine).order_by(Affiliation.version_id))
    assert [(one.closed_by is None, one.fact_id == found[0].fact_id) for one in found] == [(False, True), (True, True)]
    assert holding(world, "1")


def test_an_end_of_last_month_takes_the_rights_now_and_not_before(world: World) -> None:
    night(world, 1, row(1))
    report = night(world, 2, row(1, paattymispvm="31.8.2026"))
    assert (report.state, report.counts["end"], report.counts["rights_lose"]) == ("done", 1, 1)
    assert not holding(world, "1")
    mine = Assignment.person_id == world.persons()["1"]
    last = max(
        world.all(select(Assignment.valid_to).where(mine, Assignment.closed_by.is_(None))), default=clock.FOREVER
    )
    assert last <= world.later(days=2).at


def test_an_end_of_last_month_that_was_an_error_gives_the_rights_back_when_it_is_taken_away(world: World) -> None:
    night(world, 1, row(1))
    night(world, 2, row(1, paattymispvm="31.8.2026"))
    report = night(world, 3, row(1))
    assert (report.state, report.counts["rights_gain"]) == ("done", 1)
    assert (of(world, "1"), holding(world, "1")) == ([("employee", "2026-08-01", "")], True)


def test_contracts_one_after_another_with_a_summer_between_are_each_their_own(world: World) -> None:
    terms = (("P1-a", "1.8.2025", "31.5.2026"), ("P1-b", "10.8.2026", "31.5.2027"), ("P1-c", "1.5.2027", "31.7.2027"))
    table = [row(1, number, alkamispvm=first, paattymispvm=last) for number, first, last in terms]
    night(world, 1, *table)
    assert of(world, "1") == [
        ("employee", "2025-08-01", "2026-05-31"),
        ("employee", "2026-08-10", "2027-05-31"),
        ("employee", "2027-05-01", "2027-07-31"),
    ]
    night(world, 2, *table[:1], table[1] | {"paattymispvm": "31.8.2026"}, *table[2:])
    assert of(world, "1")[1] == ("employee", "2026-08-10", "2026-08-31")
    assert not holding(world, "1")
