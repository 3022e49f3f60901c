"""How far a run is that is under way: its phases, and a bar where the last run tells how much there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from admin_ui.feeds import progress
from iam import clock
from iam.sources import background
from iam.sources.background import RunState
from tests.kit.worlds import catalogue
from tests.kit.worlds.admin import Reader, World


@pytest.fixture
def busy(world: World) -> str:
    """The address of a run that is under way, of a source whose last good run had 100 rows."""
    catalogue.source(world, "busy", leased_until=clock.now() + timedelta(hours=1))
    catalogue.run(world, "busy", ago=timedelta(days=1))
    made = catalogue.run(world, "busy", state="running", ended_at=None, counts={})
    return f"/admin/runs/{made.id}"


def test_while_it_reads_the_bar_stands_beside_the_rows_of_the_last_time(
    world: World, reader: Callable[[str], Reader], busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(background._standing, "busy", RunState("read", 50))
    for address in (busy, "/admin/sources/busy"):
        page = reader("paula").get(address).text
        assert "Reading and checking, 50 rows, the last time 100" in page
        assert 'max="1" value="0.167"' in page
        assert '<li class="phases__now" aria-current="step">Reading and checking' in page
        assert 'http-equiv="refresh"' in page


def test_a_phase_that_is_over_is_told_as_done(
    world: World, reader: Callable[[str], Reader], busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(background._standing, "busy", RunState("write", 100))
    page = reader("paula").get(busy).text
    assert page.count('class="phases__done"') == 2
    assert 'max="1" value="0.667"' in page


def test_where_another_process_carries_it_out_the_bar_only_moves(
    world: World, reader: Callable[[str], Reader], busy: str
) -> None:
    page = reader("paula").get(busy).text
    assert "<progress aria-label=" in page
    assert "value=" not in page[page.index("<progress") :].partition(">")[0]


@pytest.mark.parametrize(
    ("phase", "rows", "before", "share"),
    [("waiting", 0, 100, 0.0), ("read", 10, None, None), ("read", 200, 100, 1 / 3), ("compare", 9, None, 1 / 3)],
)
def test_the_share_of_a_first_run_cannot_be_told_while_it_reads_and_more_rows_than_before_are_no_more_than_all(
    phase: str, rows: int, before: int | None, share: float | None
) -> None:
    assert progress._share(progress.ON_THE_WAY.index(phase) if phase != "waiting" else -1, rows, before) == share
