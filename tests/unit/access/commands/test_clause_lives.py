"""A change of an agreement tells who gains or loses a right by it, and from when: by its term, its parties and a
suspension alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from iam import clock
from iam.access.commands import effects
from iam.access.model import agreements
from iam.access.model.agreements import Party, Term
from iam.change import SYSTEM, Change, begin
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.unit.access.conftest import Town

SIGNED, START, END = date(2026, 6, 1), day("2026-08-01"), day("2027-08-01")
NOW, WINTER = day("2026-09-15"), day("2026-12-20")


@pytest.fixture
def agreed(session: Session, town: Town, monkeypatch: pytest.MonkeyPatch) -> access.Agreed:
    """An agreement in force by which one psychologist of the county has a role in the town; it is September."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    allows = {"psykologi": ["oppilaat:read"]}
    found = access.agreement(session, town.town, town.county, town.town, allows, term=(START, END))
    facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi")
    gives = {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}
    access.rule(session, town.county, access.teachers(occupation="psykologi") | {"gives": gives}, "psykologit")
    access.derive_all(session)
    return found


def told(session: Session, write: Callable[[Change], Any]) -> list[tuple[bool, datetime]]:
    """Who gains (True) or loses a right by what is written, and from when."""
    change = begin(session, "command", SYSTEM, "test")
    write(change)
    session.flush()
    return [(row.gains, row.valid_from) for row in effects.read(session, change.id).rows]


def parties(session: Session, agreed: access.Agreed, *said: Party) -> list[tuple[bool, datetime]]:
    return told(session, lambda change: agreements.set_parties(session, change, {agreed.id: said}))


def both(town: Town, **of_county: Any) -> tuple[Party, Party]:
    return Party(town.town, "controller", SIGNED), Party(town.county, "controller", **{"signed_on": SIGNED} | of_county)


def test_a_third_party_gives_and_takes_nothing(session: Session, town: Town, agreed: access.Agreed) -> None:
    assert parties(session, agreed, *both(town), Party(town.root, "joint")) == []


def test_a_party_that_leaves_takes_the_right_from_its_last_day_on(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    assert parties(session, agreed, *both(town, valid_to=WINTER)) == [(False, WINTER)]


def test_a_signature_taken_back_takes_the_right_at_once_and_one_given_later_gives_it_from_that_day(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    assert parties(session, agreed, *both(town, signed_on=None)) == [(False, NOW)]
    assert parties(session, agreed, *both(town, signed_on=date(2026, 12, 20))) == [(True, WINTER)]


def test_a_longer_term_gives_from_the_old_end_and_a_shorter_one_takes_from_the_new(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    def term(until: datetime) -> list[tuple[bool, datetime]]:
        return told(session, lambda change: agreements.set_terms(session, change, {agreed.id: Term(START, until)}))

    assert term(day("2028-08-01")) == [(True, END)]
    assert term(WINTER) == [(False, WINTER)]


def test_what_is_gained_is_told_to_the_end_of_the_agreement(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    parties(session, agreed, *both(town, signed_on=None))
    change = begin(session, "command", SYSTEM, "test")
    agreements.set_parties(session, change, {agreed.id: both(town)})
    assert [(row.valid_from, row.valid_to) for row in effects.read(session, change.id).rows] == [(NOW, END)]


def test_what_another_agreement_gives_as_well_is_neither_lost_nor_gained(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    allows = {"psykologi": ["oppilaat:read"]}
    access.agreement(session, town.town, town.county, town.town, allows, key="toinen", term=(START, WINTER))
    access.derive_all(session)
    assert parties(session, agreed, *both(town, signed_on=None)) == []
    assert parties(session, agreed, *both(town)) == []
    assert parties(session, agreed, *both(town, valid_to=END)) == []
    later = both(town, valid_to=WINTER)
    assert parties(session, agreed, *later) == [(False, WINTER)]


def test_who_starts_while_the_other_agreement_is_suspended_loses_and_who_is_there_already_does_not(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    allows = {"psykologi": ["oppilaat:read"]}
    other = access.agreement(session, town.town, town.county, town.town, allows, key="toinen", term=(START, END))
    facts.affiliation(session, facts.person(session), town.clinic, WINTER, occupation="psykologi")
    access.derive_all(session)
    access.suspend(session, other.id, town.town, WINTER - timedelta(days=1), WINTER + timedelta(days=1))
    assert parties(session, agreed, *both(town, signed_on=None)) == [(False, WINTER)]


def test_that_all_must_sign_takes_the_right_while_one_has_not(
    session: Session, town: Town, agreed: access.Agreed
) -> None:
    parties(session, agreed, *both(town), Party(town.root, "joint"))
    term = Term(START, END, all_sign=True)
    assert told(session, lambda change: agreements.set_terms(session, change, {agreed.id: term})) == [(False, NOW)]


def test_a_suspension_takes_the_right_at_once(session: Session, town: Town, agreed: access.Agreed) -> None:
    def suspend(change: Change) -> None:
        agreements.suspend(session, change, agreed.id, town.town, "test")

    assert told(session, suspend) == [(False, NOW)]


def test_lifting_a_suspension_gives_the_right_back_from_now_and_the_past_stays_suspended(
    session: Session, town: Town, agreed: access.Agreed, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspended = begin(session, "command", SYSTEM, "test")
    agreements.suspend(session, suspended, agreed.id, town.town, "test")
    monkeypatch.setattr(clock, "now", lambda: WINTER)
    assert told(session, lambda change: agreements.lift(session, change, agreed.id)) == [(True, WINTER)]
    assert not access.lives_at(session, agreed.id, NOW)
    assert access.lives_at(session, agreed.id, WINTER)
