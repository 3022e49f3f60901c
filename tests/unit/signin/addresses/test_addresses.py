"""Where a person's codes go: to the address that their primary place tells, and to another one only after a wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.audit.log import AuditEvent
from iam.change import Actor
from iam.database.types import uuid7
from iam.delivery.outbox import Message
from iam.directory.person import Person, PersonProfile
from iam.directory.source import Source
from iam.errors import NotFound
from iam.signin.accounts.account import Account
from iam.signin.addresses import change as addresses
from tests.kit.factories import facts

DAY = timedelta(days=1)
WAIT = 3 * DAY
OWN, OTHER, FOREIGN = "aino@town.example", "aino.uusi@town.example", "aino@other.example"
At = Callable[[datetime], None]


class Towns:
    """Two towns with a school and a source each; the foreign source would rather be heard."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.ids = facts.tree(
            session,
            ("root", "consortium", None, True),
            ("town", "municipality", "root", True),
            ("school", "school", "town", False),
            ("other", "municipality", "root", True),
            ("elsewhere", "school", "other", False),
        )
        self.payroll = facts.source(session, self.ids["town"], "payroll")
        self.foreign = facts.source(session, self.ids["other"], "foreign")
        self.foreign.priority = 1

    def somebody(self, login: str = "aino") -> UUID:
        row = Person(sort_name="")
        self.session.add(row)
        self.session.flush()
        self.session.add(Account(person_id=row.id, login=login, language="fi"))
        return row.id

    def says(self, source: Source | None, person_id: UUID, email: str | None) -> None:
        """What a source says from now on."""
        key = source.id if source else None
        change = facts.change(self.session)
        before = update(PersonProfile).where(
            PersonProfile.person_id == person_id,
            PersonProfile.source_id.is_not_distinct_from(key),
            PersonProfile.closed_by.is_(None),
        )
        self.session.execute(before.values(closed_by=change.id))
        self.session.add(
            PersonProfile(
                person_id=person_id,
                source_id=key,
                email=email,
                valid_from=clock.LONG_AGO,
                valid_to=clock.FOREVER,
                opened_by=change.id,
            )
        )
        self.session.flush()

    def works(self, person_id: UUID, place: str, source: Source, *, marked: bool = True) -> None:
        facts.affiliation(self.session, person_id, self.ids[place], source_id=source.id, is_primary=marked)

    def codes_to(self, person_id: UUID) -> str | None:
        """Where a code that is asked for now goes."""
        addresses.follow(self.session, [person_id], WAIT)
        return addresses.usable(self.session, person_id, clock.now())

    def told(self) -> list[str]:
        """The addresses that are to be told of another, in order."""
        rows = self.session.scalars(select(Message).where(Message.kind == addresses.CHANGED).order_by(Message.id))
        found = [self.session.get(addresses.SignInAddress, UUID(row.payload["old"])) for row in rows]
        return [row.address for row in found if row is not None]


@pytest.fixture
def towns(session: Session, frozen: datetime) -> Towns:
    return Towns(session)


@pytest.fixture
def teacher(towns: Towns) -> UUID:
    """A teacher of the town whose payroll tells her address."""
    person_id = towns.somebody()
    towns.works(person_id, "school", towns.payroll)
    towns.says(towns.payroll, person_id, OWN)
    return person_id


def later(at: At, span: timedelta) -> None:
    at(clock.now() + span)


def test_the_first_address_gets_codes_at_once(towns: Towns, teacher: UUID) -> None:
    assert (towns.codes_to(teacher), towns.told()) == (OWN, [])


def test_a_second_employer_who_recognises_her_gets_none_of_her_codes(towns: Towns, teacher: UUID, at: At) -> None:
    towns.codes_to(teacher)
    towns.works(teacher, "elsewhere", towns.foreign)
    towns.says(towns.foreign, teacher, FOREIGN)
    later(at, 30 * DAY)
    assert (towns.codes_to(teacher), towns.told()) == (OWN, [])


def test_who_only_a_foreign_source_describes_gets_no_code(towns: Towns) -> None:
    person_id = towns.somebody()
    towns.works(person_id, "school", towns.payroll)
    towns.says(towns.foreign, person_id, FOREIGN)
    assert towns.codes_to(person_id) is None


def test_a_declared_address_counts_wherever_she_works(towns: Towns) -> None:
    person_id = towns.somebody()
    towns.says(None, person_id, OWN)
    assert towns.codes_to(person_id) == OWN


def test_a_guardian_s_address_comes_from_the_school_of_the_child(towns: Towns) -> None:
    guardian, child = towns.somebody(), towns.somebody("lapsi")
    towns.works(child, "school", towns.payroll)
    facts.relationship(towns.session, guardian, child)
    towns.says(towns.foreign, guardian, FOREIGN)
    assert towns.codes_to(guardian) is None
    towns.says(towns.payroll, guardian, OWN)
    assert towns.codes_to(guardian) == OWN


