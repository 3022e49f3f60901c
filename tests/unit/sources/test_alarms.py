"""Who looks after a scheduled source is told once when it is amiss, and nobody else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from iam.delivery import outbox
from iam.delivery.mail import Mail
from iam.delivery.outbox import Message
from iam.directory.person import PersonProfile
from iam.directory.source import Run, Source
from iam.settings import Settings
from iam.sources import alarms
from iam.sources.measures import Feeds
from iam.texts import Texts
from tests.kit.factories import access, facts

MONDAY = datetime(2026, 9, 14, 6, tzinfo=UTC)
DAY = timedelta(days=1)
At = Callable[[datetime], None]


@pytest.fixture
def ids(session: Session, at: At) -> dict[str, UUID]:
    """A town with a source that is read each night, and people who may do something with sources, or not."""
    at(MONDAY)
    found = facts.tree(
        session,
        ("marjala", "consortium", None, True),
        ("kunta", "municipality", "marjala", True),
        ("naapuri", "municipality", "marjala", True),
    )
    for name, place, permission in (
        ("hoitaja", "kunta", "sources.run"),
        ("hyvaksyja", "marjala", "sources.accept"),
        ("lukija", "kunta", "sources.read"),
        ("vieras", "naapuri", "sources.run"),
    ):
        found[name] = facts.person(session)
        access.admin_grant(session, found[name], permission, found[place])
    source = facts.source(session, found["kunta"])
    source.schedule, source.scheduled_at = "15 2 * * *", MONDAY
    session.flush()
    found["source"] = source.id
    return found


def run(session: Session, ids: dict[str, UUID], state: str, when: datetime) -> None:
    row = Run(
        source_id=ids["source"],
        state=state,
        dry_run=False,
        started_at=when,
        ended_at=when,
        phases={},
        counts={},
        reasons=[],
    )
    session.add(row)
    session.flush()


def told(session: Session, ids: dict[str, UUID]) -> list[tuple[str, str]]:
    names = {str(id_): name for name, id_ in ids.items()}
    rows = session.scalars(select(Message.payload).where(Message.kind == alarms.KIND))
    return sorted((names[row["person"]], row["alarm"]) for row in rows)


def test_who_looks_after_a_source_that_failed_is_told_once_and_again_after_it_was_well(
    session: Session, ids: dict[str, UUID], at: At
) -> None:
    assert alarms.amiss(session) == 0
    run(session, ids, "failed", MONDAY)
    assert (alarms.amiss(session), alarms.amiss(session)) == (2, 0)
    assert told(session, ids) == [("hoitaja", "failed"), ("hyvaksyja", "failed")]
    run(session, ids, "done", MONDAY + timedelta(hours=1))
    assert alarms.amiss(session) == 0
    run(session, ids, "stopped", MONDAY + timedelta(hours=2))
    assert alarms.amiss(session) == 2


@pytest.mark.parametrize(
    ("hours", "notes"), [(18, 0), (42, 0), (45, 2)], ids=["due once", "due twice just now", "an hour later"]
)
def test_a_source_that_is_not_read_in_time_is_told_of(
    session: Session, ids: dict[str, UUID], at: At, hours: int, notes: int
) -> None:
    run(session, ids, "done", MONDAY)
    at(MONDAY + timedelta(hours=hours))
    assert alarms.amiss(session) == notes
    assert {alarm for _, alarm in told(session, ids)} == ({"stale"} if notes else set())


def test_one_without_a_schedule_or_out_of_use_alarms_nobody(session: Session, ids: dict[str, UUID], at: At) -> None:
    source = session.get_one(Source, ids["source"])
    run(session, ids, "failed", MONDAY)
    source.schedule = None
    assert alarms.amiss(session) == 0
    source.schedule, source.disabled = "15 2 * * *", True
    assert alarms.amiss(session) == 0


def test_the_measures_say_when_it_was_well_and_what_is_amiss(
    engine: Engine, session: Session, ids: dict[str, UUID], at: At
) -> None:
    run(session, ids, "done", MONDAY)
    run(session, ids, "failed", MONDAY + DAY)
    key = session.get_one(Source, ids["source"]).key
    session.commit()
    registry = CollectorRegistry()
    registry.register(Feeds(engine))
    assert registry.get_sample_value("avain_source_good_timestamp_seconds", {"source": key}) == MONDAY.timestamp()
    for why, value in (("failed", 1), ("stale", 0)):
        assert registry.get_sample_value("avain_source_amiss", {"source": key, "why": why}) == value


class Bag:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    def send(self, mail: Mail) -> None:
        """Keep it."""
        self.mails.append(mail)

    def greet(self) -> None:
        """Nothing to greet."""


@pytest.mark.parametrize(
    ("alarm", "says"),
    [
        ("failed", "The last run of the source %(source)s did not succeed."),
        ("stale", "The source %(source)s has not been read in time."),
    ],
)
def test_the_mail_says_what_is_amiss_with_which_source_and_where_to_look(
    session: Session, ids: dict[str, UUID], alarm: str, says: str
) -> None:
    person_id = ids["hoitaja"]
    session.execute(update(PersonProfile).where(PersonProfile.person_id == person_id).values(email="h@kunta.example"))
    outbox.leave(
        session,
        alarms.KIND,
        [(outbox.MAIL_SERVER, {"person": str(person_id), "source": "palkat", "alarm": alarm})],
    )
    (due,), bag = outbox.take(session, [alarms.KIND], 10), Bag()
    alarms.ByMail(Settings(), bag)(session, due)()
    (mail,) = bag.mails
    assert mail.to == "h@kunta.example"
    assert "palkat" in mail.text
    assert "/admin/sources/palkat" in mail.text
    assert Texts("fi").gettext(says) % {"source": "palkat"} in mail.text
    alarms.ByMail(Settings(), None)(session, due)()
    assert len(bag.mails) == 1
