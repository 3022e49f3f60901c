"""Which file of a folder is newer."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from connectors.drop.order import order_of, unpacked


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("hr_20260915.csv", datetime(2026, 9, 15)),
        ("hr-2026-09-15.xlsx", datetime(2026, 9, 15)),
        ("2026_09_15_hr.csv", datetime(2026, 9, 15)),
        ("hr_20260915_0431.csv", datetime(2026, 9, 15, 4, 31)),
        ("hr_20260915T043105.csv", datetime(2026, 9, 15, 4, 31, 5)),
        ("hr202609150431.csv", datetime(2026, 9, 15, 4, 31)),
        ("palvelussuhteet 15.9.2026.csv", datetime(2026, 9, 15)),
        ("palvelussuhteet_15092026.csv", datetime(2026, 9, 15)),
        ("palvelussuhteet_20102026.csv", datetime(2026, 10, 20)),
        ("837_20260915.csv", datetime(2026, 9, 15)),
        ("hr_20261399_20260915.csv", datetime(2026, 9, 15)),
    ],
)
def test_the_day_and_the_time_in_a_name_tell_how_new_it_is(name: str, moment: datetime) -> None:
    assert order_of(name, 0).moment == moment


@pytest.mark.parametrize("name", ["hr.csv", "hr_20261399.csv", "hr_1234567890.csv", "hr_120260915.csv"])
def test_without_a_day_in_the_name_it_is_told_by_when_the_file_was_changed_in_finnish_time(name: str) -> None:
    assert order_of(name, 1_789_426_800 * 10**9).moment == datetime(2026, 9, 15, 2, 0)


def test_of_two_files_of_one_day_the_one_changed_later_is_newer() -> None:
    first, again = order_of("hr_20260915_2.csv", 1), order_of("hr_20260915_1.csv", 2)
    assert first < again < order_of("hr_20260916.csv", 0)


@given(st.text(), st.integers(-(10**30), 10**30))
def test_any_name_and_time_has_an_order_that_a_checkpoint_keeps(name: str, changed: int) -> None:
    order = order_of(name, changed)
    assert unpacked(order.packed()) == order


@given(st.text())
def test_what_is_no_checkpoint_is_none(text: str) -> None:
    assert unpacked(text) is None
