"""For whom a proof counts: what a connection or a directory says of somebody counts where its owner is, and where it
was let in.

A login session holds proofs (``LoginSession.proofs``). ``OWN`` opens everything its person has. ``connection:ID`` and
``source:ID`` open the capacities and the grants of administration in their owner's subtree and in organisations opened
to them, asked anew each time. A guardian is where the child is: the guardianship opens when all of the child's places
are within reach, and one of them is enough to be let in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, Uuid, and_, bindparam, exists, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.access.right import SOON, Capacity, capacities
from iam.database.statement import Rows, Statement
from iam.database.types import UtcDateTime, greatest, least
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import OrganisationClosure
from iam.directory.reach import reaches
from iam.directory.source import Source
from iam.signin.federation.connection import Connection, ConnectionOpening
from iam.tokens.session import OWN, LoginSession

_CONNECTION, _SOURCE = "connection", "source"
_There = Callable[[Any], ColumnElement[bool]]


def of_connection(connection_id: UUID) -> str:
    """Return the proof that a connection gives."""
    return f"{_CONNECTION}:{connection_id}"


def of_source(source_id: UUID) -> str:
    """Return the proof that a directory gives which checks passwords."""
    return f"{_SOURCE}:{source_id}"


def lets_in(session: Session, proof: str, person_id: UUID) -> bool:
    """Whether a proof lets a person in at all now: by an affiliation, or that of a child, within its reach. One
    statement."""
    if proof == OWN:
        return True
    values = {"person_id": person_id, "at": clock.now()}
    return any(_LETS_IN[kind].one(session, proof_id=id_, **values) for kind, id_ in _places([proof]))


def capacities_of(
    session: Session, login: LoginSession, at: datetime, *, soon: timedelta = SOON
) -> frozenset[UUID] | None:
    """Return the ids of the capacities that a session opens, those that start within ``soon`` too; None: all its person
    has."""
    return capacities_by(session, login.proofs, login.person_id, at, soon=soon)


def capacities_by(
    session: Session, proofs: Iterable[str], person_id: UUID, at: datetime, *, soon: timedelta = timedelta()
) -> frozenset[UUID] | None:
    """Return the ids of a person's capacities that ``proofs`` open, as ``capacities_of``; one statement for each
    proof."""
    if OWN in proofs:
        return None
    found: set[UUID] = set()
    for kind, id_ in _places(proofs):
        found.update(_OPENED[kind].all(session, proof_id=id_, person_id=person_id, at=at, latest=at + soon))
    return frozenset(found)


def administered(session: Session, login: LoginSession) -> frozenset[UUID] | None:
    """Return the organisations that a session's person may administer something of in it, coming grants too; None:
    all."""
    if OWN in login.proofs:
        return None
    found: set[UUID] = set()
    for kind, id_ in _places(login.proofs):
        found.update(_ADMINISTERED[kind].all(session, proof_id=id_, person_id=login.person_id, at=clock.now()))
    return frozenset(found)


def whole(session: Session, login: LoginSession) -> bool:
    """Whether a session proves all that its person has or is to have soon: only then may it give them another way to
    sign in."""
    opened = capacities_of(session, login, clock.now())
    return opened is None or proves_all(session, login, opened, capacities(session, login.person_id, clock.now()))


def proves_all(session: Session, login: LoginSession, opened: Collection[UUID] | None, own: Iterable[Capacity]) -> bool:
    """As ``whole``, for a caller that has read what the session opens (None: all) and the person's ``own`` capacities,
    those that begin soon too."""
    if opened is None:
        return True
    held = {one.id for one in own}
    granted = set(_GRANTED.all(session, person_id=login.person_id, at=clock.now()))
    return held <= set(opened) and granted <= (administered(session, login) or frozenset())


def _places(proofs: Iterable[str]) -> list[tuple[str, UUID]]:
    """Return kind and id of what proves somebody somewhere; other words a session keeps open nothing here."""
    read = (proof.partition(":") for proof in proofs)
    return [(kind, UUID(id_)) for kind, _, id_ in read if kind in (_CONNECTION, _SOURCE)]


_PROOF, _PERSON = bindparam("proof_id", type_=Uuid()), bindparam("person_id", type_=Uuid())
_AT, _LATEST = bindparam("at", type_=UtcDateTime()), bindparam("latest", type_=UtcDateTime())


def _by_connection(organisation_id: Any) -> ColumnElement[bool]:
    r = _connections_reach()
    return exists().where(
        r.c.proof_id == _PROOF, r.c.organisation_id == organisation_id, r.c.valid_from <= _AT, r.c.valid_to > _AT
    )


def _connections_reach() -> Subquery:
    n, o, c = Connection, ConnectionOpening, OrganisationClosure
    owned = select(n.id.label("proof_id"), c.descendant_id.label("organisation_id"), c.valid_from, c.valid_to)
    starts = greatest(o.valid_from, c.valid_from, type_=UtcDateTime())
    ends = least(o.valid_to, c.valid_to, type_=UtcDateTime())
    opened = select(o.connection_id, c.descendant_id, starts, ends).join(c, c.ancestor_id == o.organisation_id)
    # Who owns a connection answers for it: without an owner nobody does, whoever let it in.
    in_use = ~n.retired, n.owner_id.is_not(None)
    return union_all(
        owned.join(c, c.ancestor_id == n.owner_id).where(*in_use),
        opened.join(n, n.id == o.connection_id).where(o.closed_by.is_(None), *in_use),
    ).subquery("connections_reach")


def _by_source(organisation_id: Any) -> ColumnElement[bool]:
    in_use = exists().where(Source.id == _PROOF, ~Source.disabled)
    return and_(in_use, reaches(_PROOF, organisation_id, _AT))


def _living(fact: Any, latest: Any) -> tuple[ColumnElement[bool], ...]:
    return fact.closed_by.is_(None), fact.valid_from <= latest, fact.valid_to > _AT


def _child(there: _There, latest: Any, *, outside: bool = False) -> ColumnElement[bool]:
    """The condition that a guardian's child has an affiliation there, or (``outside``) one that is not there."""
    child = aliased(Affiliation)
    place = there(child.organisation_id)
    return exists().where(
        child.person_id == Relationship.other_person_id, *_living(child, latest), ~place if outside else place
    )


