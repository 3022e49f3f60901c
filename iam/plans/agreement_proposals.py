"""Acts on agreements under the guard: done at once, or proposed, and then accepted or refused by a person of the
grantor.

Flow: ``do`` tries the act in a savepoint -> what it gives waits for a second person of the grantor, what it takes only
above the guard's limits -> kept, or taken back and a ``Proposal`` with the digest of its effects written ->
``preview`` shows them anew -> ``accept`` with the digest that was seen, or ``refuse``. A suspension and a
cancellation wait for nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import WHOLE, Part, covers_all
from iam.access.agreement_acts.act import SIGN, Act, refuse_whom_it_gives
from iam.access.agreement_acts.catalogue import read as read_act
from iam.access.asker import OPERATOR, Asker
from iam.access.commands.clause_lives import tellable
from iam.access.commands.effects import Effects, read
from iam.access.commands.publish import Preview
from iam.access.derivation import turns
from iam.access.model.agreement import Agreement
from iam.access.model.proposal import Proposal, waiting
from iam.audit import log
from iam.change import SYSTEM, Actor, Change, begin
from iam.errors import Conflict, Denied
from iam.plans import agreement_notes, definition_guard, definition_plan, proposals
from iam.texts import N_

KIND = "agreement"


def do(session: Session, agreement: Agreement, act: Act, asker: Asker, actor: Actor) -> Sequence[Problem]:
    """Do an act, or keep it as a proposal that waits; return why it waits (nothing: it is done).

    Raises as ``Act.check`` does, ``Denied`` when the actor would gain by it, ``Conflict`` when something waits already.
    """
    act.check(session, agreement, asker)
    if of_agreement(session, agreement.key) is not None and not act.at_once:
        raise Conflict(Problem(N_("Something about this agreement waits already."), N_("Decide that first.")))
    opens = act.opens(session, agreement)
    refuse_whom_it_gives(actor.person_id, act.under(session, agreement))
    with session.begin_nested() as trial:
        change, effects = _tried(session, agreement, act, actor, for_good=True)
        reasons = _reasons(session, act, effects, opens)
        if not reasons:
            definition_plan.remember(session, effects, agreement.owner_id, change.id, actor)
            _done(session, agreement, act, actor, change)
            return ()
        trial.rollback()
    session.expire_all()
    owner_id = min(act.deciders(session, agreement))
    proposal = proposals.keep(session, KIND, agreement.key, owner_id, effects, reasons, actor, act.stated())
    _tell(session, "agreement:act:proposed", agreement, act, actor, **proposals.told(proposal))
    return reasons


def preview(session: Session, agreement: Agreement, act: Act, part: Part = WHOLE) -> Preview:
    """Return what an act would do now, and what of it an asker with ``part`` may be told; nothing is kept."""
    trial = session.begin_nested()
    try:
        change, effects = _tried(session, agreement, act, SYSTEM)
        return Preview(effects, None, tellable(session, change.id, part))
    finally:
        trial.rollback()
        session.expire_all()


def of_agreement(session: Session, key: str) -> Proposal | None:
    """Return what waits about an agreement; None when nothing does."""
    query = select(Proposal).where(Proposal.kind == KIND, Proposal.key == key, waiting())
    return session.scalars(query.order_by(Proposal.proposed_at.desc()).limit(1)).first()


def act_of(proposal: Proposal) -> Act:
    """Return the act that waits."""
    return read_act(proposal.stated or {})


def accept(session: Session, proposal: Proposal, is_seen: Callable[[str], bool], asker: Asker, actor: Actor) -> bool:
    """Do what was proposed when its effects are those that the second person saw (``is_seen`` of their digest); else
    return False.

    Raises ``Denied`` for who proposed it, is no person of every grantor or would gain by it; ``Conflict`` when somebody
    else was faster or the act makes no sense any more.
    """
    agreement, act = _agreement(session, proposal), act_of(proposal)
    second_person(session, agreement, proposal, asker, actor)
    act.check(session, agreement, OPERATOR)
    refuse_whom_it_gives(actor.person_id, act.under(session, agreement))
    with session.begin_nested() as trial:
        proposals.take(session, proposal, actor)
        change, effects = _tried(session, agreement, act, actor, for_good=True)
        if is_seen(effects.digest):
            refuse_whom_it_gives(proposal.proposed_by, effects.persons(gains=True))
            _done(session, agreement, act, actor, change)
            more = {"digest": effects.digest, "proposed_by": str(proposal.proposed_by)}
            _tell(session, "agreement:act:accepted", agreement, act, actor, change, **more)
            return True
        trial.rollback()
    session.expire_all()
    return False


def refuse(session: Session, proposal: Proposal, reason: str, asker: Asker, actor: Actor) -> None:
    """Refuse what was proposed, with a reason; who proposed it may take it back so. Raises ``Invalid`` without one."""
    said = proposals.why(reason)
    agreement = _agreement(session, proposal)
    if actor.person_id is None or actor.person_id != proposal.proposed_by:
        second_person(session, agreement, proposal, asker, actor)
    proposals.drop(session, proposal)
    _tell(session, "agreement:act:refused", agreement, act_of(proposal), actor, reason=said)


def second_person(session: Session, agreement: Agreement, proposal: Proposal, asker: Asker, actor: Actor) -> None:
    """Raise ``Denied`` unless the actor is somebody else than who proposed it, and a person of every grantor."""
    proposals.refuse_proposer(proposal, actor)
    if not covers_all(session, asker.decides(SIGN), act_of(proposal).deciders(session, agreement)):
        message = N_("A person of whoever allows it must decide this.")
        raise Denied(Problem(message, N_("Ask an administrator of that party.")))


def _agreement(session: Session, proposal: Proposal) -> Agreement:
    return session.scalars(select(Agreement).where(Agreement.key == proposal.key)).one()


def _tried(
    session: Session, agreement: Agreement, act: Act, actor: Actor, *, for_good: bool = False
) -> tuple[Change, Effects]:
    if agreement.cancelled_on is not None:
        raise Conflict(Problem(N_("The agreement was cancelled."), N_("Make another one, as a copy of it.")))
    change = begin(session, "command", actor, f"agreement {agreement.key}: {act.name}")
    if for_good and act.derives:
        turns.of_definitions(session, change)
    act.write(session, change, agreement)
    session.flush()
    effects = read(session, change.id, basis=json.dumps([agreement.key, act.stated()], sort_keys=True))
    refuse_whom_it_gives(actor.person_id, effects.persons(gains=True))
    return change, effects


def _done(session: Session, agreement: Agreement, act: Act, actor: Actor, change: Change) -> None:
    """Write the event of an act that was done, and tell those who answer for the parties."""
    _tell(session, act.event, agreement, act, actor, change)
    if act.told is not None:
        agreement_notes.tell(session, agreement, act.told, last_day=act.last(agreement), but=actor.person_id)


def _reasons(session: Session, act: Act, effects: Effects, opens: bool) -> list[Problem]:
    if act.at_once or definition_guard.is_new(session):
        return []
    gives = [Problem(N_("It gives rights in another legal entity."))] if effects.persons(gains=True) else []
    more = [Problem(N_("It allows more in another legal entity."))] if opens else []
    return gives + more + definition_guard.too_many(session, effects)


def _tell(
    session: Session,
    event: str,
    agreement: Agreement,
    act: Act,
    actor: Actor,
    change: Change | None = None,
    **more: object,
) -> None:
    log.write(
        session,
        event,
        actor,
        organisation_id=act.entity_id,
        change_id=None if change is None else change.id,
        envelope={"agreement": agreement.key, **act.stated(), **more},
    )
