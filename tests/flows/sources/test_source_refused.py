"""What was refused of a source does not come back the next night: just these rows, as they were said."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from iam.directory.source import Source
from iam.sources import acceptance, configured
from iam.sources.report import Report
from tests.kit.worlds.source import Row, World, build, row, rows

ENDS = "1.9.2026"


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def ending(*numbers: int, **values: str) -> list[Row]:
    """Twelve teachers, of whom these have a last day that has been."""
    return [row(n, paattymispvm=ENDS, **values) if n in numbers else row(n) for n in range(12)]


def working(world: World) -> int:
    return len([one for one in world.affiliations() if not one[4]])


@pytest.fixture
def refused(world: World) -> World:
    """Twelve teachers, three of whom the file ended and somebody refused that; a day later."""
    world.load(rows(range(12)))
    tomorrow = world.later(days=1)
    assert tomorrow.run(ending(0, 1, 2)).state == "held"
    tomorrow.refuse()
    return world.later(days=2)


def test_the_same_rows_are_not_asked_again_and_take_nothing(refused: World) -> None:
    for night in range(3):
        report = refused.later(days=night).run()
        assert (report.state, report.counts["refused"], report.counts["unchanged"]) == ("done", 3, 12)
    assert working(refused) == 12


def test_a_row_that_says_something_else_is_asked_and_the_others_are_not(refused: World) -> None:
    other = [row(0, paattymispvm="2.9.2026"), *ending(1, 2)[1:]]
    report = refused.run(other)
    assert (report.state, report.counts["end"], report.counts["refused"]) == ("done", 1, 2)
    assert working(refused) == 11


def test_what_more_than_was_refused_ends_is_judged_by_itself(refused: World) -> None:
    report = refused.run(ending(0, 1, 2, 3, 4, 5))
    assert (report.state, report.counts["held_end"], report.counts["refused"]) == ("held", 3, 3)
    refused.refuse("nekin")
    again = refused.later(days=1).run()
    assert (again.state, again.counts["refused"], working(refused)) == ("done", 6, 12)


def test_a_row_that_says_again_what_stands_and_then_what_was_refused_is_asked(refused: World) -> None:
    assert refused.run(rows(range(12))).state == "done"
    report = refused.later(days=1).run(ending(0, 1, 2))
    assert (report.state, report.counts["held_end"]) == ("held", 3)


def test_rows_that_are_gone_stay_refused_until_they_come_back(world: World) -> None:
    def run(day: int, first: int) -> Report:
        world.write(rows(range(first, 100)), trailer=100 - first)
        return world.later(days=day).run()

    world.load(rows(range(100)))
    assert run(1, first=6).state == "done"
    assert run(2, first=6).state == "held"
    world.later(days=2).refuse()
    for night in range(3, 6):
        report = run(night, first=6)
        assert (report.state, report.counts["refused"], report.counts["missing"]) == ("done", 6, 0)
    assert run(6, first=0).state == "done"
    assert run(7, first=6).state == "done"
    assert (run(8, first=6).state, working(world)) == ("held", 100)


def test_what_was_refused_is_not_accepted_afterwards_with_what_waits_newly(refused: World) -> None:
    refused.run(ending(0, 1, 2, 3, 4, 5))
    assert refused.accept().state == "done"
    assert working(refused) == 9


def test_a_first_run_that_was_refused_is_not_shown_again_until_the_data_or_its_settings_are_others(
    world: World,
) -> None:
    assert world.run(rows(range(3))).state == "held"
    world.refuse()
    report = world.later(days=1).run()
    assert (report.state, report.exit_code, working(world)) == ("refused", 3, 0)
    assert [str(one) for one in report.reasons] == [
        "This very data was refused. Nothing was changed. "
        "Correct it in the source, or how it is read; then it is looked at anew."
    ]
    assert world.later(days=2).run(rows(range(4))).state == "held"
    world.later(days=2).refuse()
    with world.sessions.begin() as session:
        session.scalars(select(Source)).one().zone = "UTC"
    assert world.later(days=3).run().state == "held"


def test_what_was_refused_by_mistake_is_asked_again_by_the_next_run(refused: World) -> None:
    with refused.sessions.begin() as session, refused.now():
        assert acceptance.ask_again(session, configured.by_key(session, "hr"), refused.second) == 3
    report = refused.run()
    assert (report.state, report.counts["held_end"]) == ("held", 3)


def test_a_first_run_that_was_refused_by_mistake_is_shown_again(world: World) -> None:
    world.run(rows(range(3)))
    world.refuse()
    assert world.later(days=1).run().state == "refused"
    with world.sessions.begin() as session, world.later(days=1).now():
        acceptance.ask_again(session, configured.by_key(session, "hr"), world.second)
    assert world.later(days=1).run().state == "held"


def test_half_a_file_that_was_refused_stops_each_night_and_asks_nobody(world: World) -> None:
    world.load(rows(range(40)))
    assert world.later(days=1).run(rows(range(20))).state == "stopped"
    world.later(days=1).refuse()
    assert world.later(days=2).run().state == "refused"
    assert world.later(days=3).run(rows(range(40))).state == "done"
    assert working(world) == 40
