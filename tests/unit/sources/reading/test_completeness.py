"""When a reading counts as complete."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.records import Evidence
from iam.sources.reading.completeness import Before, judge

WHOLE = Evidence(rows=1000, digest="d", header="h", finished=True)
LAST = Before(rows=1000, header="h")


@pytest.mark.parametrize(
    ("evidence", "before", "expected"),
    [
        (replace(WHOLE, declared=1000), LAST, "proved"),
        (replace(WHOLE, declared=1000), None, "proved"),
        (replace(WHOLE, declared=1000, header="other"), LAST, "proved"),
        (replace(WHOLE, rows=10, declared=10), LAST, "proved"),
        (replace(WHOLE, rows=0, declared=0), LAST, "proved"),
        (replace(WHOLE, declared=1001), LAST, "incomplete"),
        (replace(WHOLE, declared=999), LAST, "incomplete"),
        (replace(WHOLE, declared=0), LAST, "incomplete"),
        (replace(WHOLE, declared=1000, finished=False), LAST, "incomplete"),
        (WHOLE, None, "plausible"),
        (WHOLE, LAST, "plausible"),
        (replace(WHOLE, rows=990), LAST, "plausible"),
        (replace(WHOLE, rows=989), LAST, "incomplete"),
        (replace(WHOLE, rows=500), LAST, "incomplete"),
        (replace(WHOLE, rows=5000), LAST, "plausible"),
        (replace(WHOLE, header="other"), LAST, "incomplete"),
        (replace(WHOLE, finished=False), None, "incomplete"),
        (replace(WHOLE, finished=False), LAST, "incomplete"),
        (replace(WHOLE, rows=0), LAST, "incomplete"),
    ],
)
def test_a_reading_is_proved_plausible_or_incomplete(evidence: Evidence, before: Before | None, expected: str) -> None:
    verdict, problem = judge(evidence, before)
    assert verdict == expected
    assert (problem is not None) == (expected == "incomplete")


def test_half_a_file_is_told_by_both_numbers_of_rows() -> None:
    _, problem = judge(replace(WHOLE, rows=702), Before(1448, "h"))
    assert str(problem).startswith("The file has 702 rows, the previous one had 1448. Nothing was changed.")


def test_a_count_that_does_not_match_is_told_by_both_numbers() -> None:
    _, problem = judge(replace(WHOLE, rows=4, declared=1448), None)
    assert "1448 rows, but 4 came" in str(problem)
