"""What a run would do, as sets: affiliations that start, end, move or change. Computed before anything is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from iam.database.bulk import analyze
from iam.database.types import greatest
from iam.directory.affiliation import Affiliation
from iam.lifecycle import staged

_COMPARED = (
    "kind",
    "occupation",
    "title",
    "is_primary",
    "substitute_for",
    "legal_entity_id",
    "person_id",
    "valid_from",
    "valid_to",
)
_NAMES = (
    "kind", "record_id", "person_id", "organisation_id", "affiliation_kind", "old_version", "fact_id", "fresh", "old_to", "valid_from",
    "valid_to", "held",
)  # fmt: skip


def compute(session: Session, source_id: UUID, now: datetime) -> None:
    """Fill ``st_effect`` with the difference between what was staged and what stands, for the records staged or gone.

    An affiliation that is no longer told ends at ``now``; one that had not begun is closed without a trace in the world's time.
    """
    st, a, fx = staged.affiliation, Affiliation, staged.effect
    same_place = and_(
        a.closed_by.is_(None),
        a.source_id == source_id,
        a.record_id == st.c.record_id,
        a.organisation_id == st.c.organisation_id,
    )
    starts = select(
        literal("start"), st.c.record_id, st.c.person_id, st.c.organisation_id, st.c.kind, null(), func.uuid7(), true(), null(),
        st.c.valid_from, st.c.valid_to, false(),
    ).where(~exists().where(same_place))  # fmt: skip
    kind = case(
        (st.c.valid_to < a.valid_to, "end"),
        (or_(st.c.kind != a.kind, st.c.person_id != a.person_id), "move"),
        else_="change",
    )
    changes = (
        select(
            kind, st.c.record_id, a.person_id, st.c.organisation_id, a.kind, a.version_id, a.fact_id, true(), a.valid_to,
            st.c.valid_from, st.c.valid_to, false(),
        )
        .join(a, same_place)
        .where(or_(*(_differs(getattr(a, name), st.c[name]) for name in _COMPARED)))
    )  # fmt: skip
    session.execute(insert(fx).from_select(_NAMES, union_all(starts, changes)))
    session.execute(insert(fx).from_select(_NAMES, _vanished(source_id, now)))
    _moves(session)
    analyze(session, fx)


def _differs(old: ColumnElement[object], new: ColumnElement[object]) -> ColumnElement[bool]:
    return old.is_distinct_from(new)


def _vanished(source_id: UUID, now: datetime) -> Any:
    """Affiliations of staged or gone records that the source no longer tells, and that have not ended already."""
    a, st = Affiliation, staged.affiliation
    told = exists().where(st.c.record_id == a.record_id, st.c.organisation_id == a.organisation_id)
    staged_record = exists().where(staged.record.c.record_id == a.record_id)
    gone_record = exists().where(staged.gone.c.record_id == a.record_id)
    return select(
        literal("end"), a.record_id, a.person_id, a.organisation_id, a.kind, a.version_id, a.fact_id, a.valid_from < now, a.valid_to,
        a.valid_from, greatest(a.valid_from, literal(now, type_=a.valid_from.type), type_=a.valid_from.type), false(),
    ).where(
        a.closed_by.is_(None), a.source_id == source_id, a.valid_to > now, or_(gone_record, and_(staged_record, ~told))
    )  # fmt: skip


def _moves(session: Session) -> None:
    """An end and a start of one record are a move: the person goes elsewhere."""
    fx, other = staged.effect, staged.effect.alias()
    session.execute(
        update(fx)
        .where(fx.c.kind == "end", exists().where(other.c.kind == "start", other.c.record_id == fx.c.record_id))
        .values(kind="move")
    )


def counts(session: Session) -> dict[str, int]:
    """Return how many effects there are of each kind, and how many are held."""
    fx = staged.effect
    rows = session.execute(select(fx.c.kind, fx.c.held, func.count()).group_by(fx.c.kind, fx.c.held))
    found: dict[str, int] = {}
    for kind, held, n in rows:
        found[f"held_{kind}" if held else kind] = n
    return found
