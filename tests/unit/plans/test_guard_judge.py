"""The guard by numbers: which ends pass, and which wait."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from iam.plans.guard import judge


@pytest.mark.parametrize(
    ("size", "ends", "before", "limit", "broken"),
    [
        (600, 4, 0, 6, None),
        (600, 7, 0, 6, "seven days"),
        (600, 3, 5, 6, "seven days"),
        (12, 3, 0, 2, "share"),
        (3, 1, 0, 5, None),
    ],
)
def test_the_rows_of_the_worked_example(size: int, ends: int, before: int, limit: int, broken: str | None) -> None:
    assert judge(size, ends, before) == (limit, broken)


@pytest.mark.parametrize(
    ("size", "ends", "before", "broken"),
    [
        (600, 6, 0, None),
        (600, 1, 5, None),
        (600, 1, 6, "seven days"),
        (600, 0, 100, None),
        (599, 6, 0, "seven days"),
        (599, 5, 0, None),
        (10_000, 100, 0, None),
        (10_000, 101, 0, "seven days"),
        (4, 4, 0, None),
        (5, 1, 0, None),
        (5, 2, 0, "share"),
        (10, 2, 0, None),
        (10, 3, 0, "share"),
        (25, 5, 0, None),
        (25, 6, 0, "seven days"),
        (24, 5, 0, "share"),
        (0, 0, 0, None),
        (1, 1, 0, None),
        (3, 3, 3, "seven days"),
    ],
)
def test_the_limits_hold_from_just_above_them(size: int, ends: int, before: int, broken: str | None) -> None:
    assert judge(size, ends, before)[1] == broken


@given(size=st.integers(0, 20_000), wanted=st.lists(st.integers(0, 300), max_size=30))
def test_whatever_a_source_asks_for_never_more_than_the_limits_pass_unheld(size: int, wanted: list[int]) -> None:
    passed: list[int] = []
    left = size
    for ends in wanted:
        ends = min(ends, left)
        broken = judge(left, ends, sum(passed[-6:]))[1]
        if broken is None:
            assert left < 5 or ends <= 0.2 * left
        passed.append(0 if broken else ends)
        assert sum(passed[-7:]) <= max(5, 0.01 * size) or passed[-1] == 0
        left -= passed[-1]


@given(size=st.integers(0, 20_000), before=st.integers(0, 50))
def test_fewer_ends_are_never_held_where_more_pass(size: int, before: int) -> None:
    verdicts = [judge(size, ends, before)[1] is None for ends in range(min(size, 250) + 1)]
    assert all(fewer or not more for fewer, more in pairwise(verdicts))
