"""How an agreement stands at an instant, party by party, and what keeps a clause of it from living: told to people.

Pure but for ``facts_of``. What decides is ``living``, in SQL; a test holds the two equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.agreement import Agreement, AgreementParty, AgreementSuspension, AgreementTerm
from iam.directory.queries import known

AgreementStanding = Literal["unsigned", "coming", "live", "notice", "suspended", "expired", "terminated", "cancelled"]
OVER: Collection[AgreementStanding] = ("expired", "terminated", "cancelled")
"""How an agreement stands that has ended: its last day passed, notice was given, or it was given up before it was in
force."""
PartyState = Literal["unsigned", "coming", "in", "left"]
Obstacle = Literal["unsigned", "coming", "left", "awaited", "suspended", "ended", "cancelled"]
"""What keeps a clause from living."""


@dataclass(slots=True)
class AgreementFacts:
    """The terms, parties and suspensions of an agreement, as of one knowledge; and whether it was ``cancelled``."""

    terms: list[AgreementTerm] = field(default_factory=list)
    parties: list[AgreementParty] = field(default_factory=list)
    suspensions: list[AgreementSuspension] = field(default_factory=list)
    cancelled: bool = False

    def suspended(self, at: datetime) -> AgreementSuspension | None:
        """The suspension that lasts at ``at``."""
        return next((one for one in self.suspensions if one.valid_from <= at < one.valid_to), None)

    def obstacle(self, grantor_id: UUID, grantee_id: UUID, at: datetime) -> Obstacle | None:
        """What keeps a clause between these two from living at ``at``; None when it lives."""
        term = next((one for one in self.terms if one.valid_from <= at < one.valid_to), None)
        sides = (self._side(entity_id, at) for entity_id in (grantor_id, grantee_id))
        aside: Obstacle | None = next((state for state in sides if state != "in"), None)
        if term is None:
            later = any(one.valid_from > at for one in self.terms)
            return (aside or "coming") if later else "cancelled" if self.cancelled else "ended"
        if aside is not None:
            return aside
        waits = any(one.valid_from <= at and party_state(one, at) in _NOT_YET for one in self.parties)
        if term.all_sign and waits:
            return "awaited"
        return "suspended" if self.suspended(at) is not None else None

    def state(self, sides: Collection[tuple[UUID, UUID]], at: datetime) -> AgreementStanding:
        """How the agreement stands at ``at``, whose clauses are between ``sides`` (grantor and grantee).

        It is in force once both sides of one clause are in; without clauses, once two parties are. ``notice`` is in
        force, and somebody who is in has given notice. One that has ended says why.
        """
        if self.cancelled:
            return "cancelled"
        obstacles = (self.obstacle(*side, at) for side in sides or self._pairs())
        found = {"live" if one is None else _STANDINGS[one] for one in obstacles}
        state: AgreementStanding = next((state for state in _FORWARD if state in found), "unsigned")
        if state == "expired" and self._is_terminated(sides, at):
            return "terminated"
        noticed = any(one.notice_on is not None and party_state(one, at) == "in" for one in self.parties)
        return "notice" if state == "live" and noticed else state

    def _is_terminated(self, sides: Collection[tuple[UUID, UUID]], at: datetime) -> bool:
        """Whether it ended because each clause lost a side that had given notice."""
        ends = min(self.terms[-1].valid_to, at) if self.terms else clock.FOREVER
        gone = {one.legal_entity_id for one in self.parties if one.notice_on is not None and one.valid_to <= ends}
        return bool(gone) and all(gone & set(pair) for pair in sides or self._pairs())

    def _pairs(self) -> list[tuple[UUID, UUID]]:
        ids = [one.legal_entity_id for one in self.parties]
        return [(one, other) for one in ids for other in ids if one < other]

    def _side(self, entity_id: UUID, at: datetime) -> PartyState:
        party = next((one for one in self.parties if one.legal_entity_id == entity_id), None)
        return "left" if party is None else party_state(party, at)


_NOT_YET = ("unsigned", "coming")
_STANDINGS: Mapping[Obstacle, AgreementStanding] = {
    "unsigned": "unsigned",
    "awaited": "unsigned",
    "coming": "coming",
    "left": "expired",
    "suspended": "suspended",
    "ended": "expired",
    "cancelled": "cancelled",
}
_FORWARD: Sequence[AgreementStanding] = ("live", "suspended", "coming", "unsigned", "expired")


def party_state(party: AgreementParty, at: datetime) -> PartyState:
    """Return whether a party is in at ``at``, or why not."""
    if party.valid_to <= at:
        return "left"
    if party.in_from is None:
        return "unsigned"
    return "in" if party.in_from <= at else "coming"


def facts_of(
    session: Session, agreements: Collection[UUID], known_at: datetime | None = None
) -> Mapping[UUID, AgreementFacts]:
    """Return what is known of these agreements at ``known_at`` (None: now); three statements."""
    found: dict[UUID, AgreementFacts] = defaultdict(AgreementFacts)
    for row in _rows(session, AgreementTerm, agreements, known_at):
        found[row.agreement_id].terms.append(row)
    # Beside its parties: an agreement without any is none.
    for row, cancelled_on in session.execute(_parties(agreements, known_at)):
        found[row.agreement_id].parties.append(row)
        found[row.agreement_id].cancelled = cancelled_on is not None
    for row in _rows(session, AgreementSuspension, agreements, known_at):
        found[row.agreement_id].suspensions.append(row)
    return found


def _parties(agreements: Collection[UUID], known_at: datetime | None) -> Any:
    """Select (party, the day on which its agreement was cancelled)."""
    p = AgreementParty
    query = select(p, Agreement.cancelled_on).join(Agreement, Agreement.id == p.agreement_id)
    return query.where(p.agreement_id.in_(agreements), known(p, known_at)).order_by(p.valid_from)


def _rows(session: Session, model: Any, agreements: Collection[UUID], known_at: datetime | None) -> Sequence[Any]:
    query = select(model).where(model.agreement_id.in_(agreements), known(model, known_at))
    return session.scalars(query.order_by(model.valid_from)).all()
