"""Telling those who answer for the parties of an agreement: it was suspended, goes on, was given notice of, or ends.

A note is left in the outbox for each of them, in the transaction of the act; the worker writes the mail. It names the
agreement and nobody under it. Nobody is told of a suspension beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.agreement import Agreement, AgreementParty, AgreementReminder, AgreementTerm
from iam.access.model.assignment import AdminGrant
from iam.delivery import outbox
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at

KIND = "agreement-note"
"""Kind of the outbox's messages."""
What = Literal["suspended", "resumed", "notice", "ends"]
HOLDERS = ("admin", "agreements.write", "agreements.sign", "audit.search")
"""Who is told: those who act on agreements of a party, and who looks into its log, as its data protection officer."""
TELLS: dict[str, What] = {"suspend": "suspended", "lift": "resumed", "notice": "notice"}
"""By the act's name, what is told of it."""


def tell(
    session: Session, agreement: Agreement, what: What, *, last_day: date | None = None, but: UUID | None = None
) -> int:
    """Leave a note for each who answers for a party, ``but`` who did it; return for how many."""
    payload = {"agreement": agreement.key, "what": what, "last_day": None if last_day is None else last_day.isoformat()}
    people = [one for one in _holders(session, agreement.id) if one != but]
    return outbox.leave(session, KIND, [(outbox.MAIL_SERVER, {"person": str(one), **payload}) for one in people])


@dataclass(frozen=True, slots=True)
class Reminding:
    """A chore that reminds ``days`` before an agreement's last day, once each, and says how many it told."""

    days: Sequence[int]

    def __call__(self, session: Session) -> int:
        """Leave the notes that are due."""
        told = 0
        for agreement, last, before in self._due(session):
            row = {"agreement_id": agreement.id, "last_day": last, "days": before}
            session.execute(insert(AgreementReminder), [row])
            told += tell(session, agreement, "ends", last_day=last)
        return told

    def _due(self, session: Session) -> list[tuple[Agreement, date, int]]:
        """Agreements with their last day and the nearest of ``days`` that has come and of which nobody was told."""
        t, today = AgreementTerm, clock.today()
        soon = clock.day_end(today + timedelta(days=max(self.days, default=0)))
        ending = (t.closed_by.is_(None), t.valid_to > clock.now(), t.valid_to <= soon)
        rows = session.execute(select(Agreement, t.valid_to).join(t, t.agreement_id == Agreement.id).where(*ending))
        ends = [(agreement, clock.last_day(end)) for agreement, end in rows]
        done = {(row.agreement_id, row.last_day, row.days) for row in session.scalars(select(AgreementReminder))}
        due = [(agreement, last, self._nearest((last - today).days)) for agreement, last in ends]
        return [one for one in due if (one[0].id, one[1], one[2]) not in done]

    def _nearest(self, left: int) -> int:
        return min(days for days in self.days if days >= left)


def _holders(session: Session, agreement_id: UUID) -> list[UUID]:
    """Those who hold one of ``HOLDERS`` over a party that has not left; one statement."""
    now, c, p = clock.now(), OrganisationClosure, AgreementParty
    parties = (p.agreement_id == agreement_id, p.closed_by.is_(None), p.valid_to > now)
    over = select(c.ancestor_id).join(p, p.legal_entity_id == c.descendant_id).where(*parties, holds_at(c, now))
    granted = (AdminGrant.permission.in_(HOLDERS), AdminGrant.closed_by.is_(None), holds_at(AdminGrant, now))
    query = select(AdminGrant.person_id).where(*granted, AdminGrant.organisation_id.in_(over)).distinct()
    return sorted(session.scalars(query))
