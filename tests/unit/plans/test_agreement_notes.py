"""Who answers for a party is told what happens to its agreement, by mail and once; nobody else is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.agreement_acts.cancel import Cancel
from iam.access.agreement_acts.notice import GiveNotice
from iam.access.agreement_acts.suspension import Suspend
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementReminder
from iam.access.model.agreements import Party, Term
from iam.delivery.mail import Mail
from iam.delivery.outbox import Message, take
from iam.directory.person import PersonProfile
from iam.plans import agreement_notes
from iam.plans.agreement_notes import Reminding
from iam.settings import Settings
from iam.signin.addresses.agreement_mail import ToHolders, ToThoseUnder
from tests.kit.factories import access, facts
from tests.kit.factories.facts import day

from .conftest import END, SIGNED, Welfare


def told(session: Session) -> dict[UUID, set[str]]:
    """What each person is told."""
    found: dict[UUID, set[str]] = {}
    for payload in session.scalars(select(Message.payload).where(Message.kind == agreement_notes.KIND)):
        found.setdefault(UUID(payload["person"]), set()).add(payload["what"])
    return found


def test_a_suspension_is_told_to_both_sides_and_to_the_data_protection_officer_but_not_to_who_did_it(
    session: Session, welfare: Welfare
) -> None:
    officer, elsewhere = (facts.person(session) for _ in range(2))
    access.admin_grant(session, officer, "audit.search", welfare.county)
    access.admin_grant(session, elsewhere, "agreements.write", welfare.third)
    welfare.do(Suspend(welfare.city, "syy"), welfare.of_city)
    assert told(session) == {one: {"suspended"} for one in (welfare.second_of_city, welfare.of_county, officer)}


def test_a_cancellation_is_told_to_both_sides_but_not_to_who_did_it(session: Session, welfare: Welfare) -> None:
    welfare.unsign(welfare.city)
    welfare.do(Cancel(welfare.county, "syy"), welfare.of_county)
    assert told(session) == {one: {"cancelled"} for one in (welfare.of_city, welfare.second_of_city)}


def test_a_notice_is_told_with_its_last_day(session: Session, welfare: Welfare) -> None:
    welfare.do(GiveNotice(welfare.county, date(2026, 10, 31)), welfare.of_county)
    assert told(session)[welfare.of_city] == {"notice"}
    payloads = session.scalars(select(Message.payload).where(Message.kind == agreement_notes.KIND))
    assert {payload["last_day"] for payload in payloads} == {"2026-10-31"}


def test_before_an_agreement_ends_each_is_reminded_once_for_each_of_the_days(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind = Reminding((90, 30, 7), ())
    counts = []
    for left in (91, 90, 89, 30, 29, 7, 1):
        moment = END - timedelta(days=left) - timedelta(hours=12)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        counts.append((left, remind(session), remind(session)))
    assert counts == [(91, 0, 0), (90, 3, 0), (89, 0, 0), (30, 3, 0), (29, 0, 0), (7, 3, 0), (1, 0, 0)]


def test_those_who_answer_for_a_party_are_reminded_of_the_review_and_nobody_under_it_is(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(update(Agreement).values(review_on=date(2026, 12, 31)))
    counts = []
    for on in (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2), date(2027, 1, 1)):
        monkeypatch.setattr(clock, "now", lambda on=on: clock.day_start(on))
        counts.append((on.isoformat(), Reminding((30,), (30,))(session)))
    assert counts == [("2026-11-30", 0), ("2026-12-01", 3), ("2026-12-02", 0), ("2027-01-01", 0)]
    assert set(told(session)) == {welfare.of_city, welfare.second_of_city, welfare.of_county}
    assert set.union(*told(session).values()) == {"review"}


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let it be another time."""
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_those_who_answer_for_a_party_are_told_by_when_notice_ends_it_by_its_review(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(update(Agreement).values(review_on=date(2027, 6, 30), notice_months=3))
    counts = []
    for day_ in ("2027-02-28", "2027-03-01", "2027-03-02", "2027-03-24", "2027-03-31", "2027-04-01"):
        at(monkeypatch, day(day_))
        counts.append((day_, Reminding((30, 7), (30,))(session), Reminding((30, 7), ())(session)))
    assert [(one, n) for one, n, _ in counts if n] == [("2027-03-01", 3), ("2027-03-24", 3)]
    assert not any(again for *_, again in counts)
    assert set.union(*told(session).values()) == {"notice-by"}
    payloads = session.scalars(select(Message.payload).where(Message.kind == agreement_notes.KIND))
    assert {payload["last_day"] for payload in payloads} == {"2027-03-31"}


def test_who_has_given_notice_is_not_told_by_when_to_give_it_and_nobody_of_an_ended_agreement(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(update(Agreement).values(review_on=date(2027, 6, 30), notice_days=30))
    noticed = {one: SIGNED if one == welfare.county else None for one in (welfare.city, welfare.county)}
    parties = [Party(one, "controller", SIGNED, notice_on=on) for one, on in noticed.items()]
    access.set_parties(session, welfare.agreed.id, parties)
    at(monkeypatch, day("2027-05-31"))
    assert Reminding((7,), ())(session) == 2
    assert set(told(session)) == {welfare.of_city, welfare.second_of_city}
    term = Term(day("2026-08-01"), day("2027-05-31"))
    agreements.set_terms(session, facts.change(session), {welfare.agreed.id: term})
    session.execute(delete(AgreementReminder))
    assert Reminding((7,), ())(session) == 0


def test_an_agreement_that_ends_by_its_review_anyway_or_names_no_time_of_notice_asks_for_no_notice(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, day("2027-06-30"))
    for said in ({"review_on": date(2027, 7, 31), "notice_days": 30}, {"review_on": date(2027, 7, 30)}):
        session.execute(update(Agreement).values({"notice_days": None} | said))
        assert Reminding((7,), ())(session) == 0


def test_each_person_under_it_is_told_once_for_each_of_their_days_and_nobody_else(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind = Reminding((), (14, 3))
    counts = []
    for left in (15, 14, 3):
        moment = END - timedelta(days=left) - timedelta(hours=12)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        counts.append((left, remind(session), remind(session)))
    assert counts == [(15, 0, 0), (14, 1, 0), (3, 1, 0)]
    payloads = session.scalars(select(Message.payload).where(Message.kind == agreement_notes.OWN))
    assert {payload["person"] for payload in payloads} == {str(welfare.psychologist)}


class Bag:
    """Keeps the mails it is given."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    def send(self, mail: Mail) -> None:
        """Keep it."""
        self.mails.append(mail)

    def greet(self) -> None:
        """Nothing to greet."""


def address(session: Session, person_id: UUID, to: str) -> None:
    session.execute(update(PersonProfile).where(PersonProfile.person_id == person_id).values(email=to))


def test_a_person_reads_which_role_ends_and_when_and_nothing_once_it_has_ended(
    session: Session, welfare: Welfare, monkeypatch: pytest.MonkeyPatch
) -> None:
    address(session, welfare.psychologist, "pirkko@hva.example")
    monkeypatch.setattr(clock, "now", lambda: END - timedelta(days=3))
    assert Reminding((), (3,))(session) == 1
    (due,), bag = take(session, [agreement_notes.OWN], 10), Bag()
    ToThoseUnder(Settings(), bag)(session, due)()
    (mail,) = bag.mails
    assert mail.to == "pirkko@hva.example"
    for words in ("sopimus-1", "31.7.2027", "Opettaja"):
        assert words in mail.text
    access.suspend(session, welfare.agreed.id, welfare.city, END - timedelta(days=3))
    ToThoseUnder(Settings(), bag)(session, due)()
    assert len(bag.mails) == 1


def test_the_mail_names_the_agreement_and_its_page_and_nobody_under_it(session: Session, welfare: Welfare) -> None:
    address(session, welfare.of_county, "kerttu@hva.example")
    welfare.do(Suspend(welfare.city, "Pirkko Psykologi"), welfare.of_city)
    found, bag = take(session, [agreement_notes.KIND], 10), Bag()
    due = next(one for one in found if one.payload["person"] == str(welfare.of_county))
    ToHolders(Settings(), bag)(session, due)()
    (mail,) = bag.mails
    assert mail.to == "kerttu@hva.example"
    assert "sopimus-1" in mail.text
    assert "/admin/agreements/sopimus" in mail.text
    assert "Pirkko" not in mail.text
