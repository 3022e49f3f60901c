"""By what agreements were amended after they were signed: numbered in each agreement, and never taken out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from iam.access.model.agreement import AgreementAmendment
from iam.change import Change
from iam.database.types import uuid7


@dataclass(frozen=True, slots=True)
class Amendment:
    """A decision of its own, as an agreement's and with its ``case_number``; or the ``delegation`` under which none is
    needed."""

    decision: Mapping[str, Any] | None = None
    delegation: str | None = None

    def stated(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"decision": None if self.decision is None else dict(self.decision), "delegation": self.delegation}

    @classmethod
    def read(cls, stated: Mapping[str, Any] | None) -> Self | None:
        """Return what was kept as plain values; None for nothing."""
        return None if stated is None else cls(stated["decision"], stated["delegation"])


def amendments(session: Session, of: Collection[UUID] | None = None) -> dict[UUID, list[AgreementAmendment]]:
    """Return the amendments of these agreements (None: of all), by number; one statement."""
    a, found = AgreementAmendment, defaultdict[UUID, list[AgreementAmendment]](list)
    query = select(a).order_by(a.n)
    for row in session.scalars(query if of is None else query.where(a.agreement_id.in_(of))):
        found[row.agreement_id].append(row)
    return found


def add(session: Session, change: Change, agreement_id: UUID, said: Amendment) -> UUID:
    """Write an amendment with the next number of its agreement; return its id."""
    a = AgreementAmendment
    last = session.scalar(select(func.max(a.n)).where(a.agreement_id == agreement_id)) or 0
    id_ = uuid7()
    row = {"id": id_, "agreement_id": agreement_id, "n": last + 1, "opened_by": change.id, **said.stated()}
    session.execute(insert(a), [row])
    return id_


def state(session: Session, change: Change, stated: Mapping[UUID, Mapping[int, Amendment]]) -> None:
    """Write amendments by their numbers: a new one is added, a known one corrected, and one left out stays."""
    if not stated:
        return
    a, known = AgreementAmendment, amendments(session, of=stated)
    ids = {(agreement_id, one.n): one.id for agreement_id, some in known.items() for one in some}
    said = {(agreement_id, n): one for agreement_id, some in stated.items() for n, one in some.items()}
    corrected = [{"id": ids[place], **one.stated()} for place, one in said.items() if place in ids]
    new = [
        {"id": uuid7(), "agreement_id": place[0], "n": place[1], "opened_by": change.id, **one.stated()}
        for place, one in said.items()
        if place not in ids
    ]
    if corrected:
        session.execute(update(a), corrected)
    if new:
        session.execute(insert(a), new)
