"""Commands on agreements: what they are, their parties, when they are in force, suspensions, and their clauses.

Ending an agreement is one row: its term is joined at every read. A clause is immutable: one that is altered is closed
and another opened. The caller owns the transaction and derives rights afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.agreement import (
    Agreement,
    AgreementClause,
    AgreementParty,
    AgreementSuspension,
    AgreementTerm,
    ClauseContent,
)
from iam.change import Change
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationPlace, OrganisationRelation
from iam.directory.queries import known

Row = Mapping[str, Any]


class Term(NamedTuple):
    """When an agreement is in force, and whether all who are named as parties must sign before any clause lives."""

    valid_from: datetime
    valid_to: datetime
    all_sign: bool = False


@dataclass(frozen=True, slots=True)
class Party:
    """A legal entity in an agreement: its role, its own signature, and from when to when it takes part."""

    legal_entity_id: UUID
    role: str
    signed_on: date | None = None
    signed_by: str | None = None
    document_number: str | None = None
    signing_service: str | None = None
    valid_from: datetime = clock.LONG_AGO
    valid_to: datetime = clock.FOREVER
    notice_on: date | None = None

    @property
    def in_from(self) -> datetime | None:
        """From when it is in: the later of its signature and its start; None while it has not signed."""
        return None if self.signed_on is None else max(clock.day_start(self.signed_on), self.valid_from)


_PARTY = tuple(one.name for one in fields(Party))


@dataclass(frozen=True, slots=True)
class Clause:
    """What a clause says; ``content`` holds occupation, data group and operation.

    ``over_area``: ``scope_id`` is an area, and the clause holds in what it covers of the grantor.
    By which ``amendment`` it came about is none of what it says: two clauses are equal without it.
    """

    grantor_id: UUID
    grantee_id: UUID
    scope_id: UUID
    with_descendants: bool
    relationship_kind: str | None
    weaker_accepted_by: str | None
    weaker_accepted_on: date | None
    valid_from: datetime
    valid_to: datetime
    content: frozenset[tuple[str, str, str]]
    over_area: bool = False
    amendment: UUID | None = field(default=None, compare=False)


_SAME = ("grantor_id", "grantee_id", "scope_id", "over_area")


def is_within(narrow: Clause, wide: Clause) -> bool:
    """Whether a clause allows nothing that another does not: the same two sides and scope, no more of it, no longer,
    and under no weaker condition; pure."""
    same = all(getattr(narrow, one) == getattr(wide, one) for one in _SAME)
    place = wide.with_descendants or not narrow.with_descendants
    asked = wide.relationship_kind in (None, narrow.relationship_kind)
    accepted = narrow.weaker_accepted_by is None or (
        (narrow.weaker_accepted_by, narrow.weaker_accepted_on) == (wide.weaker_accepted_by, wide.weaker_accepted_on)
    )
    time = wide.valid_from <= narrow.valid_from and narrow.valid_to <= wide.valid_to
    return same and place and asked and accepted and time and narrow.content <= wide.content


def add(session: Session, rows: Sequence[Row]) -> None:
    """Add agreements: whole rows with their ids."""
    if rows:
        session.execute(insert(Agreement), [dict(row) for row in rows])


def amend(session: Session, rows: Sequence[Row]) -> None:
    """Write other columns of agreements, found by ``id``."""
    if rows:
        session.execute(update(Agreement), [dict(row) for row in rows])


def parties(session: Session, agreements: Collection[UUID] | None = None) -> dict[UUID, list[Party]]:
    """Return the parties of these agreements (None: of all) as they are said to be now; one statement."""
    p, found = AgreementParty, defaultdict[UUID, list[Party]](list)
    query = select(p.agreement_id, *(getattr(p, name) for name in _PARTY)).where(p.closed_by.is_(None))
    for agreement_id, *said in session.execute(query if agreements is None else query.where(_of(p, agreements))):
        found[agreement_id].append(Party(*said))
    return found


def sides(session: Session, agreements: Collection[UUID]) -> dict[UUID, set[tuple[UUID, UUID]]]:
    """Return grantor and grantee of each clause that is in these agreements now; one statement."""
    c, found = AgreementClause, defaultdict[UUID, set[tuple[UUID, UUID]]](set)
    query = select(c.agreement_id, c.grantor_id, c.grantee_id).where(c.closed_by.is_(None), _of(c, agreements))
    for agreement_id, grantor, grantee in session.execute(query.distinct()):
        found[agreement_id].add((grantor, grantee))
    return found


def set_parties(session: Session, change: Change, stated: Mapping[UUID, Collection[Party]]) -> None:
    """Make these the parties of each agreement: of one that is altered the version before is closed and another
    opened."""
    p = AgreementParty
    query = select(p.version_id, p.fact_id, p.agreement_id, *(getattr(p, name) for name in _PARTY))
    standing = session.execute(query.where(p.closed_by.is_(None), _of(p, stated))).all()
    facts = {(row.agreement_id, row.legal_entity_id): row.fact_id for row in standing}
    held = {(row.agreement_id, Party(*row[3:])): row.version_id for row in standing}
    wanted = {(agreement_id, party) for agreement_id, some in stated.items() for party in some}
    _close(session, p, change, [version_id for one, version_id in held.items() if one not in wanted])
    rows = [
        {
            "agreement_id": agreement_id,
            "fact_id": facts.get((agreement_id, party.legal_entity_id)) or uuid7(),
            "in_from": party.in_from,
            "opened_by": change.id,
            **asdict(party),
        }
        for agreement_id, party in wanted
        if (agreement_id, party) not in held
    ]
    if rows:
        session.execute(insert(p), rows)


def set_terms(session: Session, change: Change, terms: Mapping[UUID, Term]) -> None:
    """Make each term the time in which the agreement is in force: the version before is closed, another opened.

    One whose term would be empty is never in force.
    """
    t = AgreementTerm
    query = select(t.version_id, t.agreement_id, t.fact_id).where(t.closed_by.is_(None), _of(t, terms))
    standing = session.execute(query).all()
    _close(session, t, change, [row.version_id for row in standing])
    facts = {row.agreement_id: row.fact_id for row in standing}
    rows = [
        {
            "fact_id": facts.get(one) or uuid7(),
            "agreement_id": one,
            "valid_from": term.valid_from,
            "valid_to": term.valid_to,
            "all_sign": term.all_sign,
            "opened_by": change.id,
        }
        for one, term in terms.items()
        if term.valid_from < term.valid_to
    ]
    if rows:
        session.execute(insert(t), rows)


def suspend(session: Session, change: Change, agreement_id: UUID, entity_id: UUID, reason: str) -> None:
    """Let an agreement give nothing from now on, for one of its parties; it is felt at the next request."""
    row = {
        "agreement_id": agreement_id,
        "legal_entity_id": entity_id,
        "reason": reason,
        "valid_from": change.at,
        "valid_to": clock.FOREVER,
        "opened_by": change.id,
    }
    session.execute(insert(AgreementSuspension), [row])


def lift(session: Session, change: Change, agreement_id: UUID) -> None:
    """End the suspensions of an agreement now: that it was suspended until now stays known."""
    s = AgreementSuspension
    lasting = (s.agreement_id == agreement_id, s.closed_by.is_(None), s.valid_to > change.at)
    rows = session.scalars(select(s).where(*lasting)).all()
    _close(session, s, change, [row.version_id for row in rows])
    told = [
        {
            "fact_id": row.fact_id,
            "agreement_id": agreement_id,
            "legal_entity_id": row.legal_entity_id,
            "reason": row.reason,
            "valid_from": row.valid_from,
            "valid_to": change.at,
            "opened_by": change.id,
        }
        for row in rows
        if row.valid_from < change.at
    ]
    if told:
        session.execute(insert(s), told)


def _of(model: Any, agreements: Collection[UUID]) -> ColumnElement[bool]:
    return model.agreement_id.in_(agreements)  # type: ignore[no-any-return]


def _close(session: Session, model: Any, change: Change, versions: Sequence[UUID]) -> None:
    if versions:
        session.execute(update(model), [{"version_id": one, "closed_by": change.id} for one in versions])


def clauses(
    session: Session,
    known_at: datetime | None = None,
    *,
    of: Collection[UUID] | None = None,
    before: UUID | None = None,
) -> dict[UUID, dict[UUID, Clause]]:
    """Return the clauses that are open (or were known at ``known_at``, or ``before`` a change) by agreement and id,
    those ``of`` some agreements or of all: two queries."""
    content: dict[UUID, set[tuple[str, str, str]]] = defaultdict(set)
    open_ = known(AgreementClause, known_at) if before is None else _open_before(before)
    if of is not None:
        open_ = and_(open_, AgreementClause.agreement_id.in_(of))
    query = select(ClauseContent).join(AgreementClause, AgreementClause.id == ClauseContent.clause_id).where(open_)
    for allowed in session.scalars(query):
        content[allowed.clause_id].add((allowed.occupation, allowed.data_group, allowed.operation))
    found: dict[UUID, dict[UUID, Clause]] = defaultdict(dict)
    for row in session.scalars(select(AgreementClause).where(open_).order_by(AgreementClause.n)):
        found[row.agreement_id][row.id] = Clause(
            row.grantor_id,
            row.grantee_id,
            row.scope_id,
            row.with_descendants,
            row.relationship_kind,
            row.weaker_accepted_by,
            row.weaker_accepted_on,
            row.valid_from,
            row.valid_to,
            frozenset(content[row.id]),
            row.over_area,
            row.amendment_id,
        )
    return found


def _open_before(change_id: UUID) -> ColumnElement[bool]:
    """The condition that a clause was open before a change: changes have their ids in the order of time."""
    c = AgreementClause
    return and_(c.opened_by < change_id, or_(c.closed_by.is_(None), c.closed_by >= change_id))


def set_clauses(session: Session, change: Change, stated: Mapping[UUID, Sequence[Clause]]) -> list[Clause]:
    """Make ``stated`` the open clauses of these agreements; one that says the same stays as it is. Return those that
    were closed and opened."""
    standing = clauses(session, of=stated)
    closing: list[UUID] = []
    opening: list[tuple[UUID, Clause]] = []
    closed: list[Clause] = []
    for agreement_id, wanted in stated.items():
        left = dict(standing.get(agreement_id, {}))
        for clause in wanted:
            same = next((id_ for id_, held in left.items() if held == clause), None)
            if same is None:
                opening.append((agreement_id, clause))
            else:
                del left[same]
        closing += left
        closed += left.values()
    if closing:
        session.execute(update(AgreementClause), [{"id": id_, "closed_by": change.id} for id_ in closing])
    _open(session, change, opening)
    return [*closed, *(clause for _, clause in opening)]


def whom_they_allow(session: Session, altered: Collection[Clause]) -> set[UUID]:
    """Return the persons whose rights clauses may allow: of the grantee, or of whoever continues it, at any time, in a
    position that a clause names."""
    if not altered:
        return set()
    a, p = Affiliation, OrganisationPlace
    allowed: dict[str, set[UUID]] = defaultdict(set)
    for clause in altered:
        for occupation, *_ in clause.content:
            allowed[occupation].add(clause.grantee_id)
    onward = _continuing(session, {clause.grantee_id for clause in altered})
    here = a.organisation_id == p.organisation_id, p.closed_by.is_(None), a.closed_by.is_(None)
    found: set[UUID] = set()
    for occupation, grantees in allowed.items():
        theirs = grantees.union(*(onward[one] for one in grantees))
        query = (
            select(a.person_id).join(p, and_(*here)).where(a.occupation == occupation, p.legal_entity_id.in_(theirs))
        )
        found.update(session.scalars(query.where(a.occupation == occupation)))
    return found


def _continuing(session: Session, entities: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The legal entities that continue each, at any time, directly or after others."""
    r = OrganisationRelation
    rows = session.execute(select(r.other_id, r.organisation_id).where(r.kind == "continues", r.closed_by.is_(None)))
    onward: dict[UUID, set[UUID]] = defaultdict(set)
    for one, by in rows:
        onward[one].add(by)
    found: dict[UUID, set[UUID]] = {}
    for one in entities:
        waiting, seen = [one], {one}
        while waiting:
            more = onward.get(waiting.pop(), set()) - seen
            seen |= more
            waiting += more
        found[one] = seen
    return found


