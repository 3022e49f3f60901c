"""The unless: a match that an absence touches becomes its pieces between absences."""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from iam.access.derivation.working import match_
from iam.access.rules.compile_sql import COLUMNS
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, least
from iam.directory.affiliation import Absence


def split(session: Session) -> None:
    """Replace each row of ``match_`` that absences touch by its pieces between them."""
    if _ANY.one(session):
        _ADD_PIECES.run(session)
        _DROP_WHOLE.run(session)


def _any() -> Rows:
    absence = aliased(Absence)
    return select(exists().where(_touches(absence, match_)))


def _pieces() -> Insert:
    m, a, b = match_, aliased(Absence), aliased(Absence)
    begins = union_all(
        select(m, m.c.valid_from.label("begins")).where(m.c.piece == 0, exists().where(_touches(a, m))),
        select(m, a.valid_to.label("begins")).join(a, _touches(a, m)).where(m.c.piece == 0, a.valid_to < m.c.valid_to),
    ).subquery()
    inside = exists().where(_of(b, begins), b.valid_from <= begins.c.begins, b.valid_to > begins.c.begins)
    next_absence = (
        select(func.min(b.valid_from)).where(_of(b, begins), b.valid_from > begins.c.begins).scalar_subquery()
    )
    ends = func.coalesce(least(next_absence, begins.c.valid_to), begins.c.valid_to, type_=UtcDateTime())
    names = [name for name in COLUMNS if name not in ("valid_from", "valid_to")]
    pieces = select(*(begins.c[name] for name in names), begins.c.begins, ends, literal(1)).where(~inside).distinct()
    return insert(m).from_select([*names, "valid_from", "valid_to", "piece"], pieces)


def _whole() -> Delete:
    absence = aliased(Absence)
    return delete(match_).where(match_.c.piece == 0, exists().where(_touches(absence, match_)))


def _of(absence: type[Absence], row: object) -> ColumnElement[bool]:
    of_it = absence.affiliation_fact_id == row.c.absence_of  # type: ignore[attr-defined]
    return and_(absence.closed_by.is_(None), of_it)


def _touches(absence: type[Absence], row: Table) -> ColumnElement[bool]:
    return and_(_of(absence, row), absence.valid_from < row.c.valid_to, absence.valid_to > row.c.valid_from)


_ANY: Statement[bool] = Statement(_any, bool)
_ADD_PIECES, _DROP_WHOLE = Statement(_pieces, tuple), Statement(_whole, tuple)
