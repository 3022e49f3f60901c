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
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access import handing
from iam.access.assignment import NIL, Assignment
from iam.access.ceiling import permitted
from iam.access.rule import RuleVersion
from iam.access.working import KEY, affected, wanted
from iam.change import Change
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, least
from iam.directory.affiliation import Affiliation

_BY_RULE = and_(Assignment.closed_by.is_(None), Assignment.origin == "rule")
_CHANGE = bindparam("of_change", type_=Uuid())


def close(session: Session, change: Change, *, limited: bool, rules: Collection[UUID] | None) -> int:
    """Close what stands by rule and is not in ``wanted``, of the persons in ``affected`` when ``limited``; return how many."""
    if rules is None:
        return _CLOSE[limited].run(session, of_change=change.id)
    versions = select(RuleVersion.id).where(RuleVersion.rule_id.in_(rules))
    query = _closing(limited).where(Assignment.rule_version_id.in_(versions))
    done = session.execute(query, {"of_change": change.id}, execution_options={"synchronize_session": False})
    return int(getattr(done, "rowcount", 0))


def open_(session: Session, change: Change, *, limited: bool) -> int:
    """Open what is in ``wanted`` and does not stand; return how many."""
    # In a first derivation of everybody there is nothing to compare with; for a few persons asking would cost more than comparing.
    compared = limited or bool(_ANY.one(session))
    return _OPEN[compared].run(session, of_change=change.id)


def follow_hands(session: Session, change: Change, *, limited: bool) -> None:
    """A right granted by hand follows the capacity it was granted to: it never outlasts it, and ends with it.

    One across legal entities ends as well when its clause no longer allows the role, as it is now, to the position; and each when who
    granted it may not hand the role out any more.
    """
    now = clock.now()
    _CONTINUE[limited].run(session, of_change=change.id, handed_at=now)
    _END[limited].run(session, of_change=change.id, handed_at=now)


def _looked_at(limited: bool) -> ColumnElement[bool]:
    return Assignment.person_id.in_(select(affected.c.person_id)) if limited else true()


def _same() -> ColumnElement[bool]:
    """The condition that an open assignment is the wanted row."""
    plain = [getattr(Assignment, name) == wanted.c[name] for name in KEY if name != "clause_id"]
    clause = func.coalesce(Assignment.clause_id, literal(NIL, Uuid())) == wanted.c.clause_id
    return and_(_BY_RULE, clause, *plain)


def _closing(limited: bool) -> Update:
    gone = ~exists().where(_same()).correlate(Assignment)
    return update(Assignment).where(_BY_RULE, _looked_at(limited), gone).values(closed_by=_CHANGE)


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


def _moved() -> ColumnElement[bool]:
    return ~exists().where(Affiliation.version_id == Assignment.fact_1, Affiliation.closed_by.is_(None))


def _by_hand(limited: bool) -> ColumnElement[bool]:
    return and_(Assignment.closed_by.is_(None), Assignment.origin == "hand", _looked_at(limited))


def _handed_out() -> ColumnElement[bool]:
    """The condition that who granted an assignment by hand may still hand its role out; one from before this was kept may."""
    at = bindparam("handed_at", type_=UtcDateTime())
    return or_(Assignment.granter_id.is_(None), handing.may(Assignment.granter_id, Assignment.role_id, at))


def _continuing(limited: bool) -> Insert:
    a, now_ = Assignment, aliased(Affiliation)
    ends = least(a.valid_to, now_.valid_to, type_=UtcDateTime())
    kept = [
        "person_id", "capacity_id", "capacity_kind", "role_id", "role_version_id", "scope_id", "holder_entity_id", "scope_entity_id",
        "clause_id", "origin", "rule_version_id", "reason", "granter_id", "needs_relationship", "fact_2", "fact_3", "fact_4", "place_id", "valid_from",
    ]  # fmt: skip
    rows = (
        select(func.uuid7(), *(getattr(a, name) for name in kept), now_.version_id, ends, _CHANGE)
        .join(now_, and_(now_.fact_id == a.capacity_id, now_.closed_by.is_(None)))
        .where(_by_hand(limited), _moved(), permitted(now_), _handed_out(), a.valid_from < ends)
    )
    return insert(a).from_select(["id", *kept, "fact_1", "valid_to", "opened_by"], rows)


def _ending(limited: bool) -> Update:
    cited = aliased(Affiliation)
    refused = ~exists().where(cited.version_id == Assignment.fact_1, permitted(cited))
    return update(Assignment).where(_by_hand(limited), or_(_moved(), refused, ~_handed_out())).values(closed_by=_CHANGE)


_ANY: Statement[bool] = Statement(_any, bool)
_CLOSE = {limited: Statement(partial(_closing, limited), tuple) for limited in (False, True)}
_OPEN = {compared: Statement(partial(_opening, compared), tuple) for compared in (False, True)}
_CONTINUE = {limited: Statement(partial(_continuing, limited), tuple) for limited in (False, True)}
_END = {limited: Statement(partial(_ending, limited), tuple) for limited in (False, True)}