def _open(session: Session, change: Change, opening: Sequence[tuple[UUID, Clause]]) -> None:
    if not opening:
        return
    query = select(AgreementClause.agreement_id, func.max(AgreementClause.n)).group_by(AgreementClause.agreement_id)
    last = dict(session.execute(query).all())
    rows, contents = [], []
    for agreement_id, clause in opening:
        last[agreement_id] = last.get(agreement_id, 0) + 1
        id_ = uuid7()
        rows.append(
            {
                "id": id_,
                "agreement_id": agreement_id,
                "n": last[agreement_id],
                "grantor_id": clause.grantor_id,
                "grantee_id": clause.grantee_id,
                "scope_id": clause.scope_id,
                "with_descendants": clause.with_descendants,
                "over_area": clause.over_area,
                "relationship_kind": clause.relationship_kind,
                "weaker_accepted_by": clause.weaker_accepted_by,
                "weaker_accepted_on": clause.weaker_accepted_on,
                "valid_from": clause.valid_from,
                "valid_to": clause.valid_to,
                "amendment_id": clause.amendment,
                "opened_by": change.id,
            }
        )
        contents += [
            {"clause_id": id_, "occupation": occupation, "data_group": group, "operation": operation}
            for occupation, group, operation in sorted(clause.content)
        ]
    session.execute(insert(AgreementClause), rows)
    if contents:
        session.execute(insert(ClauseContent), contents)
