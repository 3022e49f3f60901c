"""What every act on an agreement must be able to, and what several of them ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part, covers_all
from iam.access.asker import Asker
from iam.access.model import agreements
from iam.access.model.agreement import Agreement, AgreementClause
from iam.access.model.agreements import Party
from iam.change import Change
from iam.errors import Denied, NotFound
from iam.texts import N_

WRITE, SIGN = "agreements.write", "agreements.sign"
NOT_YOURS = Problem(
    N_("Only an administrator of that party may do this."), N_("Ask one who holds the permission over it.")
)


@dataclass(frozen=True, slots=True)
class Act(ABC):
    """Something that a party does on an agreement; ``event`` is the type of its audit event."""

    name: ClassVar[str]
    event: ClassVar[str]
    entity_id: UUID

    @abstractmethod
    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """Raise ``Denied`` when the asker may not do it, ``Invalid`` or ``Conflict`` when it makes no sense now."""

    @abstractmethod
    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """Write it under a change; the caller tells the audit log."""

    def stated(self) -> dict[str, Any]:
        """Return what is kept of it while it waits, and told in its event: plain values."""
        plain = {name: None if value is None else str(value) for name, value in asdict(self).items()}
        return {"act": self.name} | plain


def over(session: Session, part: Part, organisations: Collection[UUID]) -> bool:
    """Whether a part holds every one of these organisations."""
    return bool(part) and covers_all(session, part, organisations)


def party(session: Session, agreement: Agreement, entity_id: UUID) -> Party:
    """Return what is said of a party now; raises ``NotFound``."""
    for one in agreements.parties(session, [agreement.id]).get(agreement.id, ()):
        if one.legal_entity_id == entity_id:
            return one
    raise NotFound(Problem(N_("This is no party of the agreement.")))


def put(session: Session, change: Change, agreement: Agreement, altered: Party) -> None:
    """Write what a party is from now on; one whose time would be empty is no party any more."""
    standing = agreements.parties(session, [agreement.id]).get(agreement.id, ())
    others = [one for one in standing if one.legal_entity_id != altered.legal_entity_id]
    stays = [altered] if altered.valid_from < altered.valid_to else []
    agreements.set_parties(session, change, {agreement.id: [*others, *stays]})


def sides(session: Session, agreement_id: UUID) -> set[tuple[UUID, UUID]]:
    """Return grantor and grantee of each clause that is in the agreement now."""
    c = AgreementClause
    query = select(c.grantor_id, c.grantee_id).where(c.agreement_id == agreement_id, c.closed_by.is_(None))
    return {(grantor, grantee) for grantor, grantee in session.execute(query)}


def grantors(session: Session, agreement_id: UUID) -> set[UUID]:
    """Return who allows something by a clause."""
    return {grantor for grantor, _ in sides(session, agreement_id)}


def refuse_whom_it_gives(person_id: UUID | None, winners: Collection[UUID]) -> None:
    """Raise ``Denied`` for who would gain by it."""
    if person_id in winners:
        raise Denied(
            Problem(
                N_("You come under this agreement yourself, so you may neither record this nor accept it."),
                N_("Let somebody do it who gains nothing by it."),
            )
        )


Stated = Mapping[str, Any]
