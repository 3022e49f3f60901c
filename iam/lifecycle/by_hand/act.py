"""The one way in: what is done by hand to one person is tried with its effects, or done with an event.

A right that nobody hands out alone is not given this way either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.commands.effects import Effects, read, sensitive, tellable
from iam.access.commands.publish import Preview
from iam.access.derivation.derive import derive
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.errors import Denied, Invalid
from iam.lifecycle.leave import end_leavers
from iam.texts import N_
from iam.tokens.grant import GrantRow

PERSON_ADDED = "person:hand:added"
POSITION_ADDED, POSITION_ENDED = "person:position:added", "person:position:ended"
"""The events of what is done by hand."""


class Hand(NamedTuple):
    """What is done by hand: ``write`` writes it under a change and returns whose it is and whose facts it touches;
    ``event`` tells of it, ``basis`` says it, to be digested with its effects."""

    write: Callable[[Change], tuple[UUID, set[UUID]]]
    event: str
    basis: str
    organisation_id: UUID | None = None
    envelope: Mapping[str, Any] = {}


def preview(session: Session, hand: Hand, actor: Actor, part: Part) -> Preview:
    """Return which rights come and go by it, and what of that an asker with ``part`` may be told; nothing is kept.

    Raises as ``do``.
    """
    trial = session.begin_nested()
    try:
        change, _, effects = _written(session, hand, actor, "preview", trial=True)
        return Preview(effects, None, tellable(session, change.id, part))
    finally:
        trial.rollback()
        session.expire_all()


def do(session: Session, hand: Hand, actor: Actor, reason: str) -> UUID:
    """Do it, in the session's transaction, and return whose it was.

    Raises ``Invalid`` without a reason, or when it would give a role that nobody hands out alone; ``Denied`` to whom it
    is done.
    """
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", N_("Write why; it is kept in the log."), field="reason"))
    change, person_id, _ = _written(session, hand, actor, reason.strip(), trial=False)
    log.write(
        session,
        hand.event,
        actor,
        subject_id=person_id,
        organisation_id=hand.organisation_id,
        change_id=change.id,
        envelope=dict(hand.envelope),
    )
    return person_id


def _written(session: Session, hand: Hand, actor: Actor, purpose: str, *, trial: bool) -> tuple[Change, UUID, Effects]:
    change = begin(session, "command", actor, purpose)
    person_id, touched = hand.write(change)
    if person_id == actor.person_id:
        raise Denied(Problem(N_("Nobody changes their own positions."), "Ask another administrator."))
    session.flush()
    derive(session, change, persons=touched, trial=trial)
    end_leavers(session, GrantRow.person_id.in_(touched))
    effects = read(session, change.id, basis=hand.basis, told={person_id: "this person"})
    closed, now = sensitive(session), clock.now()
    if any(row.gains and row.role_id in closed and row.valid_to > now for row in effects.rows):
        by_source = N_("Add the position in the source, or write a rule that a second person accepts.")
        raise Invalid(Problem(N_("It would give a role that nobody hands out alone."), by_source, field="kind"))
    return change, person_id, effects
