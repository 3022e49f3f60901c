"""A source on its pages, from the first dry run to a held run that a second administrator accepts; no scripts, real
files, both databases."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.affiliation import Affiliation
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World, administer, build, person
from tests.kit.worlds.source import Row, code, hr_text, rows

PATIENCE = 60
TODAY = clock.today()
"""The day of every file here, though midnight pass between two of them."""
HERE = "/admin/sources/payroll"


class Office:
    """The world with a source ``payroll`` over a file, Paula who runs it and Veera who accepts."""

    def __init__(self, world: World, file: Path) -> None:
        self.world, self.file = world, file
        person(world, "veera", "Varahenkilö")
        administer(world, "veera", "ROOT", "admin")
        catalogue.source(world, "payroll", settings={"path": str(file)}, correlate=["identity-code"])
        self.paula, self.veera = (Reader(world, login).enter() for login in ("paula", "veera"))

    def write(self, table: list[Row]) -> None:
        """Write the file."""
        self.file.write_text(hr_text(table), encoding="utf-8")

    def press(self, who: Reader, button: str, page: str = HERE) -> str:
        """Press a button of the source and return the address of the run's page once the run is over."""
        answer = who.post(f"{HERE}/{button}", page)
        assert answer.status_code == 303, answer.text
        until(lambda: 'http-equiv="refresh"' not in who.get(answer.location).text)
        assert re.fullmatch(r"/admin/runs/[0-9a-f-]{36}", answer.location)
        return str(answer.location)

    def load(self, table: list[Row]) -> None:
        """Make the first run, and accept it."""
        self.write(table)
        self.press(self.veera, "accept", self.press(self.paula, "run"))

    def jobs(self) -> int:
        """How many employments of the source hold now."""
        now = clock.now()
        query = select(func.count()).where(
            Affiliation.source_id == self.world.ids["payroll"],
            Affiliation.closed_by.is_(None),
            Affiliation.valid_to > now,
        )
        with Session(self.world.engine) as session:
            return session.scalar(query) or 0


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "the run has not ended"
        time.sleep(0.2)


def teachers(numbers: range, **values: str) -> list[Row]:
    """Teachers of KOIVU since last month."""
    day = TODAY - timedelta(days=30)
    return rows(numbers, **{"alkamispvm": f"{day.day}.{day.month}.{day.year}", **values})


def yesterday() -> str:
    day = TODAY - timedelta(days=1)
    return f"{day.day}.{day.month}.{day.year}"


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    world = build(database_url, tmp_path)
    yield Office(world, tmp_path / "payroll.csv")
    world.engine.dispose()


def test_a_source_is_tried_run_and_accepted_by_a_second_administrator(office: Office) -> None:
    office.write(teachers(range(2001, 2031)))
    assert "Dry run: nothing was changed" in office.paula.get(office.press(office.paula, "dry-run")).text
    assert office.jobs() == 0

    run = office.press(office.paula, "run")
    page = office.paula.get(run).text
    assert "This is the source&#39;s first run: it is shown and waits." in page
    assert "You ran it yourself, so somebody else must accept it." in page
    assert f'action="{HERE}/accept"' not in page
    assert office.paula.force(f"{HERE}/accept").status_code == 409
    assert office.jobs() == 0
    assert re.search(
        r"Koivu en.*?Employee</td>\s*<td class=\"number\"[^>]*>30<", office.veera.get(f"{run}/effects").text, re.DOTALL
    )

    accepted = office.press(office.veera, "accept", run)
    assert "Done" in office.veera.get(accepted).text
    assert office.jobs() == 30
    assert "Nothing has changed since the last run." in office.paula.get(office.press(office.paula, "run")).text


def test_half_a_file_changes_nothing_and_the_page_says_why(office: Office) -> None:
    office.load(teachers(range(2001, 2041)))
    office.write(teachers(range(2001, 2021)))
    page = office.paula.get(office.press(office.paula, "run")).text
    assert "The file has 20 rows, the previous one had 40. Nothing was changed." in page
    assert "Facts and rights are as they were." in page
    assert office.jobs() == 40


def test_too_many_ends_are_held_shown_by_organisation_in_red_and_applied_when_accepted(office: Office) -> None:
    office.load(teachers(range(2001, 2041)))
    office.write(teachers(range(2001, 2031)) + teachers(range(2031, 2041), paattymispvm=yesterday()))
    run = office.press(office.paula, "run")
    page = office.veera.get(run).text
    assert "10 affiliations would lose something" in page
    assert office.jobs() == 40
    effects = office.veera.get(f"{run}/effects").text
    assert re.search(r"hds-status-label--error[^>]*>(?:(?!</span>).)*25 %", effects, re.DOTALL)
    told = office.veera.get(f"{run}/effects.csv").get_data(as_text=True).splitlines()
    assert [line.split(";")[1:4] for line in told[1:]] == [['"Koivu en"', '"ends"', '"Employee"']] * 10

    office.press(office.veera, "accept", run)
    assert office.jobs() == 30


def test_rows_that_cannot_be_read_are_listed_with_line_field_and_remedy_and_no_identity_code(office: Office) -> None:
    table = teachers(range(2001, 2011))
    office.load(table)
    table += [
        *teachers(range(2011, 2012), alkamispvm="31.2.2026"),
        *teachers(range(2012, 2013), toimipisteet="OLEMATON:100"),
    ]
    office.write(table)
    run = office.press(office.paula, "run")
    assert "2 rows were left out." in office.paula.get(run).text
    page = office.paula.get(f"{run}/rejects").text
    for words in (
        "payroll.csv, line 12",
        "alkamispvm",
        "This is not a day.",
        "There is no organisation OLEMATON.",
        "Add the organisation",
    ):
        assert words in page
    told = office.paula.get(f"{run}/rejects.csv").get_data(as_text=True)
    assert '"payroll.csv";"13";"toimipisteet";"There is no organisation OLEMATON."' in told
    assert code(2011) not in page + told
    assert office.jobs() == 10


def test_a_missing_file_fails_the_test_and_the_run_with_the_cause_and_changes_nothing(office: Office) -> None:
    answer = office.paula.post(f"{HERE}/test", HERE)
    assert answer.status_code == 422
    assert "payroll.csv" in answer.text
    assert "Facts and rights are as they were." in answer.text
    page = office.paula.get(office.press(office.paula, "run")).text
    assert "Failed" in page
    assert "Run again" in page
    office.write(teachers(range(2001, 2011)))
    answer = office.paula.post(f"{HERE}/test", HERE)
    assert "The source answers." in office.paula.get(answer.location).text


def test_what_the_source_says_when_nothing_waits_is_refused(office: Office) -> None:
    assert office.veera.force(f"{HERE}/accept").status_code == 409
    assert office.jobs() == 0
