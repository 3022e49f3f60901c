"""Keeping what waits for a second person, and taking it from those that wait: the same for rules and for
declarations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, covers_all
from iam.access.commands.effects import Effects
from iam.access.model.proposal import Proposal, waiting
from iam.change import Actor
from iam.errors import Conflict, Denied, Invalid
from iam.texts import N_

DECIDED = Problem("Somebody has decided this already.", "Open the page again.")


def keep(
    session: Session,
    kind: str,
    key: str,
    owner_id: UUID | None,
    effects: Effects,
    reasons: Sequence[Problem],
    actor: Actor,
    stated: Mapping[str, Any] | None = None,
) -> Proposal:
    """Keep a change that waits, and return it."""
    counts = {name: len(effects.persons(gains=gains)) for name, gains in (("gain", True), ("lose", False))}
    stored = [{"message": one.message, "params": dict(one.params)} for one in reasons]
    proposal = Proposal(
        kind=kind,
        key=key,
        digest=effects.digest,
        owner_id=owner_id,
        counts=counts,
        reasons=stored,
        stated=None if stated is None else dict(stated),
        shown=b"".join(effects.marks),
        proposed_by=actor.person_id,
        proposed_at=clock.now(),
    )
    session.add(proposal)
    session.flush()
    return proposal


def told(proposal: Proposal) -> Mapping[str, Any]:
    """Return what the event of a proposal says: the digest of its effects, and how many gain and lose."""
    return {"digest": proposal.digest, "counts": proposal.counts}


def reasons_of(rows: Collection[Any]) -> list[Problem]:
    """Return the reasons that a proposal keeps."""
    return [Problem(row["message"], params=row["params"]) for row in rows]


def refuse_proposer(proposal: Proposal, actor: Actor) -> None:
    """Raise ``Denied`` unless the actor is a person, and another than who proposed it."""
    if actor.person_id is None or actor.person_id == proposal.proposed_by:
        raise Denied(Problem(N_("Somebody else than who proposed it must accept."), N_("Ask a second person.")))


def refuse_beyond(session: Session, part: Part, effects: Effects) -> None:
    """Raise ``Denied`` when somebody would gain a right in an organisation outside the part of who decides."""
    if not covers_all(session, part, {row.scope_id for row in effects.rows if row.gains}):
        message = N_("Somebody would gain a right in an organisation outside your part.")
        raise Denied(Problem(message, N_("Let somebody decide who may do so there, of whoever allows it.")))


def take(session: Session, proposal: Proposal, actor: Actor) -> None:
    """Take a proposal from those that wait, as accepted by the actor, in one statement; raises ``Conflict`` when
    somebody had decided it before."""
    _decide(session, proposal, {"accepted_by": actor.person_id, "accepted_at": clock.now()})


def drop(session: Session, proposal: Proposal) -> None:
    """Take a proposal from those that wait, as refused, in one statement; raises ``Conflict`` when somebody had decided
    it before."""
    _decide(session, proposal, {"withdrawn_at": clock.now()})


def _decide(session: Session, proposal: Proposal, values: Mapping[str, Any]) -> None:
    query = update(Proposal).where(Proposal.id == proposal.id, waiting()).values(sealed=None, shown=None, **values)
    if session.execute(query.returning(Proposal.id)).first() is None:
        raise Conflict(DECIDED)


def why(reason: str) -> str:
    """Return the reason of a refusal; raises ``Invalid`` without one."""
    if not reason.strip():
        raise Invalid(Problem("A reason is needed.", "Write why it is refused.", field="reason"))
    return reason.strip()
