"""Appointing administrators under the guard: what changes what administrators may do waits for a second person.

Flow: ``do`` checks the act (``access.commands.appointing``) and tries it in a savepoint -> it is kept where nothing is
guarded yet, else taken back and a ``Proposal`` of the part written -> ``preview`` shows it anew -> ``accept`` with the
digest that was seen, when whoever proposed it may still give it, or ``refuse``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import covers_all
from iam.access.asker import Asker, asker_of
from iam.access.commands import appointing
from iam.access.commands.appointing import ADMIN, APPOINTS, Appointment
from iam.access.commands.effects import Effects, read
from iam.access.model.assignment import AdminGrant
from iam.access.model.proposal import Proposal, waiting
from iam.audit import log
from iam.change import SYSTEM, Actor, Change, begin
from iam.database.types import UtcDateTime
from iam.deciding import administrators_told
from iam.directory.organisation import Organisation
from iam.directory.queries import holds_at
from iam.errors import Conflict, Denied, NotFound
from iam.plans import definition_guard, proposals
from iam.plans.definition_guard import Touched
from iam.signin import last_administrator
from iam.signin.passwords import credentials
from iam.texts import N_

KIND = "administrator"
_EVENTS = {"appoint": "admin:grant:given", "until": "admin:grant:altered", "end": "admin:grant:ended"}


def do(session: Session, act: Appointment, asker: Asker, actor: Actor) -> Proposal | None:
    """Do an act, or keep it as a proposal that waits and return that.

    Raises as ``appointing.check``, ``Invalid`` for somebody without a username, ``Conflict`` when the act changes
    nothing, when something about this person and part waits already, or when nobody would administer the whole.
    """
    check(session, act, asker)
    login = _login(session, act)
    key = appointing.key_of(session, act, login)
    if _of_key(session, key) is not None:
        raise Conflict(Problem(N_("Something about this administrator waits already."), N_("Decide that first.")))
    with session.begin_nested() as trial:
        change, effects = _tried(session, act, actor)
        why = reasons(session, effects, actor)
        if not why:
            _done(session, act, actor, change)
            return None
        trial.rollback()
    session.expire_all()
    proposal = proposals.keep(session, KIND, key, act.organisation_id, effects, why, actor, act.stated())
    _tell(session, "admin:grant:proposed", act, actor, digest=proposal.digest)
    return proposal


def preview(session: Session, act: Appointment) -> Effects:
    """Return what an act would do now; nothing is kept. Raises as ``do`` for what makes no sense now."""
    trial = session.begin_nested()
    try:
        return _tried(session, act, SYSTEM)[1]
    finally:
        trial.rollback()
        session.expire_all()


def reasons(session: Session, effects: Effects, actor: Actor) -> list[Problem]:
    """Return why what has these effects waits for a second person; empty when it does not."""
    if definition_guard.is_new(session):
        return []
    return definition_guard.reasons(session, effects, Touched(), actor)


def waits(session: Session, proposal_id: UUID, asker: Asker) -> Proposal:
    """Return what waits in the part of who decides, or of who appoints there; raises ``NotFound``."""
    found = session.get(Proposal, proposal_id)
    if found is None or found.kind != KIND or found.accepted_at is not None or found.withdrawn_at is not None:
        raise NotFound(Problem(N_("Nothing about this administrator waits any more.")))
    assert found.owner_id is not None
    if not covers_all(session, asker.decides(APPOINTS), [found.owner_id]):
        raise NotFound(Problem(N_("Nothing about this administrator waits any more.")))
    return found


def check(session: Session, act: Appointment, asker: Asker) -> None:
    """Raise what stands against an act, as ``do`` does before it tries it."""
    _login(session, act)
    appointing.check(session, act, asker)


def own_end(session: Session, asker: Asker) -> datetime:
    """Return until when an asker appoints administrators anywhere; one statement."""
    g, now = AdminGrant, clock.now()
    if asker.is_operator:
        return clock.FOREVER
    held = (g.person_id == asker.person_id, g.closed_by.is_(None), holds_at(g, now))
    query = select(func.max(g.valid_to, type_=UtcDateTime())).where(*held, g.permission.in_((APPOINTS, ADMIN)))
    return session.scalar(query) or now


def act_of(proposal: Proposal) -> Appointment:
    """Return the act that waits."""
    return Appointment.read(proposal.stated or {})


def accept(session: Session, proposal: Proposal, is_seen: Callable[[str], bool], asker: Asker, actor: Actor) -> bool:
    """Do what was proposed when its effects are those that the second person saw (``is_seen`` of their digest); else
    return False.

    Raises ``Denied`` for who proposed it, who is appointed by it, or where whoever proposed it may not give it any
    more; else as ``do``.
    """
    act = _second_person(session, proposal, asker, actor)
    if act.gives and actor.person_id == act.person_id:
        raise Denied(Problem(N_("Nobody appoints themselves."), N_("Ask another administrator.")))
    appointing.check(session, act, _proposer(session, proposal))
    with session.begin_nested() as trial:
        change, effects = _tried(session, act, actor)
        if is_seen(effects.digest):
            proposals.take(session, proposal, actor)
            _done(session, act, actor, change)
            more = {"digest": effects.digest, "proposed_by": str(proposal.proposed_by)}
            _tell(session, "admin:grant:accepted", act, actor, change, **more)
            return True
        trial.rollback()
    session.expire_all()
    return False


def refuse(session: Session, proposal: Proposal, reason: str, asker: Asker, actor: Actor) -> None:
    """Refuse what was proposed, with a reason; who proposed it may take it back so. Raises ``Invalid`` without one."""
    said = proposals.why(reason)
    act = act_of(proposal)
    if actor.person_id is None or actor.person_id != proposal.proposed_by:
        _second_person(session, proposal, asker, actor)
    proposals.drop(session, proposal)
    _tell(session, "admin:grant:refused", act, actor, reason=said)


def _second_person(session: Session, proposal: Proposal, asker: Asker, actor: Actor) -> Appointment:
    proposals.refuse_proposer(proposal, actor)
    act = act_of(proposal)
    if not covers_all(session, asker.decides(APPOINTS), [act.organisation_id]):
        raise NotFound(appointing.NOT_YOURS)
    return act


def _proposer(session: Session, proposal: Proposal) -> Asker:
    """Whoever proposed it, with what they may now: what they lost meanwhile they do not give."""
    if proposal.proposed_by is None:
        raise Denied(Problem(N_("It must be known who proposed it."), N_("Refuse it, and propose it anew.")))
    return asker_of(session, proposal.proposed_by)


def _tried(session: Session, act: Appointment, actor: Actor) -> tuple[Change, Effects]:
    was_there = last_administrator.is_there(session)
    change = begin(session, "command", actor, f"administrators: {act.does}")
    appointing.write(session, change, act)
    session.flush()
    effects = read(session, change.id, basis=json.dumps(act.stated(), sort_keys=True))
    if not effects.permissions:
        raise Conflict(Problem(N_("The person may do all of this there already, for as long."), N_("Change the end.")))
    last_administrator.refuse_last(session, was_there=was_there)
    return change, effects


def _login(session: Session, act: Appointment) -> str:
    known = credentials.of_person(session, act.person_id)
    if known is None:
        message = N_("An administrator needs a username.")
        raise Denied(Problem(message, N_("Give the person one first, on their page under Sign-in."), field="person"))
    return known.login


def _of_key(session: Session, key: str) -> Proposal | None:
    query = select(Proposal).where(Proposal.kind == KIND, Proposal.key == key, waiting())
    return session.scalars(query.limit(1)).first()


def _done(session: Session, act: Appointment, actor: Actor, change: Change) -> None:
    _tell(session, _EVENTS[act.does], act, actor, change)
    place = session.get_one(Organisation, act.organisation_id)
    administrators_told.tell(session, act, place)


def _tell(
    session: Session, event: str, act: Appointment, actor: Actor, change: Change | None = None, **more: object
) -> None:
    log.write(
        session,
        event,
        actor,
        subject_id=act.person_id,
        organisation_id=act.organisation_id,
        change_id=None if change is None else change.id,
        envelope={**act.stated(), **more},
    )
