"""Whoever may decide something is told of it once on a working day, by how much there is and never by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.access.model.proposal import Proposal
from iam.deciding.telling import KIND, Telling, is_due
from iam.delivery.outbox import Message
from tests.kit.factories import facts

MONDAY = datetime(2026, 9, 14, 6, tzinfo=UTC)
TELLING = Telling(due_days=2, zone=clock.HELSINKI)
At = Callable[[datetime], None]


@pytest.fixture
def ids(session: Session, at: At) -> dict[str, UUID]:
    """Two towns, with somebody who writes rules in each, and somebody who administers both; a rule of each waits."""
    at(MONDAY)
    found = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("naapuri", "municipality", "marjala", True),
    )
    for name, place, permission in (
        ("aili", "kunta", "rules.write"),
        ("niilo", "naapuri", "rules.write"),
        ("paula", "marjala", "admin"),
        ("sanna", "kunta", "persons.read"),
    ):
        found[name] = facts.person(session)
        session.add(
            AdminGrant(
                person_id=found[name],
                permission=permission,
                organisation_id=found[place],
                valid_from=MONDAY - timedelta(days=1),
                valid_to=clock.FOREVER,
                opened_by=facts.change(session).id,
            )
        )
    for place, days in (("kunta", 0), ("naapuri", 6)):
        session.add(
            Proposal(
                kind="rule",
                key=f"{place}-saanto",
                digest=place,
                owner_id=found[place],
                counts={"gain": 1, "lose": 0},
                reasons=[],
                proposed_by=found["niilo"],
                proposed_at=MONDAY - timedelta(days=days),
            )
        )
    session.flush()
    return found


def told(session: Session) -> dict[str, tuple[int, int]]:
    rows = session.scalars(select(Message.payload).where(Message.kind == KIND))
    return {row["person"]: (row["waits"], row["due"]) for row in rows}


def test_each_is_told_how_much_of_their_part_waits_and_is_due_and_nobody_of_what_they_proposed(
    session: Session, ids: dict[str, UUID]
) -> None:
    assert TELLING(session) == 2
    assert told(session) == {str(ids["aili"]): (1, 0), str(ids["paula"]): (2, 1)}


def test_nobody_is_told_twice_a_day_at_night_or_on_a_saturday(session: Session, ids: dict[str, UUID], at: At) -> None:
    assert ids
    assert TELLING(session) == 2
    for hours, notes in ((4, 0), (23, 2), (22 + 24 * 4, 0)):
        at(MONDAY + timedelta(hours=hours))
        assert TELLING(session) == notes, hours
    at(MONDAY - timedelta(hours=3))
    assert TELLING(session) == 0


@pytest.mark.parametrize(
    ("at", "days", "now", "due"),
    [
        ("2026-09-14", 2, "2026-09-15", False),
        ("2026-09-14", 2, "2026-09-16", True),
        ("2026-09-11", 1, "2026-09-13", False),
        ("2026-09-11", 1, "2026-09-14", True),
        ("2026-09-12", 2, "2026-09-14", False),
        ("2026-09-12", 2, "2026-09-15", True),
    ],
)
def test_days_of_the_weekend_do_not_count(at: str, days: int, now: str, due: bool) -> None:
    zone = ZoneInfo(clock.HELSINKI)
    began, here = (datetime.fromisoformat(one).replace(hour=12, tzinfo=zone) for one in (at, now))
    assert is_due(began, days, here) is due
