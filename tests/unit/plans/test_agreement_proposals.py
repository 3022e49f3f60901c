"""What is done on an agreement: each act by the right side and by the wrong one, what it gives waits for a person of the
grantor, and what it takes is gone at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from sqlalchemy import select, update

from iam import clock
from iam.access import asker
from iam.access.agreement_acts.act import SIGN, Act
from iam.access.agreement_acts.cancel import Cancel
from iam.access.agreement_acts.catalogue import read
from iam.access.agreement_acts.notice import GiveNotice, last_day_of_notice, last_day_to_give_notice
from iam.access.agreement_acts.suspension import Lift, Suspend
from iam.access.model.agreement import Agreement, AgreementParty, AgreementTerm
from iam.access.model.agreements import Party
from iam.audit.log import AuditEvent
from iam.change import Actor
from iam.errors import AvainError, Conflict, Denied, Invalid
from iam.plans import agreement_proposals
from tests.kit.factories import access
from tests.kit.factories.facts import day

from .conftest import END, SIGNED, Welfare


def test_a_signature_that_gives_rights_waits_for_a_second_person_of_the_grantor(welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    assert welfare.do(welfare.sign(welfare.city), welfare.of_city) == ["It gives rights in another legal entity."]
    assert not welfare.enters()
    with pytest.raises(Denied):
        welfare.accept(welfare.of_city)
    with pytest.raises(Denied):
        welfare.accept(welfare.of_county)
    assert welfare.accept(welfare.second_of_city)
    assert welfare.enters()


def test_a_signature_that_gives_nothing_yet_is_recorded_at_once(welfare: Welfare) -> None:
    welfare.unsign(welfare.city, welfare.county)
    assert welfare.do(welfare.sign(welfare.county), welfare.of_county) == []
    assert not welfare.enters()


def test_a_grantees_signature_is_recorded_by_the_grantor_with_the_number_of_the_document(welfare: Welfare) -> None:
    welfare.unsign(welfare.city, welfare.county)
    with pytest.raises(Invalid, match="number of the document"):
        welfare.do(welfare.sign(welfare.county), welfare.of_city)
    assert welfare.do(welfare.sign(welfare.county, document_number="A-1"), welfare.of_city) == []
    p = AgreementParty
    of_county = select(p.document_number, p.signed_on).where(p.legal_entity_id == welfare.county, p.closed_by.is_(None))
    assert tuple(welfare.session.execute(of_county).one()) == ("A-1", SIGNED)


WRONG: list[tuple[str, Callable[[Welfare], tuple[Act, UUID]]]] = [
    ("the grantor's signature by the grantee", lambda w: (w.sign(w.city, document_number="A-1"), w.of_county)),
    ("the grantor's notice by the grantee", lambda w: (GiveNotice(w.city, date(2026, 12, 31)), w.of_county)),
    ("the grantee's notice by the grantor", lambda w: (GiveNotice(w.county, date(2026, 12, 31)), w.of_city)),
    ("a cancellation in the other side's name", lambda w: (Cancel(w.city, "syy"), w.of_county)),
    ("a suspension in the other side's name", lambda w: (Suspend(w.city, "syy"), w.of_county)),
]


@pytest.mark.parametrize("wrong", [one for _, one in WRONG], ids=[name for name, _ in WRONG])
def test_the_wrong_side_may_not(welfare: Welfare, wrong: Callable[[Welfare], tuple[Act, UUID]]) -> None:
    welfare.unsign(welfare.city)
    with pytest.raises(Denied, match="Only an administrator of that party"):
        welfare.do(*wrong(welfare))


def test_somebody_without_the_permission_may_do_none_of_it(welfare: Welfare) -> None:
    acts: tuple[Act, ...] = (
        welfare.sign(welfare.city),
        GiveNotice(welfare.city, date(2026, 12, 31)),
        Suspend(welfare.city, "syy"),
        Cancel(welfare.city, "syy"),
    )
    for act in acts:
        with pytest.raises(Denied):
            welfare.do(act, welfare.psychologist)


def test_whoever_comes_under_the_clause_neither_records_nor_accepts_what_gives_it(welfare: Welfare) -> None:
    access.admin_grant(welfare.session, welfare.psychologist, SIGN, welfare.city)
    welfare.unsign(welfare.city)
    with pytest.raises(Denied, match="come under this agreement yourself"):
        welfare.do(welfare.sign(welfare.city), welfare.psychologist)
    welfare.do(welfare.sign(welfare.city), welfare.of_city)
    with pytest.raises(Denied, match="come under this agreement yourself"):
        welfare.accept(welfare.psychologist)


def test_what_changed_since_it_was_looked_at_is_not_done(welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    welfare.do(welfare.sign(welfare.city), welfare.of_city)
    waiting = agreement_proposals.of_agreement(welfare.session, "sopimus")
    assert waiting is not None
    who = welfare.second_of_city
    found = asker.asker_of(welfare.session, who)
    assert not agreement_proposals.accept(welfare.session, waiting, lambda _: False, found, Actor(who))
    assert not welfare.enters()
    assert agreement_proposals.of_agreement(welfare.session, "sopimus") is not None


def test_what_is_refused_gives_nothing_and_waits_no_more(welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    welfare.do(welfare.sign(welfare.city), welfare.of_city)
    waiting, who = agreement_proposals.of_agreement(welfare.session, "sopimus"), welfare.second_of_city
    assert waiting is not None
    found = asker.asker_of(welfare.session, who)
    with pytest.raises(Invalid, match="A reason is needed"):
        agreement_proposals.refuse(welfare.session, waiting, " ", found, Actor(who))
    agreement_proposals.refuse(welfare.session, waiting, "väärä päivä", found, Actor(who))
    assert agreement_proposals.of_agreement(welfare.session, "sopimus") is None
    assert not welfare.enters()


def test_notice_ends_the_rights_at_the_end_of_the_time_of_notice_and_not_before(welfare: Welfare) -> None:
    welfare.session.execute(update(Agreement).values(notice_months=3))
    welfare.session.expire_all()
    assert welfare.do(GiveNotice(welfare.county), welfare.of_county) == []
    assert [welfare.enters(at) for at in (day("2026-12-15"), day("2026-12-16"))] == [True, False]
    with pytest.raises(Conflict):
        welfare.do(GiveNotice(welfare.county), welfare.of_county)


def test_a_notice_that_waits_is_counted_from_the_day_on_which_it_was_given(
    welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    welfare.session.execute(update(Agreement).values(notice_months=3))
    welfare.session.expire_all()
    kept = GiveNotice(welfare.county).stated()
    monkeypatch.setattr(clock, "now", lambda: day("2026-09-20"))
    assert read(kept).last(welfare.agreement) == date(2026, 12, 15)


def test_notice_without_a_time_of_notice_asks_for_the_last_day(welfare: Welfare) -> None:
    for day_ in (None, date(2026, 9, 14)):
        with pytest.raises(Invalid, match="names no time of notice"):
            welfare.do(GiveNotice(welfare.county, day_), welfare.of_county)
    welfare.do(GiveNotice(welfare.county, date(2026, 10, 31)), welfare.of_county)
    assert [welfare.enters(at) for at in (day("2026-10-31"), day("2026-11-01"))] == [True, False]


def term_ends(welfare: Welfare) -> datetime:
    query = select(AgreementTerm.valid_to).where(AgreementTerm.closed_by.is_(None))
    return welfare.session.scalars(query).one()


def test_notice_by_one_of_two_or_by_the_only_grantor_ends_the_agreement_and_by_another_only_its_part(
    welfare: Welfare,
) -> None:
    third = Party(welfare.third, "joint", SIGNED)
    both = [Party(one, "controller", SIGNED) for one in (welfare.city, welfare.county)]
    access.set_parties(welfare.session, welfare.agreed.id, [*both, third])
    notice = date(2026, 12, 31)
    welfare.do(GiveNotice(welfare.county, notice), welfare.of_county)
    assert (term_ends(welfare), welfare.enters(day("2027-01-01"))) == (END, False)
    welfare.do(GiveNotice(welfare.city, date(2027, 1, 31)), welfare.of_city)
    assert term_ends(welfare) == day("2027-02-01")


@pytest.mark.parametrize(
    ("months", "days", "given", "last"),
    [
        (1, None, date(2027, 1, 31), date(2027, 2, 28)),
        (1, None, date(2028, 1, 31), date(2028, 2, 29)),
        (6, None, date(2026, 9, 15), date(2027, 3, 15)),
        (12, None, date(2028, 2, 29), date(2029, 2, 28)),
        (None, 30, date(2026, 12, 15), date(2027, 1, 14)),
        (None, None, date(2026, 12, 15), None),
    ],
)
def test_a_time_of_notice_is_counted_by_the_calendar(
    months: int | None, days: int | None, given: date, last: date | None
) -> None:
    assert last_day_of_notice(months, days, given) == last


@given(by=st.dates(date(2000, 1, 1), date(2100, 1, 1)), months=st.integers(1, 120))
def test_the_last_day_to_give_notice_is_the_latest_whose_months_end_by_the_day(by: date, months: int) -> None:
    last = last_day_to_give_notice(months, None, by)
    assert last is not None
    ends = [last_day_of_notice(months, None, last + timedelta(days=more)) for more in (0, 1)]
    assert ends[0] is not None
    assert ends[1] is not None
    assert ends[0] <= by < ends[1]


@given(by=st.dates(date(2000, 1, 1), date(2100, 1, 1)), days=st.integers(1, 3650))
def test_the_last_day_to_give_notice_is_so_many_days_before_the_day(by: date, days: int) -> None:
    last = last_day_to_give_notice(None, days, by)
    assert last is not None
    assert last_day_of_notice(None, days, last) == by


def test_a_suspension_waits_for_nobody_and_takes_every_right_at_once(welfare: Welfare) -> None:
    with pytest.raises(Invalid, match="A reason is needed"):
        welfare.do(Suspend(welfare.county, " "), welfare.of_county)
    assert welfare.do(Suspend(welfare.county, "epäily väärinkäytöstä"), welfare.of_county) == []
    assert not welfare.enters()
    with pytest.raises(Conflict):
        welfare.do(Suspend(welfare.city, "syy"), welfare.of_city)


def test_a_suspension_is_lifted_by_a_second_person_of_the_grantor(
    welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    welfare.do(Suspend(welfare.city, "syy"), welfare.of_city)
    tomorrow = day("2026-09-16")
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    for who in (welfare.of_city, welfare.of_county):
        with pytest.raises(Denied):
            welfare.do(Lift(welfare.city), who)
    assert welfare.do(Lift(welfare.city), welfare.second_of_city) == []
    assert welfare.enters(tomorrow)
    with pytest.raises(Conflict):
        welfare.do(Lift(welfare.city), welfare.second_of_city)


def test_either_party_cancels_what_is_not_in_force_yet_and_it_never_is(welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    with pytest.raises(Invalid, match="A reason is needed"):
        welfare.do(Cancel(welfare.county, " "), welfare.of_county)
    assert welfare.do(Cancel(welfare.county, "rahoitus peruuntui"), welfare.of_county) == []
    agreement = welfare.agreement
    assert (agreement.cancelled_on, agreement.cancelled_because) == (clock.today(), "rahoitus peruuntui")
    with pytest.raises(Conflict, match="The agreement was cancelled"):
        welfare.do(welfare.sign(welfare.city), welfare.of_city)
    with pytest.raises(Conflict, match="not in force yet"):
        welfare.do(Cancel(welfare.county, "syy"), welfare.of_county)
    access.set_parties(welfare.session, welfare.agreed.id, [Party(one, "controller", SIGNED) for one in welfare.sides])
    assert not any(welfare.enters(at) for at in (clock.now(), day("2027-05-01")))
    assert "agreement:term:cancelled" in set(welfare.session.scalars(select(AuditEvent.type)))


def test_a_signature_that_waited_gives_nothing_once_the_agreement_is_cancelled(welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    welfare.do(welfare.sign(welfare.city), welfare.of_city)
    welfare.do(Cancel(welfare.county, "syy"), welfare.of_county)
    with pytest.raises(Conflict, match="The agreement was cancelled"):
        welfare.accept(welfare.second_of_city)
    assert not welfare.enters()


def test_what_is_signed_and_to_come_is_cancelled_and_what_is_or_was_in_force_is_not(
    welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Conflict, match="not in force yet"):
        welfare.do(Cancel(welfare.city, "syy"), welfare.of_city)
    third = Party(welfare.third, "joint")
    left = Party(welfare.county, "controller", SIGNED, valid_to=day("2026-09-10"))
    access.set_parties(welfare.session, welfare.agreed.id, [Party(welfare.city, "controller", SIGNED), left, third])
    clause = replace(welfare.agreed.clause, grantee_id=welfare.third)
    access.set_clauses(welfare.session, welfare.agreed.id, [welfare.agreed.clause, clause])
    with pytest.raises(Conflict, match="not in force yet"):
        welfare.do(Cancel(welfare.city, "syy"), welfare.of_city)
    monkeypatch.setattr(clock, "now", lambda: day("2026-07-31"))
    assert welfare.do(Cancel(welfare.city, "syy"), welfare.of_city) == []


def test_everything_that_is_done_is_in_the_log_with_its_agreement(welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    welfare.do(welfare.sign(welfare.city), welfare.of_city)
    welfare.accept(welfare.second_of_city)
    welfare.do(Suspend(welfare.county, "syy"), welfare.of_county)
    types = set(welfare.session.scalars(select(AuditEvent.type)))
    told = {"agreement:act:proposed", "agreement:act:accepted", "agreement:party:signed", "agreement:use:suspended"}
    assert told <= types


def test_refusals_are_errors_with_words(welfare: Welfare) -> None:
    with pytest.raises(AvainError) as refused:
        welfare.do(Suspend(welfare.third, "syy"), welfare.of_city)
    assert str(refused.value.problems[0]).startswith("This is no party of the agreement")
