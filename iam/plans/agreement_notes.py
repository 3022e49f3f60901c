"""Telling those who answer for the parties of an agreement: it was suspended, goes on, was given notice of, or ends.

A note is left in the outbox for each of them, in the transaction of the act; the worker writes the mail. It names the
agreement and nobody under it. Nobody is told of a suspension beforehand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.agreement_acts.act import Told
from iam.access.agreement_acts.notice import notice_by
from iam.access.model.agreement import (
    Agreement,
    AgreementClause,
    AgreementParty,
    AgreementReminder,
    AgreementTerm,
)
from iam.access.model.assignment import AdminGrant, Assignment
from iam.delivery import outbox
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at

KIND, OWN = "agreement-note", "agreement-own"
"""Kinds of the outbox's messages: to those who answer for a party, and to those whose own rights end."""
REVIEW: Told = "review"
NOTICE_BY: Told = "notice-by"
"""What those who answer for a party are reminded of besides an end: the review, and the last day to give notice so that
the agreement ends by it."""
HOLDERS = ("admin", "agreements.write", "agreements.sign", "audit.search")
"""Who is told: those who act on agreements of a party, and who looks into its log, as its data protection officer."""


def tell(
    session: Session, agreement: Agreement, what: Told, *, last_day: date | None = None, but: UUID | None = None
) -> int:
    """Leave a note for each who answers for a party, ``but`` who did it; return for how many."""
    payload = {"agreement": agreement.key, "what": what, "last_day": None if last_day is None else last_day.isoformat()}
    people = [one for one in _holders(session, agreement.id, noticed=what != NOTICE_BY) if one != but]
    return outbox.leave(session, KIND, [(outbox.MAIL_SERVER, {"person": str(one), **payload}) for one in people])


@dataclass(frozen=True, slots=True)
class Reminding:
    """A chore that reminds of an agreement's last day: so many days before, those who answer for its parties
    (``holders``) and those who come under it (``people``), once each; and the former of its next review, and of the
    last day to give notice so that it ends by that."""

    holders: Sequence[int]
    people: Sequence[int]

    def __call__(self, session: Session) -> int:
        """Leave the notes that are due; return how many."""
        ending = _ending(session, max([*self.holders, *self.people], default=0))
        reviews = _to_review(session, max(self.holders, default=0))
        notices = _to_give_notice(session, max(self.holders, default=0))
        coming = [(*one, "holders", self.holders) for one in ending] + [(*one, "people", self.people) for one in ending]
        coming += [(*one, REVIEW, self.holders) for one in reviews]
        coming += [(*one, NOTICE_BY, self.holders) for one in notices]
        done, told = _done(session, [agreement.id for agreement, *_ in coming]), 0
        for agreement, last, whom, days in coming:
            due = min((one for one in days if one >= (last - clock.today()).days), default=None)
            if due is not None and (agreement.id, last, due, whom) not in done:
                session.add(AgreementReminder(agreement_id=agreement.id, last_day=last, days=due, whom=whom))
                told += _remind(session, agreement, last, whom)
        return told


def _ending(session: Session, days: int) -> list[tuple[Agreement, date]]:
    """The agreements whose last day is one of the coming ``days``, each with it; one statement."""
    t, soon = AgreementTerm, clock.day_end(clock.today() + timedelta(days=days))
    ending = (t.closed_by.is_(None), t.valid_to > clock.now(), t.valid_to <= soon)
    rows = session.execute(select(Agreement, t.valid_to).join(t, t.agreement_id == Agreement.id).where(*ending))
    return [(agreement, clock.last_day(end)) for agreement, end in rows]


def _to_review(session: Session, days: int) -> list[tuple[Agreement, date]]:
    """The agreements that are not over and whose review is due within the coming ``days``, each with its day; one
    statement."""
    t, now = AgreementTerm, clock.now()
    due = (Agreement.review_on >= clock.today(), Agreement.review_on <= clock.today() + timedelta(days=days))
    query = select(Agreement).join(t, t.agreement_id == Agreement.id)
    found = session.scalars(query.where(t.closed_by.is_(None), t.valid_to > now, *due))
    return [(one, one.review_on) for one in found if one.review_on is not None]


def _to_give_notice(session: Session, days: int) -> list[tuple[Agreement, date]]:
    """The agreements of which notice is to be given within the coming ``days`` so that they end by their review, each
    with the last day for that; one statement."""
    t, soon = AgreementTerm, timedelta(days=days)
    query = select(Agreement, t.valid_to).join(t, t.agreement_id == Agreement.id)
    standing = session.execute(
        query.where(t.closed_by.is_(None), t.valid_to > clock.now(), Agreement.review_on >= clock.today())
    )
    found = [(agreement, last) for agreement, ends in standing if (last := notice_by(agreement, ends)) is not None]
    return [(agreement, last) for agreement, last in found if timedelta(0) <= last - clock.today() <= soon]


def _done(session: Session, agreements: Collection[UUID]) -> set[tuple[UUID, date, int, str]]:
    """What was told already of these agreements; one statement."""
    r = AgreementReminder
    rows = session.execute(select(r.agreement_id, r.last_day, r.days, r.whom).where(r.agreement_id.in_(agreements)))
    return {(agreement_id, last, days, whom) for agreement_id, last, days, whom in rows}


def _remind(session: Session, agreement: Agreement, last: date, whom: str) -> int:
    if whom == "people":
        return _tell_people(session, agreement, last)
    reminded: Mapping[str, Told] = {"holders": "ends", REVIEW: REVIEW, NOTICE_BY: NOTICE_BY}
    return tell(session, agreement, reminded[whom], last_day=last)


def _tell_people(session: Session, agreement: Agreement, last: date) -> int:
    """Leave a note for each who holds something by the agreement now."""
    a, clauses = Assignment, select(AgreementClause.id).where(AgreementClause.agreement_id == agreement.id)
    here = (a.clause_id.in_(clauses), a.closed_by.is_(None), holds_at(a, clock.now()))
    people = session.scalars(select(a.person_id).where(*here).distinct()).all()
    payload = {"agreement": agreement.key, "last_day": last.isoformat()}
    return outbox.leave(session, OWN, [(outbox.MAIL_SERVER, {"person": str(one), **payload}) for one in people])


def _holders(session: Session, agreement_id: UUID, *, noticed: bool) -> list[UUID]:
    """Those who hold one of ``HOLDERS`` over a party that has not left, also of one that has given notice (``noticed``)
    or not; one statement."""
    now, c, p = clock.now(), OrganisationClosure, AgreementParty
    parties = [p.agreement_id == agreement_id, p.closed_by.is_(None), p.valid_to > now]
    if not noticed:
        parties.append(p.notice_on.is_(None))
    over = select(c.ancestor_id).join(p, p.legal_entity_id == c.descendant_id).where(*parties, holds_at(c, now))
    granted = (AdminGrant.permission.in_(HOLDERS), AdminGrant.closed_by.is_(None), holds_at(AdminGrant, now))
    query = select(AdminGrant.person_id).where(*granted, AdminGrant.organisation_id.in_(over)).distinct()
    return sorted(session.scalars(query))
