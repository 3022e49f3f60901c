"""From when on changes are asked for, and when everything is read instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connectors.contract import CheckpointLost
from connectors.oneroster.rest.checkpoint import MOST_TOLD, horizon, read_checkpoint, write_checkpoint
from tests.unit.connectors.rest.test_rest_settings import settings

BEGUN = datetime(2026, 9, 15, 3, 0, 7, 5, tzinfo=UTC)
SINCE = horizon(BEGUN)


def test_changes_are_asked_for_from_ten_minutes_before_the_last_reading_began() -> None:
    memory = read_checkpoint(write_checkpoint(SINCE, BEGUN, {}, settings()), settings(), BEGUN)
    assert memory.condition() == "dateLastModified>'2026-09-15T02:50:07.000Z'"


def test_a_deletion_of_the_last_ten_minutes_is_remembered_until_it_is_marked_anew() -> None:
    gone = {("user", "1"): "2026-09-15T02:55:00.000Z", ("user", "2"): "2026-09-14T02:55:00.000Z", ("org", "3"): ""}
    memory = read_checkpoint(write_checkpoint(SINCE, BEGUN, gone, settings()), settings(), BEGUN)
    assert memory.was_told("user", "1", "2026-09-15T02:55:00.000Z")
    assert memory.was_told("org", "3", "")
    assert not memory.was_told("user", "1", "2026-09-15T02:56:00.000Z")
    assert not memory.was_told("user", "2", "2026-09-14T02:55:00.000Z")


def test_a_checkpoint_stays_within_4_kib_however_many_are_deleted() -> None:
    gone = {("user", str(n)): "" for n in range(3 * MOST_TOLD)}
    text = write_checkpoint(SINCE, BEGUN, gone, settings())
    assert len(text.encode()) <= 4096
    assert read_checkpoint(text, settings(), BEGUN).was_told("user", "0", "")


@pytest.mark.parametrize(
    ("changed", "later"),
    [
        ({"url": "https://muu.example/v1p2"}, timedelta()),
        ({"client_id": "muu"}, timedelta()),
        ({"full_every_days": 0}, timedelta()),
        ({}, timedelta(days=7)),
        ({}, timedelta(hours=-1)),
    ],
)
def test_everything_is_read_when_changes_cannot_be_told_or_a_week_is_over(
    changed: dict[str, object], later: timedelta
) -> None:
    text = write_checkpoint(SINCE, BEGUN, {}, settings())
    with pytest.raises(CheckpointLost) as caught:
        read_checkpoint(text, settings(**changed), BEGUN + later)
    assert caught.value.problem.remedy


def test_a_reading_of_changes_does_not_put_off_the_next_full_one() -> None:
    text = write_checkpoint(SINCE + timedelta(days=6), BEGUN, {}, settings())
    assert read_checkpoint(text, settings(), BEGUN + timedelta(days=6)).full == BEGUN.replace(microsecond=0)
    with pytest.raises(CheckpointLost):
        read_checkpoint(text, settings(), BEGUN + timedelta(days=7, minutes=1))
