"""The facts that a right rests on, as lines: what each says, who said it and where."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Select, String, Uuid, cast, literal, null, select, union_all
from sqlalchemy.orm import Session

from iam.access.model.assignment import NIL
from iam.change import Change
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.occupation import called, name_of
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.source import Record, Run, Source
from iam.texts import in_language


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact version that a right rests on: what it says, who said it and where, and when it was written down.
    ``other`` is the other person, or the key of the group; ``group`` is what the group is called."""

    version_id: UUID
    fact: str
    kind: str
    organisation_key: str | None
    organisation_names: Mapping[str, str]
    position: str | None
    position_names: dict[str, str] | None
    other: str | None
    group: str | None
    valid_from: datetime
    valid_to: datetime
    source_key: str | None
    source_names: dict[str, str] | None
    run_id: UUID | None
    file: str | None
    line: int | None
    recorded_at: datetime
    recorded_by: UUID | None

    def told_by(self, language: str) -> str | None:
        """What the source is called that told it; None: nobody did, or it must not be told."""
        return in_language(self.source_names or {}, language) or self.source_key

    def called(self, language: str) -> str | None:
        """What the position is called."""
        return called(self.position_names, self.position, language)


def fact_lines(session: Session, ids: Collection[UUID]) -> dict[UUID, FactLine]:
    """Read the cited versions, whatever table they are in; one statement."""
    if not ids:
        return {}
    a, m, r, p, g = Affiliation, Membership, Relationship, OrganisationPlace, Group
    nothing, nobody = cast(null(), String), cast(null(), Uuid())
    no_position, no_group = (nothing, nothing, cast(null(), JSON)), (nothing, nothing)
    position = a.title, a.occupation, name_of(a.occupation)
    query = union_all(
        _lines(a, ids, a.organisation_id, literal("affiliation"), a.kind, *position, *no_group, nobody),
        _lines(m, ids, g.organisation_id, literal("membership"), g.kind, *no_position, g.key, g.name, nobody),
        _lines(r, ids, NIL, literal("relationship"), r.kind, *no_position, *no_group, r.other_person_id),
        _lines(p, ids, p.organisation_id, literal("place"), nothing, *no_position, *no_group, nobody),
    )
    lines = (_line(*row) for row in session.execute(query))
    return {line.version_id: line for line in lines}


def _lines(model: Any, ids: Collection[UUID], organisation_id: Any, *says: Any) -> Select[Any]:
    o, change = Organisation, Change
    columns = (
        model.version_id,
        *says,
        o.key,
        o.name_fi,
        o.name_sv,
        o.name_en,
        model.valid_from,
        model.valid_to,
        Source.key,
        Source.name,
        Run.id,
        Record.file,
        Record.line,
        change.at,
        change.actor_person_id,
    )
    query: Any = select(*columns).select_from(model)
    if model is Membership:
        query = query.outerjoin(Group, Group.id == model.group_id)
    found: Select[Any] = (
        query.outerjoin(o, o.id == organisation_id)
        .outerjoin(Record, Record.id == model.record_id)
        .outerjoin(change, change.id == model.opened_by)
        .outerjoin(Run, Run.id == change.run_id)
        .outerjoin(Source, Source.id == model.source_id)
        .where(model.version_id.in_(ids))
    )
    return found


def _line(
    version_id: UUID,
    fact: str,
    kind: str | None,
    title: str | None,
    occupation: str | None,
    position_names: dict[str, str] | None,
    group: str | None,
    group_name: str | None,
    other: UUID | None,
    organisation: str | None,
    fi: str,
    sv: str,
    en: str,
    valid_from: datetime,
    valid_to: datetime,
    source: str | None,
    source_names: dict[str, str] | None,
    run_id: UUID | None,
    file: str | None,
    line: int | None,
    recorded_at: datetime,
    recorded_by: UUID | None,
) -> FactLine:
    return FactLine(
        version_id,
        fact,
        kind or fact,
        organisation,
        {"fi": fi, "sv": sv, "en": en} if organisation else {},
        title or occupation,
        position_names,
        str(other) if other else group,
        group_name,
        valid_from,
        valid_to,
        source,
        source_names,
        run_id,
        file,
        line,
        recorded_at,
        recorded_by,
    )