def _lets_in(there: _There) -> Rows:
    a, r = Affiliation, Relationship
    affiliated = exists().where(a.person_id == _PERSON, *_living(a, _AT), there(a.organisation_id))
    guardian = exists().where(
        r.person_id == _PERSON, r.kind == "guardian_of", *_living(r, _AT), _child(there, _AT).correlate(r)
    )
    query: Rows = select(_PERSON.label("person_id")).where(or_(affiliated, guardian))
    return query


def _opened(there: _There) -> Rows:
    a, r = Affiliation, Relationship
    affiliated = select(a.fact_id).where(a.person_id == _PERSON, *_living(a, _LATEST), there(a.organisation_id))
    guardian = select(r.fact_id).where(
        r.person_id == _PERSON,
        r.kind == "guardian_of",
        *_living(r, _LATEST),
        _child(there, _LATEST),
        ~_child(there, _LATEST, outside=True),
    )
    opened = union_all(affiliated, guardian).subquery()
    query: Rows = select(opened.c.fact_id)
    return query


def _grants() -> Rows:
    g = AdminGrant
    query: Rows = select(g.organisation_id).distinct()
    return query.where(g.person_id == _PERSON, g.closed_by.is_(None), g.valid_to > _AT)


def _one(value: UUID) -> UUID:
    return value


def _administered(there: _There) -> Rows:
    return _grants().where(there(AdminGrant.organisation_id))


def _each(query: Callable[[_There], Rows]) -> dict[str, Statement[UUID]]:
    """A statement for each kind of proof."""
    by = {_CONNECTION: _by_connection, _SOURCE: _by_source}
    return {kind: Statement(partial(query, there), _one) for kind, there in by.items()}


_LETS_IN, _OPENED, _ADMINISTERED = _each(_lets_in), _each(_opened), _each(_administered)
_GRANTED = Statement(_grants, _one)
