"""A party signs an agreement: what that gives waits for a second person of the grantor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.agreement_acts.act import NOT_YOURS, SIGN, Act, Stated, party, put
from iam.access.asker import Asker
from iam.access.model import agreements
from iam.access.model.agreement import Agreement
from iam.change import Change
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_


@dataclass(frozen=True, slots=True)
class Sign(Act):
    """A party has signed: on which day, who, under which number of document, through which service (electronically)."""

    name: ClassVar[str] = "sign"
    event: ClassVar[str] = "agreement:party:signed"
    signed_on: date
    signed_by: str | None = None
    document_number: str | None = None
    signing_service: str | None = None

    def check(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        """See ``Act``: the other side records it of a grantee, with the number of the document."""
        one = party(session, agreement, self.entity_id)
        if not covers_all(session, asker.part(SIGN), [self.entity_id]):
            self._by_the_other_side(session, agreement, asker)
        if one.signed_on is not None:
            raise Conflict(Problem(N_("This party has signed already."), N_("Open the page again.")))
        if self.signed_on > clock.today():
            message = N_("Nobody has signed in the future.")
            raise Invalid(Problem(message, N_("Write the day on which it was signed."), field="signed_on"))

    def _by_the_other_side(self, session: Session, agreement: Agreement, asker: Asker) -> None:
        between = agreements.sides(session, [agreement.id])[agreement.id]
        others = {grantor for grantor, grantee in between if grantee == self.entity_id}
        grants = any(grantor == self.entity_id for grantor, _ in between)
        if grants or not others or not covers_all(session, asker.part(SIGN), others):
            raise Denied(NOT_YOURS)
        if not self.document_number:
            message = N_("The number of the document is needed, for the other side records this signature.")
            raise Invalid(Problem(message, N_("Write under which number it was signed."), field="document_number"))

    def write(self, session: Session, change: Change, agreement: Agreement) -> None:
        """See ``Act``."""
        signed = replace(
            party(session, agreement, self.entity_id),
            signed_on=self.signed_on,
            signed_by=self.signed_by,
            document_number=self.document_number,
            signing_service=self.signing_service,
        )
        put(session, change, agreement, signed)

    @classmethod
    def read(cls, stated: Stated) -> Self:
        """Return it as it was kept."""
        told = (stated.get(name) for name in ("signed_by", "document_number", "signing_service"))
        return cls(UUID(stated["entity_id"]), date.fromisoformat(stated["signed_on"]), *told)
