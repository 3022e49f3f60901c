"""When a source is read by itself: at the hours its schedule names in its own zone, each once, by one worker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from iam.directory.source import Source
from iam.sources.schedule import following, is_schedule, last_due, take_due
from tests.kit.factories import facts

HELSINKI = "Europe/Helsinki"
NOW = datetime(2026, 9, 15, 6, tzinfo=UTC)
NIGHTLY = "15 2 * * *"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("schedule", "since", "now", "due"),
    [
        (NIGHTLY, "2026-09-14T12:00+03:00", "2026-09-15T02:14+03:00", None),
        (NIGHTLY, "2026-09-14T12:00+03:00", "2026-09-15T02:15+03:00", "2026-09-15T02:15+03:00"),
        (NIGHTLY, "2026-09-15T02:15+03:00", "2026-09-15T09:00+03:00", None),
        (NIGHTLY, "2026-09-01T02:15+03:00", "2026-09-15T09:00+03:00", "2026-09-15T02:15+03:00"),
        ("30 3 * * *", "2027-03-27T12:00+02:00", "2027-03-28T04:00+03:00", "2027-03-28T04:00+03:00"),
        ("30 3 * * *", "2026-10-24T12:00+03:00", "2026-10-25T03:30+03:00", "2026-10-25T03:30+03:00"),
        ("30 3 * * *", "2026-10-25T03:30+03:00", "2026-10-25T12:00+02:00", None),
        ("0 6 * * 1-5", "2026-09-11T06:00+03:00", "2026-09-13T23:00+03:00", None),
    ],
    ids=[
        "not yet",
        "at its minute",
        "once",
        "missed nights are one",
        "an hour that is skipped runs at the next",
        "an hour that comes twice runs the first time",
        "and not the second",
        "not at the weekend",
    ],
)
def test_a_source_is_due_at_its_hours_and_once_for_each(schedule: str, since: str, now: str, due: str | None) -> None:
    found = last_due(schedule, HELSINKI, at(since), at(now))
    assert found == (None if due is None else at(due))


def test_the_next_time_is_in_the_sources_own_zone() -> None:
    assert following(NIGHTLY, HELSINKI, NOW) == at("2026-09-16T02:15+03:00")
    assert following(NIGHTLY, "UTC", NOW) == at("2026-09-16T02:15+00:00")


@pytest.mark.parametrize("text", ["", "nightly", "61 2 * * *", "* * * *", "0 0 30 2 *", "* * * * * *; true"])
def test_what_is_no_schedule_is_told(text: str) -> None:
    assert not is_schedule(text)
    assert is_schedule(NIGHTLY)


def source(session: Session, key: str, town: UUID, **values: object) -> Source:
    row = facts.source(session, town)
    for name, value in {"key": key, "schedule": NIGHTLY, **values}.items():
        setattr(row, name, value)
    session.flush()
    return row


@pytest.fixture
def town(session: Session) -> UUID:
    return facts.tree(session, ("kunta", "municipality", None, True))["kunta"]


def test_a_new_schedule_counts_from_the_first_look(session: Session, town: UUID) -> None:
    row = source(session, "hr", town)
    assert take_due(session, NOW, (), 9) == []
    session.refresh(row)
    assert row.scheduled_at == NOW
    (due,) = take_due(session, NOW + timedelta(days=1), (), 9)
    assert (due.key, due.deadline) == ("hr", timedelta(minutes=120))


def test_of_many_workers_one_starts_what_is_due(session: Session, town: UUID) -> None:
    source(session, "hr", town, scheduled_at=NOW - timedelta(days=1))
    assert [one.key for one in take_due(session, NOW, (), 9)] == ["hr"]
    assert take_due(session, NOW, (), 9) == []


def test_what_is_out_of_use_under_way_or_too_many_waits(session: Session, town: UUID) -> None:
    for n, key in enumerate(("a", "b", "c", "d")):
        source(session, key, town, scheduled_at=NOW - timedelta(days=4 - n), disabled=key == "a")
    session.execute(update(Source).where(Source.key == "d").values(schedule=None))
    assert [one.key for one in take_due(session, NOW, {"b"}, 1)] == ["c"]
    assert [one.key for one in take_due(session, NOW, (), 1)] == ["b"]
