"""When a clause lives: while its agreement is in force and not suspended, and the clause's own grantor and grantee are
in.

Other parties do not matter, unless the agreement says that all sign or none. Nothing of this is stored with a right: it
is joined at every read, so that a signature, a notice, a suspension and an end are felt at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Subquery, and_, exists, false, func, or_, select, true, union_all
from sqlalchemy.orm import Session, aliased

from iam.access.model.agreement import (
    Agreement,
    AgreementClause,
    AgreementParty,
    AgreementSuspension,
    AgreementTerm,
)
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.queries import holds_at, known

Interval = tuple[datetime, datetime]
Cause = Literal["agreement", "party", "suspension"]


class Life(NamedTuple):
    """A time in which a clause lives; ``over`` tells what ends it: the agreement's end, a party that leaves, a
    suspension."""

    start: datetime
    end: datetime
    over: Cause


Seen = Callable[[Any], ColumnElement[bool]]
"""Which versions of a table are looked at, as a condition on it."""

# The conditions below never stand inside themselves: the aliases are made once, not at every request.
_CLAUSE, _TERM, _SUSPENSION = aliased(AgreementClause), aliased(AgreementTerm), aliased(AgreementSuspension)
_PARTY, _GRANTOR, _GRANTEE = (aliased(AgreementParty) for _ in range(3))


def live_until(clause_id: Any, at: Any, known_at: datetime | None = None) -> Select[Any]:
    """Select the instant at which a clause that lives at ``at`` stops to, as was known at ``known_at``; no row when it
    does not live."""
    term, grantor, grantee = _TERM, _GRANTOR, _GRANTEE

    def seen(model: Any) -> ColumnElement[bool]:
        return known(model, known_at)

    ends = least(term.valid_to, grantor.valid_to, grantee.valid_to, type_=UtcDateTime())
    query = _between(select(func.max(ends, type_=UtcDateTime())), seen)
    for party in (grantor, grantee):
        query = query.where(party.in_from <= at, party.valid_to > at)
    awaited = and_(term.all_sign, _awaited(at, seen))
    return query.where(_CLAUSE.id == clause_id, holds_at(term, at), ~awaited, ~_suspended(at, seen))


def lives(
    session: Session,
    clauses: Collection[UUID],
    known_at: datetime | None = None,
    *columns: Any,
    seen: Seen | None = None,
) -> Iterator[tuple[UUID, Life, tuple[Any, ...]]]:
    """Yield each time in which a clause lives, with its id and ``columns`` of the clause or its agreement; one
    statement.

    What was known at ``known_at`` counts, or the versions that are ``seen``.
    """
    if not clauses:
        return
    query = _times(clauses, seen or (lambda model: known(model, known_at)))
    if columns:
        query = query.join(AgreementClause, AgreementClause.id == _CLAUSE.id)
        query = query.join(Agreement, Agreement.id == AgreementClause.agreement_id).add_columns(*columns)
    rows = session.execute(query.order_by(_CLAUSE.id, _TERM.version_id)).all()
    for _, of_term in groupby(rows, lambda row: (row.clause_id, row.version_id)):
        some = list(of_term)
        one = some[0]
        bars = [(row.barred_from, row.barred_to) for row in some if row.barred_from is not None]
        for start, end in without([(one.starts, one.ends)], bars):
            over: Cause = "suspension" if end != one.ends else "agreement" if end == one.term_ends else "party"
            yield one.clause_id, Life(start, end, over), tuple(one[_OWN:])


_OWN = 7
"""So many columns of ``_times`` come before those that were asked for."""


def _times(clauses: Collection[UUID], seen: Seen) -> Select[Any]:
    """Select the terms of clauses' agreements cut to the time in which both sides are in, each as often as something
    bars it."""
    term, grantor, grantee, bar = _TERM, _GRANTOR, _GRANTEE, _bars(seen)
    starts = greatest(term.valid_from, grantor.in_from, grantee.in_from, type_=UtcDateTime())
    ends = least(term.valid_to, grantor.valid_to, grantee.valid_to, type_=UtcDateTime())
    of_agreement = and_(bar.c.agreement_id == _CLAUSE.agreement_id, or_(~bar.c.of_all, term.all_sign))
    query = select(
        _CLAUSE.id.label("clause_id"),
        term.version_id,
        starts.label("starts"),
        ends.label("ends"),
        term.valid_to.label("term_ends"),
        bar.c.valid_from.label("barred_from"),
        bar.c.valid_to.label("barred_to"),
    )
    both_signed = grantor.in_from.is_not(None), grantee.in_from.is_not(None)
    return (
        _between(query, seen).outerjoin(bar, of_agreement).where(_CLAUSE.id.in_(clauses), *both_signed, starts < ends)
    )


def without(times: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """Return what of ``times`` is in none of ``taken``, in order. Pure."""
    left = sorted(times)
    for start, end in taken:
        parts = ((piece, (max(piece[0], end), piece[1])) for piece in left)
        left = [
            part for piece, after in parts for part in ((piece[0], min(piece[1], start)), after) if part[0] < part[1]
        ]
    return left


def _between(query: Select[Any], seen: Seen) -> Select[Any]:
    """A query over the terms of clauses' agreements, with the clause's own grantor and grantee."""
    clause, term = _CLAUSE, _TERM
    query = query.select_from(term).join(clause, clause.agreement_id == term.agreement_id).where(seen(term))
    for party, entity_id in ((_GRANTOR, clause.grantor_id), (_GRANTEE, clause.grantee_id)):
        of_clause = and_(party.agreement_id == clause.agreement_id, party.legal_entity_id == entity_id)
        query = query.join(party, of_clause).where(seen(party))
    return query


def _awaited(at: Any, seen: Seen) -> ColumnElement[bool]:
    """The condition that somebody who is a party of the clause's agreement at ``at`` has not signed by then."""
    party = _PARTY
    unsigned = or_(party.in_from.is_(None), party.in_from > at)
    there = exists().where(party.agreement_id == _CLAUSE.agreement_id, seen(party), holds_at(party, at), unsigned)
    # Two levels down, what the instant is read from belongs to the queries around.
    return there.correlate_except(party)


def _suspended(at: Any, seen: Seen) -> ColumnElement[bool]:
    one = _SUSPENSION
    there = exists().where(one.agreement_id == _CLAUSE.agreement_id, seen(one), holds_at(one, at))
    return there.correlate_except(one)


def _bars(seen: Seen) -> Subquery:
    """When agreements give nothing though they are in force: suspended, or, where all must sign (``of_all``), while a
    party has not."""
    party, suspension = _PARTY, _SUSPENSION
    signed = least(func.coalesce(party.in_from, party.valid_to), party.valid_to, type_=UtcDateTime())
    waiting = select(party.agreement_id, true().label("of_all"), party.valid_from, signed.label("valid_to"))
    suspended = select(suspension.agreement_id, false(), suspension.valid_from, suspension.valid_to)
    return union_all(waiting.where(seen(party)), suspended.where(seen(suspension))).subquery()
