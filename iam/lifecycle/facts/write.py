"""Writes what the comparison found, kind by kind: versions that are replaced are closed, what takes their place is
opened.

Held effects are left out: their versions stand.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, literal, select, update
from sqlalchemy.orm import Session

from iam.change import Change
from iam.database.bulk import analyze
from iam.lifecycle import staged
from iam.lifecycle.facts.kinds import KINDS, FactKind

MANY = 10_000
"""Versions of one kind opened by one run from which on the planner is told of them at once: the derivation that follows
joins them."""


def write(session: Session, change: Change, source_id: UUID) -> None:
    """Close and open the versions of every kind that ``st_effect`` names and does not hold."""
    for kind in KINDS:
        _close(session, change, kind)
        opened = _open(session, change, source_id, kind)
        if opened > MANY:
            analyze(session, kind.model.__table__, well=True)


def _due(kind: FactKind) -> ColumnElement[bool]:
    fx = staged.effect.c
    return and_(fx.fact == kind.name, fx.held.is_(False))


def _close(session: Session, change: Change, kind: FactKind) -> None:
    m, old = kind.model, staged.effect.c.old_version
    replaced = select(old).where(_due(kind), old.is_not(None))
    session.execute(
        update(m)
        .where(m.version_id.in_(replaced))
        .values(closed_by=change.id)
        .execution_options(synchronize_session=False)
    )


def _open(session: Session, change: Change, source_id: UUID, kind: FactKind) -> int:
    m, fx = kind.model, staged.effect.c
    names = ["version_id", "fact_id", "source_id", "record_id", "opened_by", *kind.columns]
    fixed = literal(source_id, m.source_id.type), fx.record_id, literal(change.id, m.opened_by.type)
    # The first version of a fact has the fact's own id.
    version = case((fx.old_version.is_(None), fx.fact_id), else_=func.uuid7())
    told = (
        select(version, fx.fact_id, *fixed, *(kind.staged.c[name] for name in names[5:]))
        .select_from(staged.effect)
        .join(kind.staged, kind.staged.c.row_id == fx.row_id)
        .where(_due(kind))
    )
    rest = (
        select(
            func.uuid7(),
            fx.fact_id,
            *fixed,
            *(fx.valid_to if name == "valid_to" else getattr(m, name) for name in names[5:]),
        )
        .select_from(staged.effect)
        .join(m, m.version_id == fx.old_version)
        .where(_due(kind), fx.row_id.is_(None), fx.goes_on)
    )
    return sum(_insert(session, m, names, rows) for rows in (told, rest))


def _insert(session: Session, model: Any, names: list[str], rows: Select[Any]) -> int:
    done = session.execute(insert(model).from_select(names, rows), execution_options={"preserve_rowcount": True})
    return int(getattr(done, "rowcount", 0))
