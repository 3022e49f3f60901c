"""The difference between what is wanted and what stands: rows of ``assignment`` closed and opened, over sets."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Update,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    null,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from iam.access.derivation.working import KEY, affected, wanted
from iam.access.model.assignment import NIL, Assignment
from iam.access.model.rule import RuleVersion
from iam.change import Change
from iam.database.statement import Rows, Statement

_BY_RULE = and_(Assignment.closed_by.is_(None), Assignment.origin == "rule")
_CHANGE = bindparam("of_change", type_=Uuid())


def close(session: Session, change: Change, *, limited: bool, rules: Collection[UUID] | None) -> int:
    """Close what stands by rule and is not in ``wanted``, of the persons in ``affected`` when ``limited``; return how
    many."""
    if rules is None:
        return _CLOSE[limited].run(session, of_change=change.id)
    versions = select(RuleVersion.id).where(RuleVersion.rule_id.in_(rules))
    query = _closing(limited).where(Assignment.rule_version_id.in_(versions))
    done = session.execute(query, {"of_change": change.id}, execution_options={"synchronize_session": False})
    return int(getattr(done, "rowcount", 0))


def open_(session: Session, change: Change, *, limited: bool) -> int:
    """Open what is in ``wanted`` and does not stand; return how many."""
    # In a first derivation of everybody there is nothing to compare with; for a few persons asking would cost more than
    # comparing.
    compared = limited or bool(_ANY.one(session))
    return _OPEN[compared].run(session, of_change=change.id)


def looked_at(limited: bool) -> ColumnElement[bool]:
    """The condition that an assignment is of those whose rights are derived."""
    return Assignment.person_id.in_(select(affected.c.person_id)) if limited else true()


def _same() -> ColumnElement[bool]:
    """The condition that an open assignment is the wanted row."""
    plain = [getattr(Assignment, name) == wanted.c[name] for name in KEY if name != "clause_id"]
    clause = func.coalesce(Assignment.clause_id, literal(NIL, Uuid())) == wanted.c.clause_id
    return and_(_BY_RULE, clause, *plain)


def _closing(limited: bool) -> Update:
    gone = ~exists().where(_same()).correlate(Assignment)
    return update(Assignment).where(_BY_RULE, looked_at(limited), gone).values(closed_by=_CHANGE)


def _opening(compared: bool) -> Insert:
    w = wanted
    columns = [w.c[name] for name in (*KEY, "capacity_kind") if name != "clause_id"]
    clause = func.nullif(w.c.clause_id, literal(NIL, Uuid()))
    rows = select(func.uuid7(), *columns, clause, literal("rule"), null(), _CHANGE)
    if compared:
        rows = rows.where(~exists().where(_same()))
    names = ["id", *(column.name for column in columns), "clause_id", "origin", "reason", "opened_by"]
    return insert(Assignment).from_select(names, rows)


def _any() -> Rows:
    return select(exists().where(_BY_RULE))


_ANY: Statement[bool] = Statement(_any, bool)
_CLOSE = {limited: Statement(partial(_closing, limited), tuple) for limited in (False, True)}
_OPEN = {compared: Statement(partial(_opening, compared), tuple) for compared in (False, True)}
