"""What a row that cannot be read takes with it: nothing. Its key is known, so that it is neither missing nor ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from iam.directory.source import RunReject
from tests.kit.worlds.source import World, build, row, rows


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def test_an_employment_of_a_kind_that_nobody_knows_is_rejected_and_ends_nothing(world: World) -> None:
    world.load(rows(range(12)))
    before = world.affiliations()
    table = [row(0, palvelussuhteen_laji="talkoolainen"), *rows(range(1, 12))]
    for days in (1, 2, 3):
        report = world.later(days=days).run(table)
        assert (report.state, report.counts["rejected"], report.counts["missing"]) == ("partial", 1, 0)
    assert world.affiliations() == before
    told = select(RunReject.line, RunReject.field, RunReject.params).where(RunReject.run_id == report.run_id)
    assert world.all(told) == [(2, "palvelussuhteen_laji", {"value": "talkoolainen"})]


@pytest.mark.parametrize("values", [{"nimike": "140381-902E"}, {"tyopuhelin": "040\x07"}])
def test_a_row_that_cannot_be_read_is_not_missing_and_hides_no_other_that_is(
    world: World, values: dict[str, str]
) -> None:
    world.load(rows(range(12)))
    table = [row(0, **values), *rows(range(1, 11))]
    for days in (1, 2):
        world.write(table, trailer=len(table))
        report = world.later(days=days).run()
    assert (report.counts["rejected"], report.counts["missing"], report.counts["end"]) == (1, 1, 1)
    assert [number for number, *_, last in world.affiliations() if last] == ["11"]
