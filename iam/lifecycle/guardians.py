"""Confirming that the guardian of a protected child may know where the child is, taking that back, and who waits for
it.

Until it is confirmed, what a guardian holds in such a child's name is told to nobody and given to no service
(``access.right``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import WHOLE, Part
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.database.types import uuid7
from iam.directory.affiliation import Affiliation, GuardianConfirmation, Relationship
from iam.directory.protected import is_confirmed, is_protected
from iam.directory.queries import holds_at
from iam.errors import Invalid, NotFound
from iam.tokens.session import LoginSessionRow

Pair = tuple[UUID, UUID]
"""A guardian and a child."""
Interval = tuple[datetime, datetime]
RECENT = timedelta(days=365)
"""Who has signed in within this time is the first to wait."""


def confirm(session: Session, part: Part, guardian_id: UUID, child_id: UUID, until: datetime, actor: Actor) -> None:
    """Confirm from now until ``until`` that a guardian may know where the child is.

    Raises ``NotFound`` unless she is the child's guardian and the child is in ``part`` now, ``Invalid`` when the end is
    past.
    """
    _needs_guardian(session, part, guardian_id, child_id)
    now = clock.now()
    if until <= now:
        raise Invalid(Problem("The last day is past.", "Choose a later one.", field="until"))
    change = begin(session, "command", actor, "guardian confirmed")
    state(session, change, {(guardian_id, child_id): [(now, until)]}, actor)


def take_back(session: Session, part: Part, guardian_id: UUID, child_id: UUID, actor: Actor) -> None:
    """Take back that a guardian may know; raises ``NotFound`` as ``confirm`` does."""
    _needs_guardian(session, part, guardian_id, child_id)
    state(session, begin(session, "command", actor, "guardian unconfirmed"), {(guardian_id, child_id): []}, actor)


def _needs_guardian(session: Session, part: Part, guardian_id: UUID, child_id: UUID) -> None:
    r = Relationship
    query = select(r.fact_id).where(*_guardianship(), r.person_id == guardian_id, r.other_person_id == child_id)
    if session.scalars(query.where(_placed(part))).first() is None:
        raise NotFound(Problem("There is no such guardian of this child, or the child is outside your part."))


def state(session: Session, change: Change, stated: Mapping[Pair, Sequence[Interval]], actor: Actor) -> None:
    """Make ``stated`` all the times for which these guardians are confirmed; an event for each that this changes."""
    rows = confirmations(session, stated)
    differing = {pair: wanted for pair, wanted in stated.items() if sorted(rows.get(pair, [])) != sorted(wanted)}
    c = GuardianConfirmation
    pairs = tuple_(c.person_id, c.other_person_id).in_(list(differing))
    session.execute(update(c).where(c.closed_by.is_(None), pairs).values(closed_by=change.id))
    opened = [
        {
            "id": uuid7(),
            "person_id": guardian,
            "other_person_id": child,
            "valid_from": start,
            "valid_to": end,
            "opened_by": change.id,
        }
        for (guardian, child), wanted in differing.items()
        for start, end in wanted
    ]
    if opened:
        session.execute(insert(c), opened)
    for (guardian, child), wanted in differing.items():
        type_ = "person:guardian:confirmed" if wanted else "person:guardian:unconfirmed"
        log.write(session, type_, actor, subject_id=guardian, change_id=change.id, envelope={"child": str(child)})


def confirmations(session: Session, pairs: Collection[Pair] | None = None) -> dict[Pair, list[Interval]]:
    """Return for which times guardians are confirmed: of these pairs, or (None) all."""
    c = GuardianConfirmation
    query = select(c.person_id, c.other_person_id, c.valid_from, c.valid_to).where(c.closed_by.is_(None))
    if pairs is not None:
        query = query.where(tuple_(c.person_id, c.other_person_id).in_(list(pairs)))
    found: dict[Pair, list[Interval]] = {}
    for guardian, child, start, end in session.execute(query.order_by(c.valid_from)):
        found.setdefault((guardian, child), []).append((start, end))
    return found


def of_child(session: Session, child_id: UUID) -> list[tuple[UUID, datetime | None]]:
    """Return the present guardians of a child, each with until when it is confirmed that they may know (None: it is
    not)."""
    c, now = GuardianConfirmation, clock.now()
    until = select(func.max(c.valid_to)).where(
        c.person_id == Relationship.person_id, c.other_person_id == child_id, c.closed_by.is_(None), holds_at(c, now)
    )
    query = select(Relationship.person_id, until.scalar_subquery()).where(
        *_guardianship(), Relationship.other_person_id == child_id
    )
    return [(guardian, end) for guardian, end in session.execute(query.order_by(Relationship.fact_id))]


def waiting(part: Part) -> Select[UUID, UUID, bool]:
    """Select (guardian, child, whether she signed in within a year) who wait in a part for being confirmed, those who
    signed in first."""
    r, since = Relationship, clock.now() - RECENT
    signed_in = exists().where(LoginSessionRow.person_id == r.person_id, LoginSessionRow.started_at > since)
    return (
        select(r.person_id, r.other_person_id, signed_in.label("signed_in"))
        .where(*_guardianship(), is_protected(r.other_person_id), ~is_confirmed(r, clock.now()), _placed(part))
        .order_by(signed_in.desc(), r.fact_id)
    )


def count_waiting(session: Session, part: Part = WHOLE) -> tuple[int, int]:
    """Return how many wait in a part, and how many of them have signed in within a year."""
    source = waiting(part).order_by(None).subquery()
    recent = select(func.count()).select_from(source).where(source.c.signed_in)
    total = select(func.count()).select_from(source)
    row = session.execute(select(total.scalar_subquery(), recent.scalar_subquery())).one()
    return row[0], row[1]


def _guardianship() -> tuple[ColumnElement[bool], ...]:
    r = Relationship
    return r.kind == "guardian_of", r.closed_by.is_(None), holds_at(r, clock.now())


def _placed(part: Part) -> ColumnElement[bool]:
    """The condition that the child is in the part now."""
    a = Affiliation
    return exists().where(
        a.person_id == Relationship.other_person_id,
        a.closed_by.is_(None),
        holds_at(a, clock.now()),
        part.covers(a.organisation_id),
    )
