"""Where a second factor is asked: by an organisation, by one above it, by an application; the strongest counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.change import SYSTEM, begin
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.signin.factors import levels, policy
from iam.vault import Vault
from tests.kit.factories import facts
from tests.kit.people import add_person, employ

DAY = timedelta(days=1)


@pytest.fixture
def aino(session: Session, frozen: datetime) -> UUID:
    """Aino works in a school of a town for another 100 days; the school has been under the town since yesterday."""
    person_id = add_person(session, Vault(bytes(32)), "aino")
    employ(session, person_id, until_days=100)
    school = session.scalars(select(Organisation)).one()
    town = facts.organisation(session, "YLIN", "municipality")
    facts.places(
        session, school.id, (None, True, clock.LONG_AGO, frozen - DAY), (town, True, frozen - DAY, clock.FOREVER)
    )
    return person_id


def of(session: Session, key: str) -> UUID:
    return session.scalars(select(Organisation.id).where(Organisation.key == key)).one()


def asked(session: Session, person_id: UUID, application: str | None = None, days: int = 0) -> str | None:
    return policy.least_acr(session, person_id, clock.now() + days * DAY, application_least=application)


def test_where_nobody_asks_the_application_decides(session: Session, aino: UUID) -> None:
    assert [asked(session, aino, least) for least in (None, *levels.LEVELS)] == [None, *levels.LEVELS]


@pytest.mark.parametrize("key", ["KUNTA", "YLIN"])
def test_an_organisation_asks_its_people_and_those_under_it(session: Session, aino: UUID, key: str) -> None:
    policy.ask(session, {of(session, key): 0})
    assert asked(session, aino) == levels.TWO_FACTOR
    assert asked(session, aino, levels.PASSWORD) == levels.TWO_FACTOR
    assert asked(session, aino, levels.PASSKEY) == levels.PASSKEY


def test_it_asks_while_the_affiliation_and_the_tree_say_so(session: Session, aino: UUID) -> None:
    policy.ask(session, {of(session, "YLIN"): 0})
    assert asked(session, aino, days=-2) is None
    assert asked(session, aino, days=99) == levels.TWO_FACTOR
    assert asked(session, aino, days=100) is None
    change = begin(session, "command", SYSTEM)
    session.scalars(select(Affiliation)).one().closed_by = change.id
    assert asked(session, aino) is None


def test_it_does_not_ask_of_others_nor_when_it_no_longer_asks(session: Session, aino: UUID) -> None:
    policy.ask(session, {of(session, "KUNTA"): 0})
    assert asked(session, add_person(session, Vault(bytes(32)), "toinen")) is None
    policy.ask(session, {of(session, "KUNTA"): None})
    assert asked(session, aino) is None
    assert policy.asking(session) == {}


def test_a_device_is_remembered_for_the_fewest_days_that_all_who_ask_allow(session: Session, aino: UUID) -> None:
    assert policy.remember_days(session, aino, 30) == 30
    policy.ask(session, {of(session, "KUNTA"): 20, of(session, "YLIN"): 7})
    assert policy.remember_days(session, aino, 30) == 7
    assert policy.remember_days(session, aino, 5) == 5
    policy.ask(session, {of(session, "YLIN"): 0})
    assert policy.remember_days(session, aino, 30) == 0


def test_a_remembered_device_is_one_persons_own_until_its_day_and_while_all_allow_it(
    session: Session, aino: UUID, at: Callable[[datetime], None]
) -> None:
    policy.ask(session, {of(session, "KUNTA"): 20})
    other = add_person(session, Vault(bytes(32)), "toinen")
    cookie = policy.remember(session, aino, 3)
    assert policy.remembered(session, aino, cookie)
    assert not policy.remembered(session, other, cookie)
    assert not policy.remembered(session, aino, cookie[:-1])
    assert not policy.remembered(session, aino, "")
    policy.ask(session, {of(session, "KUNTA"): 0})
    assert not policy.remembered(session, aino, cookie)
    policy.ask(session, {of(session, "KUNTA"): 20})
    at(clock.now() + 3 * DAY)
    assert not policy.remembered(session, aino, cookie)
