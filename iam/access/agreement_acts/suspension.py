"""An agreement is suspended at once, by either party and with a reason; a second person of the grantor lifts that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE, Act, Told, grantors, party
from iam.access.asker import Asker
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementSuspension
from iam.change import Change
from iam.directory.queries import holds_at
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_


@dataclass(frozen=True, slots=True)
class Suspend(Act):
    """From the next request on nobody has a right by the agreement, until that is lifted."""

    name: ClassVar[str] = "suspend"
    event: ClassVar[str] = "agreement:use:suspended"
    at_once: ClassVar[bool] = True
    told: ClassVar[Told | None] = "suspended"
    reason: str

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: it waits for nobody."""
        party(session, agreement, self.entity_id)
        if not covers_all(session, asker.part(WRITE), [self.entity_id]):
            raise Denied(NOT_YOURS)
        if not self.reason.strip():
            raise Invalid(Problem(N_("A reason is needed."), N_("Write why it must stop now."), field="reason"))
        if _suspender(session, agreement.id) is not None:
            raise Conflict(Problem(N_("The agreement is suspended already."), N_("Open the page again.")))

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``."""
        agreements.suspend(session, change, agreement.id, self.entity_id, self.reason.strip())


@dataclass(frozen=True, slots=True)
class Lift(Act):
    """The agreement gives rights again; ``entity_id`` is the grantor whose administrator says so."""

    name: ClassVar[str] = "lift"
    event: ClassVar[str] = "agreement:use:resumed"
    at_once: ClassVar[bool] = True
    told: ClassVar[Told | None] = "resumed"

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: a person of every grantor, and another than who suspended it."""
        suspended = _suspender(session, agreement.id)
        if suspended is None:
            raise Conflict(Problem(N_("The agreement is not suspended."), N_("Open the page again.")))
        of_grantor = grantors(session, agreement.id) or {self.entity_id}
        if not covers_all(session, asker.part(WRITE), of_grantor):
            raise Denied(NOT_YOURS)
        if asker.person_id is None or asker.person_id == suspended[0]:
            raise Denied(Problem(N_("Somebody else than who suspended it must lift it."), N_("Ask a second person.")))

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``."""
        agreements.lift(session, change, agreement.id)


def _suspender(session: Session, agreement_id: UUID) -> tuple[UUID | None] | None:
    """Who suspended the agreement, in a tuple; None when it is not suspended."""
    s = AgreementSuspension
    query = select(Change.actor_person_id).join(s, s.opened_by == Change.id)
    row = session.execute(query.where(s.agreement_id == agreement_id, s.closed_by.is_(None), holds_at(s, clock.now())))
    found = row.first()
    return None if found is None else (found[0],)