def test_a_guardian_who_works_has_the_address_of_work(towns: Towns, teacher: UUID) -> None:
    child = towns.somebody("lapsi")
    towns.works(child, "elsewhere", towns.foreign)
    facts.relationship(towns.session, teacher, child)
    towns.says(towns.foreign, teacher, FOREIGN)
    assert towns.codes_to(teacher) == OWN


def test_a_changed_address_waits_three_days_and_the_old_one_is_told(towns: Towns, teacher: UUID, at: At) -> None:
    towns.codes_to(teacher)
    later(at, DAY)
    towns.says(towns.payroll, teacher, OTHER)
    assert (towns.codes_to(teacher), towns.told()) == (OWN, [OWN])
    later(at, WAIT - timedelta(seconds=1))
    assert towns.codes_to(teacher) == OWN
    later(at, timedelta(seconds=1))
    assert (towns.codes_to(teacher), towns.told()) == (OTHER, [OWN])
    changed = select(AuditEvent.subject_id).where(AuditEvent.type == "signin:address:changed")
    assert towns.session.scalars(changed).all() == [teacher]


def test_a_confirmed_address_gets_codes_at_once(towns: Towns, teacher: UUID, at: At) -> None:
    actor = Actor(uuid7())
    towns.codes_to(teacher)
    with pytest.raises(NotFound):
        addresses.confirm(towns.session, teacher, actor)
    later(at, DAY)
    towns.says(towns.payroll, teacher, OTHER)
    towns.codes_to(teacher)
    row = addresses.waiting(towns.session, teacher, clock.now())
    assert row is not None
    assert row.address == OTHER
    addresses.confirm(towns.session, teacher, actor)
    assert towns.codes_to(teacher) == OTHER
    assert addresses.waiting(towns.session, teacher, clock.now()) is None
    (event,) = towns.session.scalars(select(AuditEvent).where(AuditEvent.type == "signin:address:confirmed"))
    assert (event.actor_id, event.subject_id, event.envelope) == (actor.person_id, teacher, {"address": str(row.id)})


def test_an_address_that_is_taken_back_before_its_time_never_gets_a_code(towns: Towns, teacher: UUID, at: At) -> None:
    towns.codes_to(teacher)
    later(at, DAY)
    towns.says(towns.payroll, teacher, OTHER)
    towns.codes_to(teacher)
    later(at, DAY)
    towns.says(towns.payroll, teacher, OWN)
    assert (towns.codes_to(teacher), towns.told()) == (OWN, [OWN])
    later(at, 30 * DAY)
    assert towns.codes_to(teacher) == OWN


def test_a_third_address_starts_the_wait_anew_and_the_one_in_force_is_told_again(
    towns: Towns, teacher: UUID, at: At
) -> None:
    towns.codes_to(teacher)
    for email in (OTHER, "third@town.example"):
        later(at, 2 * DAY)
        towns.says(towns.payroll, teacher, email)
        assert towns.codes_to(teacher) == OWN
    later(at, 2 * DAY)
    assert (towns.codes_to(teacher), towns.told()) == (OWN, [OWN, OWN])
    later(at, DAY)
    assert towns.codes_to(teacher) == "third@town.example"


def test_who_loses_the_address_and_gets_another_is_not_new(towns: Towns, teacher: UUID, at: At) -> None:
    towns.codes_to(teacher)
    later(at, DAY)
    towns.says(towns.payroll, teacher, None)
    assert towns.codes_to(teacher) is None
    later(at, DAY)
    towns.says(towns.payroll, teacher, OTHER)
    assert (towns.codes_to(teacher), towns.told()) == (None, [OWN])
    later(at, WAIT)
    assert towns.codes_to(teacher) == OTHER


def test_who_acts_is_told_about_at_the_address_from_before(towns: Towns, teacher: UUID, at: At) -> None:
    assert towns.codes_to(teacher) == OWN
    assert addresses.older(towns.session, teacher, clock.now()) is None
    later(at, DAY)
    assert addresses.older(towns.session, teacher, clock.now()) == OWN
    towns.says(towns.payroll, teacher, OTHER)
    towns.codes_to(teacher)
    addresses.confirm(towns.session, teacher, Actor(uuid7()))
    assert addresses.usable(towns.session, teacher, clock.now()) == OTHER
    assert addresses.older(towns.session, teacher, clock.now()) == OWN


def test_what_is_no_address_is_nothing_told(towns: Towns, teacher: UUID) -> None:
    towns.says(towns.payroll, teacher, "puuttuu")
    assert towns.codes_to(teacher) is None
