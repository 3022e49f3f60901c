"""How far a run is that is under way: its phases, and a bar where the last run tells how much there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from admin_ui.feeds import progress
from iam import clock
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World


def busy(world: World, rows: int, **phases: float) -> str:
    """The address of a run that has come so far, of a source whose last good run had 100 rows."""
    catalogue.source(world, "busy", leased_until=clock.now() + timedelta(hours=1))
    catalogue.run(world, "busy", ago=timedelta(days=1))
    counts = {"rows": rows} if rows else {}
    made = catalogue.run(world, "busy", state="running", ended_at=None, counts=counts, phases=phases)
    return f"/admin/runs/{made.id}"


def test_while_it_reads_the_bar_stands_beside_the_rows_of_the_last_time(
    world: World, reader: Callable[[str], Reader]
) -> None:
    for address in (busy(world, 50, read=2.0), "/admin/sources/busy"):
        page = reader("paula").get(address).text
        assert "Reading and checking, 50 rows, the last time 100" in page
        assert 'max="1" value="0.125"' in page
        assert '<li class="phases__now" aria-current="step">Reading and checking' in page
        assert 'http-equiv="refresh"' in page


def test_a_phase_that_is_over_is_told_as_done(world: World, reader: Callable[[str], Reader]) -> None:
    page = reader("paula").get(busy(world, 100, write=1.0, read=2.0, compare=0.1, correlate=0.2)).text
    assert page.count('class="phases__done"') == 3
    assert 'max="1" value="0.750"' in page


def test_where_nothing_is_told_yet_the_bar_only_moves(world: World, reader: Callable[[str], Reader]) -> None:
    page = reader("paula").get(busy(world, 0)).text
    assert "<progress aria-label=" in page
    assert "value=" not in page[page.index("<progress") :].partition(">")[0]


@pytest.mark.parametrize(
    ("at", "rows", "before", "share"),
    [(0, 0, 100, None), (0, 10, None, None), (0, 200, 100, 0.25), (2, 9, None, 0.5)],
)
def test_the_share_of_a_first_run_cannot_be_told_while_it_reads_and_more_rows_than_before_are_no_more_than_all(
    at: int, rows: int, before: int | None, share: float | None
) -> None:
    assert progress._share(at, rows, before) == share
