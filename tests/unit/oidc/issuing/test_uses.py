"""How often people are given tokens by a capacity is counted by Finnish days, of their own capacity and application
only, and since the right began."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Select, Uuid, literal, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.audit.log import AuditEvent
from iam.database.types import UtcDateTime, least_uuid7
from iam.oidc.issuing import uses
from iam.oidc.issuing.redemption import ISSUED
from iam.oidc.issuing.uses import MonthUsed, Used
from iam.oidc.model import Client
from tests.kit.factories import access, facts

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Counted:
    """An application with a client, and one person with a right in it."""

    def __init__(self, session: Session) -> None:
        self.session, self.person, self.capacity = session, uuid4(), uuid4()
        ids = facts.tree(session, ("marjala", "consortium", None, True))
        self.application = access.application(session, ids["marjala"])
        self.other = access.application(session, ids["marjala"], "toinen")
        for application, client in ((self.application, "wilma"), (self.other, "toinen")):
            session.add(
                Client(application_id=application, client_id=client, sector=client, auth="none", redirect_uris=[])
            )
        session.flush()

    def issue(self, at: datetime, *, client: str = "wilma", capacity: UUID | None = None, **more: Any) -> None:
        """A token that was issued."""
        envelope = {"client": client, "capacity": str(capacity or self.capacity), "by": "refresh_token"}
        id_ = UUID(int=least_uuid7(at).int + uuid4().int % 2**60)
        row = {"id": id_, "at": at, "type": ISSUED, "subject_id": self.person, "request_id": "", "envelope": envelope}
        self.session.add(AuditEvent(**row | more))
        self.session.flush()

    def under(self, begins: datetime = clock.LONG_AGO) -> Select[Any]:
        """The person's right, as pages select those under an agreement."""
        names = "person_id", "capacity_id", "application_id"
        ids = (self.person, self.capacity, self.application)
        columns: list[Any] = [literal(id_, Uuid()).label(name) for name, id_ in zip(names, ids, strict=True)]
        return select(*columns, literal(begins, UtcDateTime()).label("begins"))

    def used(self, begins: datetime = clock.LONG_AGO) -> Used | None:
        return uses.of_people(self.session, self.under(begins), [self.person]).get(self.person)


@pytest.fixture
def counted(session: Session, monkeypatch: pytest.MonkeyPatch) -> Counted:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return Counted(session)


def test_days_times_and_the_last_time_are_counted(counted: Counted) -> None:
    for at in (NOW - timedelta(days=3), NOW - timedelta(days=3, hours=1), NOW - timedelta(days=1)):
        counted.issue(at)
    assert counted.used() == Used(2, 3, NOW - timedelta(days=1))


def test_a_day_is_one_in_finland_before_clocks_are_changed_and_after(counted: Counted) -> None:
    # 25 October 2026 has 25 hours: 23.30 on it is 21.30 UTC; in summer 0.30 is 21.30 UTC of the day before.
    counted.issue(datetime(2026, 10, 25, 21, 30, tzinfo=UTC))
    counted.issue(datetime(2026, 10, 25, 9, 0, tzinfo=UTC))
    assert counted.used() == Used(1, 2, datetime(2026, 10, 25, 21, 30, tzinfo=UTC))
    counted.issue(datetime(2026, 9, 1, 21, 30, tzinfo=UTC))
    counted.issue(datetime(2026, 9, 2, 9, 0, tzinfo=UTC))
    counted.issue(datetime(2026, 11, 2, 21, 30, tzinfo=UTC))
    counted.issue(datetime(2026, 11, 2, 22, 30, tzinfo=UTC))
    assert counted.used() == Used(4, 6, datetime(2026, 11, 2, 22, 30, tzinfo=UTC))


def test_nothing_of_another_capacity_application_person_or_time_is_counted(counted: Counted) -> None:
    counted.issue(NOW - timedelta(days=1), capacity=uuid4())
    counted.issue(NOW - timedelta(days=1), client="toinen")
    counted.issue(NOW - timedelta(days=1), subject_id=uuid4())
    counted.issue(NOW - timedelta(days=1), type="oidc:authorization:granted")
    counted.issue(NOW - timedelta(days=91))
    assert counted.used() is None
    counted.issue(NOW - timedelta(days=20))
    assert counted.used(begins=NOW - timedelta(days=10)) is None
    assert counted.used(begins=NOW - timedelta(days=30)) == Used(1, 1, NOW - timedelta(days=20))


def test_months_are_told_newest_first_with_people_and_times_also_where_there_are_none(counted: Counted) -> None:
    counted.issue(NOW)
    counted.issue(NOW - timedelta(days=1))
    counted.issue(datetime(2026, 8, 31, 20, 30, tzinfo=UTC))
    counted.issue(datetime(2026, 8, 31, 21, 30, tzinfo=UTC))
    found = uses.by_month(counted.session, counted.under())
    assert [(one.month.month, one.people, one.times) for one in found] == [(11, 1, 2), (10, 0, 0), (9, 1, 1), (8, 1, 1)]
    assert isinstance(found[0], MonthUsed)


def test_several_rights_of_several_people_are_counted_in_one_statement_each(counted: Counted) -> None:
    counted.issue(NOW)
    both = union_all(counted.under(), counted.under()).subquery()
    assert uses.of_people(counted.session, select(both).distinct(), [counted.person, uuid4()]) == {
        counted.person: Used(1, 1, NOW)
    }
