"""Moments as programs read them."""

from __future__ import annotations

from datetime import UTC, datetime

from iam import clock
from iam.api.reading import moments

DAY = datetime(2026, 8, 1, tzinfo=UTC)


def test_what_holds_since_ever_and_without_end_has_no_moment() -> None:
    assert moments.start(clock.LONG_AGO) is None
    assert moments.end(clock.FOREVER) is None
    assert moments.moment(None) is None


def test_a_moment_is_told_with_its_offset() -> None:
    assert [moments.start(DAY), moments.end(DAY), moments.moment(DAY)] == ["2026-08-01T00:00:00+00:00"] * 3
