"""What every act on an agreement must be able to, and what several of them ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.asker import Asker
from iam.access.model import agreements
from iam.access.model.agreement import Agreement
from iam.access.model.agreements import Party
from iam.change import Change
from iam.errors import Denied, NotFound
from iam.texts import N_

WRITE, SIGN = "agreements.write", "agreements.sign"
Told = Literal["suspended", "resumed", "notice", "clause", "ends", "review", "notice-by", "cancelled"]
Stated = Mapping[str, Any]
"""What is kept of an act while it waits."""
NOT_YOURS = Problem(
    N_("Only an administrator of that party may do this."), N_("Ask one who holds the permission over it.")
)


@dataclass(frozen=True, slots=True)
class Act(ABC):
    """Something that a party does on an agreement; ``event`` is the type of its audit event.

    ``at_once``: it waits for nobody. ``told``: what those who answer for the parties are told of it; None: nothing.
    ``derives``: rights follow from it, so that it has everybody's turn before it is written for good.
    """

    name: ClassVar[str]
    event: ClassVar[str]
    at_once: ClassVar[bool] = False
    told: ClassVar[Told | None] = None
    derives: ClassVar[bool] = False
    entity_id: UUID

    @abstractmethod
    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """Raise ``Denied`` when the asker may not do it, ``Invalid`` or ``Conflict`` when it makes no sense now."""

    @abstractmethod
    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """Write it under a change; the caller tells the audit log."""

    def last(self, agreement: Agreement) -> date | None:
        """The last day that it sets; None where it sets none."""
        return None

    def opens(self, session: Session, agreement: Agreement) -> bool:
        """Whether it allows more to somebody, even when nobody gains by it today."""
        return False

    def under(self, session: Session, agreement: Agreement) -> Collection[UUID]:
        """Return who would come under what it opens, whether or not they gain by it today: none of them states it."""
        return ()

    def deciders(self, session: Session, agreement: Agreement) -> set[UUID]:
        """Return who decides on it while it waits: whoever allows something by the agreement, else its owner."""
        return grantors(session, agreement.id) or {agreement.owner_id}

    def stated(self) -> dict[str, Any]:
        """Return what is kept of it while it waits, and told in its event: plain values."""
        plain = {name: None if value is None else str(value) for name, value in asdict(self).items()}
        return {"act": self.name} | plain


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


def grantors(session: Session, agreement_id: UUID) -> set[UUID]:
    """Return who allows something by a clause."""
    return {grantor for grantor, _ in agreements.sides(session, [agreement_id])[agreement_id]}


def refuse_whom_it_gives(person_id: UUID | None, winners: Collection[UUID]) -> None:
    """Raise ``Denied`` for who would gain by it."""
    if person_id in winners:
        raise Denied(
            Problem(
                N_("You come under this agreement yourself, so you may neither record this nor accept it."),
                N_("Let somebody do it who gains nothing by it."),
            )
        )
