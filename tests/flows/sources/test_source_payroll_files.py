"""What payroll systems really send, from the file to the facts in the database."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from connectors.hr import COLUMNS
from iam.directory.person import Identifier, PersonProfile
from iam.sources import configured
from tests.kit.feeds import fixed
from tests.kit.feeds.sheets import Cell, Failed, Table, ods, xlsx
from tests.kit.worlds.source import Row, World, build, hr_text, row, rows
from tests.unit.cli.test_cli import Cli


@pytest.fixture
def world(engine: Engine, tmp_path: Path) -> World:
    return build(engine, tmp_path)


def cells(table: list[Row], **others: Cell) -> list[list[Cell]]:
    """Rows as cells under our column names; ``others`` of the last row."""
    last: dict[str, Cell] = {**table[-1], **others}
    return [[*COLUMNS], *([row[name] for name in COLUMNS] for row in table[:-1]), [last[name] for name in COLUMNS]]


def point(world: World, **settings: object) -> None:
    """Let the source read by other settings."""
    with world.sessions.begin() as session:
        source = configured.by_key(session, "hr")
        source.settings = {**source.settings, **settings}


@pytest.mark.parametrize("write", [xlsx, ods])
def test_people_of_a_spreadsheet_start_and_end_on_the_days_of_its_cells(
    world: World, write: Callable[[Table], bytes]
) -> None:
    point(world, path=str(world.folder / "hr.xlsx"))
    file = world.folder / "hr.xlsx"
    table = cells(rows(range(1, 4)), alkamispvm=date(2026, 8, 1), paattymispvm=date(2026, 12, 31), henkilonumero=3)
    file.write_bytes(write([["Palvelussuhteet 15.9.2026"], *table]))
    assert world.run().state == "held"
    assert world.accept().state == "done"
    assert world.affiliations() == [
        ("1", "KOIVU", "employee", "2026-08-01", ""),
        ("2", "KOIVU", "employee", "2026-08-01", ""),
        ("3", "KOIVU", "employee", "2026-08-01", "2026-12-31"),
    ]
    assert sorted(world.all(select(PersonProfile.family_name))) == [
        "Sihteeri",
        "Sukunimi1",
        "Sukunimi2",
        "Sukunimi3",
        "Toinen",
    ]


def test_an_end_that_became_an_error_ends_nobody_and_prolongs_nobody(world: World) -> None:
    point(world, path=str(world.folder / "hr.xlsx"))
    file = world.folder / "hr.xlsx"
    file.write_bytes(xlsx(cells(rows(range(1, 4)), paattymispvm="31.12.2026")))
    world.run()
    world.accept()
    file.write_bytes(xlsx(cells(rows(range(1, 4)), paattymispvm=Failed("#REF!"))))
    report = world.later(days=1).run()
    assert (report.state, report.counts["rejected"]) == ("partial", 1)
    ((_, problem),) = report.rejects
    assert (problem.file, problem.line, problem.field) == ("hr.xlsx [Taul1]", 4, "paattymispvm")
    assert world.affiliations()[2] == ("3", "KOIVU", "employee", "2026-08-01", "2026-12-31")


def test_a_spreadsheet_that_is_cut_changes_nothing(world: World) -> None:
    point(world, path=str(world.folder / "hr.xlsx"))
    (world.folder / "hr.xlsx").write_bytes(xlsx(cells(rows(range(1, 4))))[:-200])
    report = world.run()
    assert (report.state, [str(one) for one in report.reasons]) == (
        "failed",
        ["hr.xlsx: The spreadsheet is cut or broken. Ask for the whole file again."],
    )
    assert world.all(select(Identifier.value)) == []


def test_people_of_lines_of_fixed_width_start_and_end_and_a_count_that_differs_changes_nothing(world: World) -> None:
    file = world.folder / "hr.txt"
    point(world, path=str(file), trailer={"mark": "LKM", "start": 4, "length": 6}, **fixed.SETTINGS)
    table = [*rows(range(1, 3)), row(3, paattymispvm="31.12.2026")]
    file.write_bytes(f"{fixed.text(table)}LKM000003\n".encode("iso-8859-1"))
    assert world.run().state == "held"
    report = world.accept()
    assert (report.state, report.completeness) == ("done", "proved")
    assert world.affiliations()[2] == ("3", "KOIVU", "employee", "2026-08-01", "2026-12-31")
    before = world.facts()
    file.write_bytes(f"{fixed.text(table[:2])}LKM000003\n".encode("iso-8859-1"))
    assert world.later(days=1).run().state == "stopped"
    assert world.facts() == before


def dropped(world: World, name: str, table: list[Row]) -> Path:
    """Leave a file in the folder of the source, changed an hour ago."""
    (path := world.folder / name).write_text(hr_text(table), encoding="utf-8")
    then = time.time() - 3600
    os.utime(path, (then, then))
    return path


def test_each_night_reads_the_newest_file_of_a_folder_and_nobody_goes_back_to_an_older_one(world: World) -> None:
    point(world, path=None, folder=str(world.folder), pattern="hr_*.csv")
    dropped(world, "hr_20260914.csv", rows(range(1, 4)))
    assert world.run().state == "held"
    world.accept()
    newer = dropped(
        world, "hr_20260915.csv", [*rows(range(1, 3)), row(3, paattymispvm="31.12.2026"), row(4, alkamispvm="eilen")]
    )
    report = world.later(days=1).run()
    assert (report.state, report.counts["rejected"]) == ("partial", 1)
    assert world.affiliations()[2][-1] == "2026-12-31"
    newer.unlink()
    report = world.later(days=2).run()
    assert (report.state, [one.message for one in report.reasons]) == (
        "failed",
        ["This file is older than %(before)s, which was read last. It is not read."],
    )
    assert world.affiliations()[2][-1] == "2026-12-31"
    assert world.later(days=2).run(full=True).state == "done"
    assert world.affiliations()[2][-1] == ""


def test_a_file_that_is_still_coming_changes_nothing_until_it_is_whole(world: World) -> None:
    point(world, path=None, folder=str(world.folder), pattern="hr_*.csv")
    dropped(world, "hr_20260914.csv", rows(range(1, 4)))
    world.run()
    world.accept()
    part = dropped(world, "hr_20260915.csv.part", rows(range(1, 5)))
    assert world.later(days=1).run().state == "failed"
    part.rename(world.folder / "hr_20260915.csv")
    assert world.later(days=1).run().counts["rows"] == 4


def test_the_command_line_reads_a_spreadsheet_and_tells_in_finnish_what_is_wrong_with_settings(world: World) -> None:
    url = world.engine.url.render_as_string(hide_password=False)
    iam = Cli(
        {"IAM_DATABASE__URL": url, "IAM_VAULT__KEY_FILE": str(world.folder / "vault.key"), "LC_ALL": "fi_FI.UTF-8"}
    )
    point(world, path=str(world.folder / "hr.xlsx"))
    (world.folder / "hr.xlsx").write_bytes(xlsx(cells(rows(range(1, 4)))))
    assert iam("source", "test", "hr").exit_code == 0
    assert iam("source", "run", "hr").exit_code == 3
    (world.folder / "hr.xlsx").write_bytes(xlsx([["Nimi"]]))
    told = iam("source", "test", "hr")
    assert (told.exit_code != 0, "Sarakkeiden nimiä ei ole millään 50 ensimmäisestä rivistä." in told.output) == (
        True,
        True,
    )
    point(world, fixed_width=[{"name": "palkka", "start": 1, "length": 8}])
    told = iam("source", "test", "hr")
    assert "Nämä eivät ole palvelussuhderivin sarakkeita: palkka." in told.output


def test_where_there_is_no_number_a_corrected_first_day_is_another_employment_and_nobody_is_without_in_between(
    world: World,
) -> None:
    point(world, key_of=["henkilonumero", "alkamispvm", "yksikko_koodi"])
    world.write([row(1), row(2), row(3)])
    world.run()
    world.accept()
    corrected = [row(1), row(2), row(3, alkamispvm="15.8.2026")]
    world.write(corrected)
    assert world.later(days=1).run().state == "done"
    mine = [one for one in world.affiliations() if one[0] == "3"]
    assert [one[-2:] for one in mine] == [("2026-08-01", ""), ("2026-08-15", "")]
    world.later(days=2).run()
    assert [one[-1] for one in world.affiliations() if one[0] == "3"] != ["", ""], "the old one has ended"
