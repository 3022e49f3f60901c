"""Rights granted by hand at derivation: each keeps to what the gate that rights by rule pass leaves of it, from now on.

A right by hand never outlasts its capacity. Where the legal entity of either end changes by date it becomes its pieces,
each of them within one entity or by a clause that allows the role, as it is now, to the position; what no clause allows
ends. So does the whole when who granted it may not hand the role out any more.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Update,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.derivation.settle import looked_at
from iam.access.derivation.working import PIECE, permit, piece
from iam.access.model.assignment import NIL, Assignment
from iam.access.rules import handing
from iam.access.rules.compile_walls import continues
from iam.change import Change
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationClosure, OrganisationPlace

_CHANGE, _NOW = bindparam("of_change", type_=Uuid()), bindparam("now", type_=UtcDateTime())


def follow(session: Session, change: Change, *, limited: bool) -> None:
    """Bring the rights granted by hand in line, of the persons in ``affected`` when ``limited``; needs ``permit``
    filled."""
    now = clock.now()
    if not _ANY[limited].one(session, now=now):
        return
    _PIECES[limited].run(session, now=now)
    _CLOSE[limited].run(session, of_change=change.id, now=now)
    _OPEN.run(session, of_change=change.id)


def _standing(limited: bool) -> ColumnElement[bool]:
    a = Assignment
    return and_(a.closed_by.is_(None), a.origin == literal_column("'hand'"), a.valid_to > _NOW, looked_at(limited))


def _any(limited: bool) -> Rows:
    return select(exists().where(_standing(limited)))


def _pieces(limited: bool) -> Insert:
    rows = _within_one(limited).union_all(_by_clause(limited))
    return insert(piece).from_select(["of_id", *PIECE], rows)


def _within_one(limited: bool) -> Select[tuple[Any, ...]]:
    a, now_, home, place = Assignment, aliased(Affiliation), aliased(OrganisationPlace), aliased(OrganisationPlace)
    one = home.legal_entity_id == place.legal_entity_id
    free = or_(a.clause_id.is_(None), ~continues(place.legal_entity_id))
    starts, ends = _time(now_, home, place)
    columns = a.id, home.legal_entity_id, place.legal_entity_id, literal(NIL, Uuid()), now_.version_id, place.version_id
    return _placed(select(*columns, starts, ends), now_, home, place).where(_granted(limited), one, free, starts < ends)


def _by_clause(limited: bool) -> Select[tuple[Any, ...]]:
    a, now_, home, place = Assignment, aliased(Affiliation), aliased(OrganisationPlace), aliased(OrganisationPlace)
    p, c = permit.c, aliased(OrganisationClosure)
    allows = and_(
        p.role_id == a.role_id,
        p.occupation == now_.occupation,
        p.grantee_id == home.legal_entity_id,
        p.grantor_id == place.legal_entity_id,
        or_(a.clause_id.is_(None), a.clause_id == p.clause_id),
    )
    needs = or_(
        home.legal_entity_id != place.legal_entity_id, and_(a.clause_id.is_not(None), continues(place.legal_entity_id))
    )
    starts, ends = _time(now_, home, place, p, c)
    columns = a.id, home.legal_entity_id, place.legal_entity_id, p.clause_id, now_.version_id, place.version_id
    return (
        _placed(select(*columns, starts, ends), now_, home, place)
        .join(permit, allows)
        .join(c, and_(c.ancestor_id == p.scope_id, c.descendant_id == a.scope_id))
        .where(_granted(limited), needs, or_(p.scope_id == a.scope_id, p.with_descendants), starts < ends)
    )


def _placed(query: Select[tuple[Any, ...]], now_: Any, home: Any, place: Any) -> Select[tuple[Any, ...]]:
    a = Assignment
    return (
        query.select_from(a)
        .join(now_, and_(now_.fact_id == a.capacity_id, now_.closed_by.is_(None)))
        .join(home, and_(home.organisation_id == now_.organisation_id, home.closed_by.is_(None)))
        .join(place, and_(place.organisation_id == a.scope_id, place.closed_by.is_(None)))
    )


def _time(now_: Any, *rows: Any) -> tuple[Any, Any]:
    """The capacity ends a right, but does not begin it: who granted it said from when."""
    a = Assignment
    starts = greatest(a.valid_from, *(row.valid_from for row in rows), type_=UtcDateTime())
    return starts, least(a.valid_to, now_.valid_to, *(row.valid_to for row in rows), type_=UtcDateTime())


def _granted(limited: bool) -> ColumnElement[bool]:
    """Of what stands, what whoever granted it may still hand out; of before this was kept, all."""
    a = Assignment
    return and_(_standing(limited), or_(a.granter_id.is_(None), handing.may(a.granter_id, a.role_id, _NOW)))


def _same() -> ColumnElement[bool]:
    a = Assignment
    # Another version of the place with the same entity is no other right.
    plain = [getattr(a, name) == piece.c[name] for name in PIECE if name not in ("clause_id", "place_id")]
    return and_(piece.c.of_id == a.id, func.coalesce(a.clause_id, literal(NIL, Uuid())) == piece.c.clause_id, *plain)


def _closing(limited: bool) -> Update:
    other = ~exists().where(_same()).correlate(Assignment)
    return update(Assignment).where(_standing(limited), other).values(closed_by=_CHANGE)


def _opening() -> Insert:
    a = Assignment
    kept = [
        "person_id",
        "capacity_id",
        "capacity_kind",
        "role_id",
        "role_version_id",
        "scope_id",
        "origin",
        "rule_version_id",
        "reason",
        "granter_id",
        "needs_relationship",
        "fact_2",
        "fact_3",
        "fact_4",
    ]
    new = [func.nullif(piece.c[name], literal(NIL, Uuid())) if name == "clause_id" else piece.c[name] for name in PIECE]
    rows = select(func.uuid7(), *(getattr(a, name) for name in kept), *new, _CHANGE).join(piece, piece.c.of_id == a.id)
    return insert(a).from_select(["id", *kept, *PIECE, "opened_by"], rows.where(~_same()))


_ANY = {limited: Statement(partial(_any, limited), bool) for limited in (False, True)}
_PIECES = {limited: Statement(partial(_pieces, limited), tuple) for limited in (False, True)}
_CLOSE = {limited: Statement(partial(_closing, limited), tuple) for limited in (False, True)}
_OPEN: Statement[tuple[Any, ...]] = Statement(_opening, tuple)
