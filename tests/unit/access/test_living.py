"""A clause lives while its agreement is in force and not suspended and its own grantor and grantee are in: for rights,
for what is told of them, and for what was known on a past day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.agreement_acts.cancel import Cancel
from iam.access.agreement_state import facts_of
from iam.access.explanation.explain import explain
from iam.access.living import live_until, lives, without
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.agreements import Party, Term
from iam.access.right import rights
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day
from tests.kit.held import roles_of
from tests.unit.access.conftest import Town

AUTUMN, WINTER, END = day("2026-09-15"), day("2026-12-20"), day("2027-06-01")
SIGNED = date(2026, 6, 1)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Welfare:
    """An agreement by which the county's psychologists come into the town's school, and one of them."""

    agreed: access.Agreed
    town: Party
    county: Party
    person_id: UUID


@pytest.fixture
def welfare(session: Session, town: Town) -> Welfare:
    """Both sides signed; it is in force from 1 August to the end of July."""
    allows, term = {"psykologi": ["oppilaat:read"]}, (day("2026-08-01"), day("2027-08-01"))
    agreed = access.agreement(session, town.town, town.county, town.town, allows, term=term)
    held = facts.affiliation(session, facts.person(session), town.clinic, occupation="psykologi", until=END)
    gives = {"role": "wilma:opettaja", "scope": {"organisation": "koulu"}}
    access.rule(session, town.county, access.teachers(occupation="psykologi") | {"gives": gives}, "psykologit")
    access.derive_all(session)
    parties = (Party(one, "controller", SIGNED) for one in (town.town, town.county))
    return Welfare(agreed, *parties, held.person_id)


def third(town: Town, **said: Any) -> Party:
    """The consortium itself as a third party."""
    return Party(town.root, "joint", **said)


def test_a_third_party_that_has_not_signed_takes_nothing_from_the_others(
    session: Session, town: Town, welfare: Welfare
) -> None:
    access.set_parties(session, welfare.agreed.id, [welfare.town, welfare.county, third(town)])
    assert roles_of(session, welfare.person_id, AUTUMN)


def test_where_all_sign_or_none_nobody_has_a_right_until_the_last_has_signed(
    session: Session, town: Town, welfare: Welfare
) -> None:
    term = Term(day("2026-08-01"), day("2027-08-01"), all_sign=True)
    agreements.set_terms(session, facts.change(session), {welfare.agreed.id: term})
    late = third(town, signed_on=date(2026, 12, 20))
    access.set_parties(session, welfare.agreed.id, [welfare.town, welfare.county, late])
    told = [bool(roles_of(session, welfare.person_id, at)) for at in (AUTUMN, WINTER - INSTANT, WINTER)]
    assert told == [False, False, True]


def test_where_all_sign_a_party_that_joins_later_is_waited_for_only_from_then_on(
    session: Session, town: Town, welfare: Welfare
) -> None:
    term = Term(day("2026-08-01"), day("2027-08-01"), all_sign=True)
    agreements.set_terms(session, facts.change(session), {welfare.agreed.id: term})
    access.set_parties(session, welfare.agreed.id, [welfare.town, welfare.county, third(town, valid_from=WINTER)])
    assert [bool(roles_of(session, welfare.person_id, at)) for at in (AUTUMN, WINTER)] == [True, False]


def test_a_party_is_in_from_the_later_of_its_signature_and_its_start_to_its_end(
    session: Session, town: Town, welfare: Welfare
) -> None:
    county = Party(town.county, "controller", date(2026, 9, 16), valid_from=AUTUMN, valid_to=WINTER)
    access.set_parties(session, welfare.agreed.id, [welfare.town, county])
    instants = (day("2026-09-16") - INSTANT, day("2026-09-16"), WINTER - INSTANT, WINTER)
    assert [bool(roles_of(session, welfare.person_id, at)) for at in instants] == [False, True, True, False]
    (right,) = rights(session, welfare.person_id, None, day("2026-09-16"))
    assert right.valid_to == WINTER
    (told,) = explain(session, welfare.person_id, at=day("2026-09-16"))
    assert (told.until, told.ends_first["en"]) == (WINTER, "a party leaves the agreement")


def test_what_was_known_on_a_past_day_stays_when_a_party_leaves(
    session: Session, town: Town, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = clock.now()
    monkeypatch.setattr(clock, "now", lambda: before + timedelta(hours=1))
    left = Party(town.county, "controller", SIGNED, valid_to=AUTUMN)
    access.set_parties(session, welfare.agreed.id, [welfare.town, left])
    assert not roles_of(session, welfare.person_id, AUTUMN)
    assert rights(session, welfare.person_id, None, AUTUMN, known_at=before)


def test_a_suspension_is_felt_at_once_and_ends_with_its_lifting(session: Session, town: Town, welfare: Welfare) -> None:
    access.suspend(session, welfare.agreed.id, town.town, AUTUMN, WINTER)
    instants = (AUTUMN - INSTANT, AUTUMN, WINTER - INSTANT, WINTER)
    assert [bool(roles_of(session, welfare.person_id, at)) for at in instants] == [True, False, False, True]


def test_what_is_taken_out_of_times_leaves_what_is_before_between_and_after() -> None:
    spans = [day(f"2026-01-0{n}") for n in range(1, 8)]
    first, second, third_, fourth, fifth, sixth, _ = spans
    left = without([(first, sixth)], [(second, third_), (fourth, fifth)])
    assert left == [(first, second), (third_, fourth), (fifth, sixth)]
    assert without([(first, second)], [(first, sixth)]) == []


DAYS = [day(f"2026-09-{n:02}") for n in range(1, 9)]
SPANS = st.tuples(st.sampled_from(DAYS[:-1]), st.integers(1, 7)).map(
    lambda one: (one[0], min(one[0] + timedelta(days=one[1]), clock.FOREVER))
)
SIGNATURES = st.none() | st.integers(1, 8).map(lambda n: date(2026, 9, n))
PARTIES = st.tuples(SIGNATURES, SPANS)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    parties=st.tuples(PARTIES, PARTIES, PARTIES),
    term=SPANS,
    all_sign=st.booleans(),
    suspended=st.none() | SPANS,
    cancelled=st.booleans(),
)
def test_no_right_crosses_on_any_day_of_any_history_without_a_clause_that_lives(
    session: Session,
    town: Town,
    parties: tuple[tuple[date | None, tuple[datetime, datetime]], ...],
    term: tuple[datetime, datetime],
    all_sign: bool,
    suspended: tuple[datetime, datetime] | None,
    cancelled: bool,
) -> None:
    """The condition in SQL, the times as a list, what is told of an agreement, and the words of the law in plain Python
    say the same."""
    with session.begin_nested() as point:
        agreed = access.agreement(session, town.town, town.county, town.town, {"psykologi": ["oppilaat:read"]})
        entities = (town.town, town.county, town.root)
        said = [
            Party(one, "joint", sign, None, None, None, *span)
            for one, (sign, span) in zip(entities, parties, strict=True)
        ]
        access.set_parties(session, agreed.id, said)
        agreements.set_terms(session, facts.change(session), {agreed.id: Term(*term, all_sign)})
        if suspended is not None:
            access.suspend(session, agreed.id, town.town, *suspended)
        if cancelled:
            whole = session.get_one(Agreement, agreed.id)
            Cancel(town.town, "syy").write(session, facts.change(session), whole)
            session.flush()
        clause_id = session.scalars(select(AgreementClause.id).where(AgreementClause.agreement_id == agreed.id)).one()
        times = [life for _, life, _ in lives(session, [clause_id])]
        known = facts_of(session, [agreed.id])[agreed.id]
        for at in (*DAYS, *(one + timedelta(hours=5) for one in DAYS)):
            alive = not cancelled and _lives(parties, term, all_sign, suspended, at)
            until = session.scalar(live_until(clause_id, at))
            assert (until is not None) == alive
            assert [life.start <= at < life.end for life in times].count(True) == alive
            assert (known.obstacle(town.town, town.county, at) is None) == alive
            assert (known.state([(town.town, town.county)], at) == "cancelled") == cancelled
        point.rollback()


def _lives(parties: Any, term: Any, all_sign: bool, suspended: Any, at: datetime) -> bool:
    def is_in(sign: date | None, span: tuple[datetime, datetime]) -> bool:
        return sign is not None and clock.day_start(sign) <= at and span[0] <= at < span[1]

    own = all(is_in(*one) for one in parties[:2])
    waited = all_sign and any(span[0] <= at < span[1] and not is_in(sign, span) for sign, span in parties)
    return own and term[0] <= at < term[1] and not waited and not (suspended and suspended[0] <= at < suspended[1])
