"""How a source stood lately, as a picture and in words: for each day its last run, and all that its runs changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from admin_ui.feeds.picture import DAYS, days
from iam import clock
from iam.directory.source import Run
from tests.kit.worlds.admin import Reader, World

TODAY = date(2026, 9, 15)


def ran(text: str, state: str = "done", **counts: int) -> tuple[datetime, str, dict[str, Any]]:
    return datetime.fromisoformat(text).astimezone(UTC), state, counts


def test_each_day_tells_its_last_run_and_all_its_changes_in_the_sources_own_zone() -> None:
    marks = days(
        [
            ran("2026-09-12T23:30+03:00", rows=9),
            ran("2026-09-14T00:10+03:00", rows=10, new=2, rejected=1),
            ran("2026-09-14T12:00+03:00", rows=11, changed=3),
            ran("2026-09-15T02:00+03:00", "failed", rows=4),
        ],
        TODAY,
        clock.HELSINKI,
        4,
    )
    assert [(one.day.day, *one[1:]) for one in marks] == [
        (12, 9, 0, 0, "good"),
        (13, None, 0, 0, "none"),
        (14, 11, 5, 1, "good"),
        (15, None, 0, 0, "bad"),
    ]


@pytest.mark.parametrize(
    ("state", "stood"),
    [("partial", "good"), ("held", "waits"), ("refused", "waits"), ("stopped", "bad"), ("moved", "bad")],
)
def test_a_day_stands_as_its_run_ended(state: str, stood: str) -> None:
    assert days([ran("2026-09-15T02:00+03:00", state)], TODAY, clock.HELSINKI, 1)[0].stood == stood


def test_what_is_older_than_the_picture_is_not_in_it() -> None:
    assert {one.stood for one in days([ran("2026-01-01T02:00+03:00")], TODAY, clock.HELSINKI)} == {"none"}
    assert len(days([], TODAY, clock.HELSINKI)) == DAYS


@pytest.fixture
def read(world: World) -> World:
    """A payroll that was read on three days, once in vain, besides a dry run."""
    for n, (state, dry_run) in enumerate((("done", False), ("failed", False), ("partial", False), ("failed", True))):
        at = clock.now() - timedelta(days=3 - n)
        counts = {"rows": 100 + n, "new": n, "rejected": n}
        more = {"phases": {}, "reasons": [], "counts": counts, "dry_run": dry_run}
        world.write(Run(source_id=world.ids["hr"], state=state, started_at=at, ended_at=at, **more))
    return world


def test_the_page_of_a_source_has_the_picture_and_says_it_in_words(
    read: World, reader: Callable[[str], Reader]
) -> None:
    page = reader("paula").get("/admin/sources/hr").text
    assert '<svg viewBox="0 0 900 152" role="img"' in page
    assert "waiting 0, failed 1." in page
    assert "Rows left out:" in page


def test_the_overview_has_every_source_of_the_part_at_a_glance(read: World, reader: Callable[[str], Reader]) -> None:
    page = reader("paula").get("/admin/").text
    assert "Sources in the last 14 days" in page
    assert page.count('<svg class="glance"') == 1
    assert "failed 1." in page
    assert "Sources in the last 14 days" not in reader("sanna").get("/admin/").text
