"""Files for spreadsheets: a cell is a cell, whatever is in it."""

from __future__ import annotations

import csv

import pytest

from iam import csv_text

CALLS = (
    '=HYPERLINK("http://evil.example")',
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "＝1",
    "＋1",
    "＠a",
    "'=1",
    '"=1"',
    "−1",
)


@pytest.mark.parametrize("text", CALLS)
def test_a_cell_that_a_spreadsheet_could_take_for_a_formula_is_text(text: str) -> None:
    assert csv_text.cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Aino", "O'Neill", "2026-08-01", "1 = 1", "a@kunta.example", "", "Åse"])
def test_any_other_cell_is_as_it_is(text: str) -> None:
    assert csv_text.cell(text) == text


def test_every_cell_is_quoted_so_that_no_separator_makes_another_one_of_it() -> None:
    row = ["a;=1", "b,=1", 'c"', "d\n=1", None, 5]
    text = csv_text.written([row])
    assert text.startswith('"a;=1";"b,=1";"c""";')
    assert next(csv.reader([text], delimiter=";")) == ["a;=1", "b,=1", 'c"', "d\n=1", "", "5"]
