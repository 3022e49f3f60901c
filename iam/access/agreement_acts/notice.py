"""A party gives notice: it is in to the end of the time of notice, counted from today."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE, Act, Stated, Told, grantors, party, put
from iam.access.asker import Asker
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementTerm
from iam.access.model.agreements import Term
from iam.change import Change
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_


@dataclass(frozen=True, slots=True)
class GiveNotice(Act):
    """A party gave notice on a day (``given_on``, today), from which its time is counted, however long it waits.

    ``last_day`` is stated where the agreement names no time of notice.
    Of two parties, or by the only grantor, it ends the agreement; of more it ends that party only.
    """

    name: ClassVar[str] = "notice"
    event: ClassVar[str] = "agreement:notice:given"
    told: ClassVar[Told | None] = "notice"
    last_day: date | None = None
    given_on: date = field(default_factory=clock.today)

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: each party for itself."""
        one = party(session, agreement, self.entity_id)
        if not covers_all(session, asker.part(WRITE), [self.entity_id]):
            raise Denied(NOT_YOURS)
        if one.notice_on is not None:
            raise Conflict(Problem(N_("This party has given notice already."), N_("Open the page again.")))
        if self.last(agreement) is None:
            raise Invalid(
                Problem(
                    N_("The agreement names no time of notice."),
                    N_("Write the last day on which it binds this party, today or later."),
                    field="last_day",
                )
            )

    def last(self, agreement: Agreement) -> date | None:
        """The last day on which the agreement binds the party; None when nothing says it."""
        agreed = last_day_of_notice(agreement.notice_months, agreement.notice_days, self.given_on)
        stated = self.last_day if self.last_day is not None and self.last_day >= clock.today() else None
        return stated if agreed is None else agreed

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``."""
        ends, one = clock.day_end(self.last(agreement) or clock.today()), party(session, agreement, self.entity_id)
        if self.ends_all(session, agreement):
            _end(session, change, agreement, ends)
        put(session, change, agreement, replace(one, notice_on=self.given_on, valid_to=min(one.valid_to, ends)))

    def ends_all(self, session: Session, agreement: Agreement) -> bool:
        """Whether the agreement ends with this party: it is one of two, or the only grantor."""
        standing = agreements.parties(session, [agreement.id]).get(agreement.id, ())
        others = [one for one in standing if one.legal_entity_id != self.entity_id and one.valid_to > clock.now()]
        return len(others) < 2 or grantors(session, agreement.id) == {self.entity_id}

    @classmethod
    def read(cls, stated: Stated) -> Self:
        """Return it as it was kept."""
        day = stated.get("last_day")
        last = None if day is None else date.fromisoformat(day)
        return cls(UUID(stated["entity_id"]), last, date.fromisoformat(stated["given_on"]))


def last_day_of_notice(months: int | None, days: int | None, given: date) -> date | None:
    """Return the last day of a time of notice: the day of that number ``months`` later, or the last of a month that
    has none, or ``days`` later; None where no time is agreed. Pure.

    As the Finnish act on counting times (150/1930) counts them: the day on which it is given is not counted.
    """
    if months is not None:
        year, month = divmod(given.year * 12 + given.month - 1 + months, 12)
        return date(year, month + 1, min(given.day, calendar.monthrange(year, month + 1)[1]))
    return None if days is None else given + timedelta(days=days)


def last_day_to_give_notice(months: int | None, days: int | None, by: date) -> date | None:
    """Return the latest day whose time of notice ends on or before a day; None where no time is agreed. Pure."""
    if months is not None:
        year, month = divmod(by.year * 12 + by.month - 1 - months, 12)
        longest = calendar.monthrange(year, month + 1)[1]
        # A notice on any day of the month lasts to the end of a shorter one at the latest.
        is_end = by.day == calendar.monthrange(by.year, by.month)[1]
        return date(year, month + 1, longest if is_end else min(by.day, longest))
    return None if days is None else by - timedelta(days=days)


def notice_by(agreement: Agreement, ends: datetime) -> date | None:
    """Return the last day to give notice so that an agreement, in force until ``ends``, ends by its review; None where
    it has no review or no time of notice, or ends by then anyway. Pure."""
    review = agreement.review_on
    if review is None or ends <= clock.day_end(review):
        return None
    return last_day_to_give_notice(agreement.notice_months, agreement.notice_days, review)


def _end(session: Session, change: Change, agreement: Agreement, ends: datetime) -> None:
    """Let an agreement end at an instant, unless it ends before; one that would not have begun by then never does."""
    t = AgreementTerm
    open_ = select(t.valid_from, t.valid_to, t.all_sign).where(t.agreement_id == agreement.id, t.closed_by.is_(None))
    for start, end, all_sign in session.execute(open_).all():
        agreements.set_terms(session, change, {agreement.id: Term(start, min(end, ends), all_sign)})
