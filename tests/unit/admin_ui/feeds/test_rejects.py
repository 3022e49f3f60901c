"""The rows that a run left out, to be corrected: each with its line, what is wrong, what to do and what became of
it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date

import pytest

from admin_ui.feeds import rejects
from iam.demo.codes import identity_code
from iam.directory.source import RunReject
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World

CODE = identity_code(date(1980, 5, 1), "-", 951)


@pytest.fixture
def run(world: World) -> str:
    """A run that left out one row and took another in part; what is told of that holds an identity code."""
    made = catalogue.run(world, counts={"rows": 9, "rejected": 1, "warned": 1})
    leak = RunReject(
        run_id=made.id,
        n=2,
        kind="employment",
        file=f"{CODE}.csv",
        line=7,
        field=None,
        message="There is no known kind %(value)s.",
        remedy="Correct it in the source, or add the value to the column matching.",
        params={"value": CODE},
    )
    world.write(catalogue.reject(made.id, 1), leak)
    return f"/admin/runs/{made.id}/rejects"


def test_each_row_of_the_file_says_where_it_is_what_to_do_and_what_became_of_it(
    reader: Callable[[str], Reader], run: str
) -> None:
    text = reader("paula").get(f"{run}.csv").get_data(as_text=True).lstrip("\ufeff")
    header, first, second = csv.reader(io.StringIO(text), delimiter=";")
    assert header == ["File", "Line", "Field", "Reason", "What to do", "What became of it"]
    reason, remedy = "This is not a day.", "Write it as d.m.yyyy or yyyy-mm-dd."
    assert first == ["hr.csv", "2", "alkamispvm", reason, remedy, "left out"]
    assert second[5] == "taken in part, or left out later"


def test_what_holds_an_identity_code_is_neither_on_the_page_nor_in_the_file(
    reader: Callable[[str], Reader], run: str
) -> None:
    for address in (run, f"{run}.csv"):
        assert CODE not in reader("paula").get(address).get_data(as_text=True)


def test_rows_that_are_too_many_to_be_listed_are_counted(
    reader: Callable[[str], Reader], run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "more were left out" not in reader("paula").get(run).text
    monkeypatch.setattr(rejects, "REJECTS_KEPT", 0)
    assert "The first 0 rows are listed, 1 more were left out." in reader("paula").get(run).text
