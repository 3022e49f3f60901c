"""A party gives an agreement up that is not in force yet: it never will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, WRITE, Act, Told, party
from iam.access.agreement_state import AgreementFacts, facts_of
from iam.access.asker import Asker
from iam.access.living import lives
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.agreements import Term
from iam.change import Change
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_

_NOT_YET = ("unsigned", "coming")


@dataclass(frozen=True, slots=True)
class Cancel(Act):
    """The agreement will never be in force; it gives nobody anything and takes from nobody what they have."""

    name: ClassVar[str] = "cancel"
    event: ClassVar[str] = "agreement:term:cancelled"
    at_once: ClassVar[bool] = True
    told: ClassVar[Told | None] = "cancelled"
    reason: str

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: either party does it, it waits for nobody, and nothing of it was ever in force."""
        party(session, agreement, self.entity_id)
        if not covers_all(session, asker.part(WRITE), [self.entity_id]):
            raise Denied(NOT_YOURS)
        if not self.reason.strip():
            raise Invalid(Problem(N_("A reason is needed."), N_("Write why it is given up."), field="reason"))
        if not _is_to_come(session, agreement.id):
            message = N_("Only an agreement that is not in force yet is cancelled.")
            raise Conflict(Problem(message, N_("Give notice of one that is in force.")))

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``."""
        agreement.cancelled_on, agreement.cancelled_because = clock.today(), self.reason.strip()
        agreements.set_terms(session, change, {agreement.id: Term(change.at, change.at)})


def _is_to_come(session: Session, agreement_id: UUID) -> bool:
    """Whether an agreement may still come into force, and no clause of it ever lived."""
    facts = facts_of(session, [agreement_id]).get(agreement_id) or AgreementFacts()
    between = agreements.sides(session, [agreement_id])[agreement_id]
    if facts.state(between, clock.now()) not in _NOT_YET:
        return False
    clauses = session.scalars(select(AgreementClause.id).where(AgreementClause.agreement_id == agreement_id)).all()
    return all(life.start > clock.now() for _, life, _ in lives(session, clauses))
