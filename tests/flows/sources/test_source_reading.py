"""What a file's own oddities take from people: nothing. Empty rows, quotes that do not close, moments, signs that
nobody sees."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from connectors.hr import COLUMNS
from iam.directory.person import PersonProfile
from iam.sources.report import Report
from tests.kit.worlds.source import Row, World, build, hr_text, rows

SEPARATORS = ";" * (len(COLUMNS) - 1)
EMPTY = [SEPARATORS, '"";' * (len(COLUMNS) - 1) + '""', " ; ;" + SEPARATORS[2:], "", ";;"]


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def lines(table: Iterable[Row]) -> list[str]:
    """The lines of an HR file, header first."""
    return hr_text(table).splitlines()


def run(world: World, text: Iterable[str], end: str = "\n") -> Report:
    """Run the source over lines of text."""
    world.file.write_text("\n".join(text) + end, encoding="utf-8")
    return world.run()


def ended(world: World) -> list[str]:
    """The employee numbers whose affiliation has a last day."""
    return [number for number, *_, last in world.affiliations() if last]


@pytest.mark.parametrize("empty", EMPTY)
def test_whoever_left_ends_as_configured_though_an_empty_row_stands_at_the_end_of_the_file(
    world: World, empty: str
) -> None:
    world.load(rows(range(1, 201)))
    text = [*lines(rows([*range(1, 5), *range(6, 201)])), empty]
    first = run(world.later(days=1), text)
    assert (first.state, first.counts["rows"], first.counts["rejected"], first.counts["missing"]) == ("done", 199, 0, 1)
    assert ended(world) == []
    assert run(world.later(days=2), text).counts["end"] == 1
    assert ended(world) == ["5"]


def test_empty_rows_count_nowhere_so_that_a_declared_number_still_proves_the_file(world: World) -> None:
    world.load(rows(range(12)))
    text = lines(rows(range(12)))
    report = run(world.later(days=1), [text[0], *EMPTY, *text[1:6], *EMPTY, *text[6:], "#rows;12", *EMPTY])
    assert (report.state, report.completeness, report.counts["rows"]) == ("done", "proved", 12)


def test_whoever_stands_on_a_last_line_without_a_line_break_is_read(world: World) -> None:
    world.load(rows(range(5)))
    report = run(world.later(days=1), lines(rows(range(6))), end="")
    assert (report.state, report.completeness, report.counts["start"]) == ("done", "plausible", 1)
    assert [one[0] for one in world.affiliations()] == list("012345")


def test_a_file_that_is_cut_in_its_last_line_still_changes_nothing(world: World) -> None:
    world.load(rows(range(5)))
    before = world.facts()
    text = lines(rows(range(6)))
    text[-1] = text[-1][:60]
    assert run(world.later(days=1), text, end="").state == "stopped"
    assert world.facts() == before


def test_nobody_whose_line_an_open_quote_swallowed_ends_and_nobody_else_while_a_line_cannot_be_told(
    world: World,
) -> None:
    world.load(rows(range(12)))
    text = lines(rows(range(12)))
    text[3] = text[3].replace("Luokanopettaja", '"Luokanopettaja')
    text[6] = text[6].replace("Luokanopettaja", '";')
    for days in (1, 2, 3):
        report = run(world.later(days=days), [*text[:-1], "#rows;11"])
        assert (report.state, report.counts["rejected"], report.counts["missing"]) == ("partial", 2, 0)
        assert [problem.line for _, problem in report.rejects] == [4, 7]
    assert ended(world) == []
    for days in (4, 5):
        run(world.later(days=days), lines(rows(range(11))))
    assert ended(world) == ["11"]


def test_an_open_quote_after_a_number_keeps_only_that_one_so_that_others_who_left_end(world: World) -> None:
    world.load(rows(range(12)))
    text = lines(rows(range(11)))
    text[3] = text[3].replace("Luokanopettaja", '"Luokanopettaja')
    for days in (1, 2):
        report = run(world.later(days=days), [*text, "#rows;11"])
        assert (report.counts["rejected"], report.counts["missing"]) == (1, 1)
    assert ended(world) == ["11"]


def test_whoever_was_swallowed_into_one_field_of_a_row_with_the_right_number_of_fields_does_not_end(
    world: World,
) -> None:
    world.load(rows(range(12)))
    text = lines(rows(range(12)))
    text[3] = text[3].replace("Luokanopettaja", '"Luokanopettaja')
    text[6] = text[6].replace("Luokanopettaja", 'Luokanopettaja"')
    for days in (1, 2):
        report = run(world.later(days=days), [*text, "#rows;12"])
        assert (report.completeness, report.counts["rejected"], report.counts["unchanged"]) == ("proved", 2, 10)
    assert ended(world) == []
    assert set(world.all(select(PersonProfile.family_name))) >= {f"Sukunimi{n}" for n in range(12)}


def test_a_last_day_told_as_a_moment_in_utc_is_the_source_s_own_day(world: World) -> None:
    world.load([*rows(range(1, 6)), *rows([301], paattymispvm="2026-12-31T22:00:00Z")])
    assert [last for number, *_, last in world.affiliations() if number == "301"] == ["2027-01-01"]
    text = rows([301], paattymispvm="1.1.2027")
    assert world.later(days=1).run([*rows(range(1, 6)), *text]).counts["changed"] == 1
    assert [last for number, *_, last in world.affiliations() if number == "301"] == ["2027-01-01"]


def test_a_number_as_excel_writes_text_is_the_number_and_a_mark_inside_the_file_refuses_its_line_only(
    world: World,
) -> None:
    text = lines(rows(range(1, 4)))
    text[2] = text[2].replace("2;", '"=""0002""";', 1)
    text[3] = "\ufeff" + text[3]
    assert run(world, text).state == "held"
    report = world.accept()
    assert [(problem.line, problem.field) for _, problem in report.rejects] == [(4, "henkilonumero")]
    assert [one[0] for one in world.affiliations()] == ["0002", "1"]


@pytest.mark.parametrize("column", ["henkilonumero", "palvelussuhdenumero"])
def test_nobody_ends_because_a_mark_got_into_their_number_and_somebody_else_still_may(
    world: World, column: str
) -> None:
    world.load(rows(range(12)))
    table = rows(range(11))
    table[0][column] = "\ufeff" + table[0][column]
    for days in (1, 2):
        world.write(table, trailer=11)
        report = world.later(days=days).run()
        assert (report.counts["rejected"], report.counts["missing"]) == (1, 1)
    assert ended(world) == ["11"]
    assert len(world.persons()) == 12


def test_a_name_keeps_what_is_seen_of_it_and_the_line_is_told(world: World) -> None:
    table = rows(range(3))
    table[1]["sukunimi"] = "Aho\u200bla"
    world.write(table)
    world.run()
    report = world.accept()
    assert (report.state, report.counts["rejected"], report.counts["warned"]) == ("done", 0, 0)
    assert [(problem.line, problem.field) for _, problem in report.warnings] == [(3, "sukunimi")]
    assert "Ahola" in world.all(select(PersonProfile.family_name))
