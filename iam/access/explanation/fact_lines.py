"""The facts that a right rests on, as lines: what each says, who said it and where."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.assignment import NIL
from iam.change import Change
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.source import Record, Run, Source
from iam.texts import LANGUAGES


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact version that a right rests on: what it says, who said it and where, and when it was written down."""

    version_id: UUID
    fact: str
    kind: str
    organisation_key: str | None
    organisation_names: Mapping[str, str]
    position: str | None
    other: str | None
    valid_from: datetime
    valid_to: datetime
    source_key: str | None
    run_id: UUID | None
    file: str | None
    line: int | None
    recorded_at: datetime
    recorded_by: UUID | None


def fact_lines(session: Session, ids: Collection[UUID]) -> dict[UUID, FactLine]:
    """Read the cited versions, whatever table they are in: four queries."""
    found: dict[UUID, FactLine] = {}
    for fact, model, join in (
        ("affiliation", Affiliation, Affiliation.organisation_id), ("membership", Membership, Group.organisation_id),
        ("relationship", Relationship, None), ("place", OrganisationPlace, OrganisationPlace.organisation_id),
    ):  # fmt: skip
        query: Any = select(model, Organisation, Group, Record, Run, Source, Change).select_from(model)
        query = (
            query.outerjoin(Group, Group.id == model.group_id)
            if model is Membership
            else query.outerjoin(Group, Group.id == NIL)
        )
        query = (
            query.outerjoin(Organisation, Organisation.id == join)
            if join is not None
            else query.outerjoin(Organisation, Organisation.id == NIL)
        )
        query = (
            query.outerjoin(Record, Record.id == model.record_id)
            .outerjoin(Change, Change.id == model.opened_by)
            .outerjoin(Run, Run.id == Change.run_id)
            .outerjoin(Source, Source.id == model.source_id)
            .where(model.version_id.in_(ids))
        )
        for row in session.execute(query):
            found[row[0].version_id] = _line(fact, *row)
    return found


def _line(
    fact: str, row: Any, organisation: Organisation | None, group: Group | None, record: Record | None, run: Run | None,
    source: Source | None, change: Change,
) -> FactLine:  # fmt: skip
    kind = getattr(row, "kind", None) or (group.kind if group is not None else fact)
    return FactLine(
        row.version_id, fact, kind, organisation.key if organisation else None,
        {ln: organisation.name(ln) for ln in LANGUAGES} if organisation else {}, getattr(row, "title", None) or getattr(row, "occupation", None),
        group.key if group is not None else str(row.other_person_id) if fact == "relationship" else None, row.valid_from, row.valid_to, source.key if source else None, run.id if run else None,
        record.file if record else None, record.line if record else None, change.at, change.actor_person_id,
    )  # fmt: skip
