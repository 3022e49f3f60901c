"""When a record that does not come any more ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from iam.database.types import uuid7
from iam.sources.reading.known import ending

NOW = datetime(2026, 9, 15, 3, tzinfo=UTC)
RECORD = uuid7()


@pytest.mark.parametrize(
    ("missing_for", "grace", "outcome"),
    [
        (None, 20, "first missed"),
        (timedelta(0), 20, "waits"),
        (timedelta(hours=19, minutes=59), 20, "waits"),
        (timedelta(hours=20), 20, "ends"),
        (timedelta(days=3), 20, "ends"),
        (timedelta(hours=1), 0, "ends"),
        (None, 0, "first missed"),
        (timedelta(hours=20), 48, "waits"),
    ],
)
def test_a_missing_record_is_first_missed_then_waits_then_ends(
    missing_for: timedelta | None, grace: int, outcome: str
) -> None:
    ends, first = ending([(RECORD, NOW - missing_for if missing_for is not None else None)], NOW, grace)
    assert ("ends" if ends else "first missed" if first else "waits") == outcome
    assert [*ends, *first] in ([], [RECORD])


def test_records_are_told_apart() -> None:
    new, waiting, over = uuid7(), uuid7(), uuid7()
    missing = [(new, None), (waiting, NOW - timedelta(hours=2)), (over, NOW - timedelta(hours=30))]
    assert ending(missing, NOW, 20) == ([over], [new])
