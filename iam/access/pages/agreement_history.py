"""What was written of an agreement, change by change: its parties, its time, its suspensions, its clauses, and by which
amendments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CompoundSelect, Date, String, Uuid, literal, null, or_, select, union, union_all
from sqlalchemy.orm import Session

from iam.access.model.agreement import (
    AgreementAmendment,
    AgreementClause,
    AgreementParty,
    AgreementSuspension,
    AgreementTerm,
)
from iam.change import Change

CHANGE_KEYS = (Change.id,)
_TOLD: dict[str, Any] = {"party": AgreementParty, "term": AgreementTerm, "suspension": AgreementSuspension}
_COLUMNS: dict[str, Any] = {"legal_entity_id": Uuid(), "signed_on": Date(), "notice_on": Date(), "reason": String()}


class Version(NamedTuple):
    """One version of a party, a term or a suspension (``kind``); what its kind does not have is empty."""

    kind: str
    fact_id: UUID
    opened_by: UUID
    closed_by: UUID | None
    valid_from: datetime
    valid_to: datetime
    legal_entity_id: UUID | None
    signed_on: date | None
    notice_on: date | None
    reason: str | None


@dataclass(slots=True)
class Moves:
    """What one change wrote of an agreement: each thing as it was before (None: it is new) and after (None: it is no
    more), the numbers of the clauses that it made and closed, and the amendments that it wrote."""

    facts: list[tuple[Version | None, Version | None]] = field(default_factory=list)
    made: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    amendments: list[AgreementAmendment] = field(default_factory=list)


def changes(agreement_id: UUID) -> Any:
    """Select the changes that wrote of an agreement; order ``CHANGE_KEYS``, newest first."""
    wrote = [
        select(column).where(table.agreement_id == agreement_id, column.is_not(None))
        for table in (*_TOLD.values(), AgreementClause)
        for column in (table.opened_by, table.closed_by)
    ]
    amended = select(AgreementAmendment.opened_by).where(AgreementAmendment.agreement_id == agreement_id)
    return select(Change).where(Change.id.in_(union(*wrote, amended)))


def moves(session: Session, agreement_id: UUID, change_ids: Collection[UUID]) -> dict[UUID, Moves]:
    """Return what each of these changes wrote of the agreement; three statements."""
    found = {one: Moves() for one in change_ids}
    before: dict[tuple[UUID, UUID], Version] = {}
    after: dict[tuple[UUID, UUID], Version] = {}
    for version in (Version(*row) for row in session.execute(_versions(agreement_id, change_ids))):
        if version.closed_by in found:
            before[version.closed_by, version.fact_id] = version
        if version.opened_by in found:
            after[version.opened_by, version.fact_id] = version
    for one in dict.fromkeys([*before, *after]):
        found[one[0]].facts.append((before.get(one), after.get(one)))
    c = AgreementClause
    mine = c.agreement_id == agreement_id, or_(c.opened_by.in_(change_ids), c.closed_by.in_(change_ids))
    for n, opened_by, closed_by in session.execute(select(c.n, c.opened_by, c.closed_by).where(*mine).order_by(c.n)):
        for change_id, which in ((opened_by, "made"), (closed_by, "closed")):
            if change_id in found:
                getattr(found[change_id], which).append(n)
    a = AgreementAmendment
    for row in session.scalars(
        select(a).where(a.agreement_id == agreement_id, a.opened_by.in_(change_ids)).order_by(a.n)
    ):
        found[row.opened_by].amendments.append(row)
    return found


def _versions(agreement_id: UUID, change_ids: Collection[UUID]) -> CompoundSelect[Any]:
    selects = []
    for kind, table in _TOLD.items():
        told = [
            getattr(table, name) if hasattr(table, name) else null().cast(type_).label(name)
            for name, type_ in _COLUMNS.items()
        ]
        times = [getattr(table, name).label(name) for name in ("valid_from", "valid_to")]
        query = select(literal(kind).label("kind"), table.fact_id, table.opened_by, table.closed_by, *times, *told)
        written = or_(table.opened_by.in_(change_ids), table.closed_by.in_(change_ids))
        selects.append(query.where(table.agreement_id == agreement_id, written))
    return union_all(*selects)
