"""Doing an act for many people as one plan: tried in a savepoint with its effects, judged, then kept or taken back to
wait.

Flow: ``preview`` shows for whom it is done, who is left out and what rights come and go -> ``do`` with the digest that
was seen -> done, with one event for all and one for each person, or kept for a second person (``waits``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, roots
from iam.access.commands.effects import Effects, read, sensitive, tellable
from iam.access.commands.publish import Preview
from iam.access.derivation.derive import derive
from iam.access.model.proposal import Proposal
from iam.audit import log
from iam.bulk import waits
from iam.bulk.acts.act import BulkAct, BulkAsker, SortedPeople
from iam.change import Change, begin
from iam.directory.person import Person
from iam.errors import Conflict, Invalid
from iam.lifecycle.leave import end_leavers
from iam.plans import definition_guard, definition_plan
from iam.plans.definition_guard import Touched
from iam.signin.codes.words import Slip
from iam.texts import N_
from iam.tokens.grant import GrantRow

PROTECTED = Problem(N_("Protected: do it on the person's own page, where you may."))
_CHANGED = N_("What follows from it changed meanwhile. Nothing was done; look at it again.")


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """Whom an act is done for, who is left out with why, and what rights come and go; ``preview.effects.digest`` is of
    all of it."""

    people: SortedPeople
    preview: Preview


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What became of an act: done, with letters to be printed now, or kept for a second person (``waits``)."""

    people: SortedPeople
    slips: Sequence[Slip] = ()
    waits: Proposal | None = None


@dataclass(frozen=True, slots=True)
class _Tried:
    change: Change
    people: SortedPeople
    effects: Effects
    slips: Sequence[Slip]


def preview(session: Session, act: BulkAct, ids: Sequence[UUID], who: BulkAsker, part: Part) -> BulkPreview:
    """Return what an act would do for these people, and what of it an asker with ``part`` may be told; nothing is
    kept. Raises as ``do``."""
    if not act.moves:
        people = _sorted(session, act, ids, who, None)
        return BulkPreview(people, Preview(Effects((), (), _digest(_basis(act, people))), None, None))
    trial = session.begin_nested()
    try:
        tried = _tried(session, act, ids, who, trial=True)
        return BulkPreview(tried.people, Preview(tried.effects, None, tellable(session, tried.change.id, part)))
    finally:
        trial.rollback()
        session.expire_all()


def do(
    session: Session, act: BulkAct, ids: Sequence[UUID], who: BulkAsker, is_seen: Callable[[str], bool]
) -> BulkReport:
    """Do an act for these people when its effects are those that were seen, or keep it to wait for a second person.

    Raises ``Conflict`` when they are others by now, or nobody is left for whom it could be done; ``Invalid`` when it
    would give a role that nobody hands out alone.
    """
    with session.begin_nested() as trial:
        tried = _tried(session, act, ids, who, trial=False)
        if not is_seen(tried.effects.digest):
            raise Conflict(Problem(_CHANGED))
        reasons = _reasons(session, tried, who) if act.moves else []
        if not reasons:
            _done(session, act, tried, who)
            return BulkReport(tried.people, tried.slips)
        definition_guard.refuse_winner(session, tried.effects, who.actor.person_id)
        trial.rollback()
    session.expire_all()
    kept = waits.keep(session, act, ids, tried.effects, reasons, who, act.whose(session, tried.people))
    return BulkReport(tried.people, waits=kept)


def look_at_waiting(session: Session, proposal: Proposal, who: BulkAsker) -> tuple[BulkAct, BulkPreview]:
    """Return what waits as it would be now, by what whoever proposed it may, and as far as who asks may be told;
    nothing is kept. Raises as ``do`` for what makes no sense any more."""
    act, ids, by = waits.said_of(session, proposal, who)
    return act, preview(session, act, ids, by, who.part("persons.read"))


def accept(session: Session, proposal: Proposal, is_seen: Callable[[str], bool], who: BulkAsker) -> bool:
    """Do what waits when its effects are those that the second person saw (``is_seen`` of their digest); else return
    False.

    Raises ``Denied`` for who proposed it, for whom it is done, who would gain by it or may not decide it everywhere;
    and as ``do``.
    """
    act, ids, by = waits.said_of(session, proposal, who)
    waits.second_person(session, proposal, act, ids, who)
    with session.begin_nested() as trial:
        tried = _tried(session, act, ids, by, trial=False)
        if is_seen(tried.effects.digest):
            waits.take(session, proposal, act, tried.effects, who, tried.change.id)
            _tell(session, "bulk:act:done", act, tried, by, {"proposed_by": str(proposal.proposed_by)})
            return True
        trial.rollback()
    session.expire_all()
    return False


def _tried(session: Session, act: BulkAct, ids: Sequence[UUID], who: BulkAsker, *, trial: bool) -> _Tried:
    change = begin(session, "command", who.actor, act.reason)
    people = _sorted(session, act, ids, who, None if trial else change)
    written = act.write(session, who, change, people)
    session.flush()
    if not act.moves:
        return _Tried(change, people, Effects((), (), _digest(_basis(act, people))), written.slips)
    if written.rules:
        derive(session, change, rules=written.rules, trial=trial)
    if written.touched:
        touched = set(written.touched)
        derive(session, change, persons=touched, trial=trial)
        end_leavers(session, GrantRow.person_id.in_(touched))
    effects = read(session, change.id, basis=_basis(act, people))
    if act.people:
        _refuse_sensitive(session, effects)
    return _Tried(change, people, effects, written.slips)


def _sorted(session: Session, act: BulkAct, ids: Sequence[UUID], who: BulkAsker, change: Change | None) -> SortedPeople:
    """Sort people for an act: whom it may not be told of, whom it cannot be done for, and the others."""
    untold = _untold(session, act, ids, who)
    found = act.sort(session, who, [one for one in ids if one not in untold], change)
    return replace(found, left={**dict.fromkeys(untold, PROTECTED), **found.left})


def _untold(session: Session, act: BulkAct, ids: Sequence[UUID], who: BulkAsker) -> list[UUID]:
    """Those of whom it may not be told that they are where the act happens."""
    part = who.part(act.permission)
    if act.place_id is None or not act.people or part.tells_all or not ids:
        return []
    query = select(Person.id).where(Person.id.in_(ids), ~part.tells(Person.id, literal(act.place_id)))
    return list(session.scalars(query))


def _refuse_sensitive(session: Session, effects: Effects) -> None:
    closed, now = sensitive(session), clock.now()
    if any(row.gains and row.role_id in closed and row.valid_to > now for row in effects.rows):
        remedy = N_("Add the position in the source, or write a rule that a second person accepts.")
        raise Invalid(Problem(N_("It would give a role that nobody hands out alone."), remedy))


def _reasons(session: Session, tried: _Tried, who: BulkAsker) -> list[Problem]:
    if definition_guard.is_new(session):
        return []
    return definition_guard.reasons(session, tried.effects, Touched(tried.people.roles), who.actor)


def _done(session: Session, act: BulkAct, tried: _Tried, who: BulkAsker) -> None:
    if not tried.people.done:
        raise Conflict(Problem(N_("There is nobody for whom it could be done."), N_("Choose others.")))
    owner_id = act.whose(session, tried.people) or min(roots(session), default=None)
    if owner_id is not None:
        definition_plan.remember(session, tried.effects, owner_id, tried.change.id, who.actor)
    _tell(session, "bulk:act:done", act, tried, who, {})


def _tell(session: Session, event: str, act: BulkAct, tried: _Tried, who: BulkAsker, more: dict[str, Any]) -> None:
    counts = {name: len(tried.effects.persons(gains=gains)) for name, gains in (("gain", True), ("lose", False))}
    told = {"act": act.key, "people": len(tried.people.done), "left_out": len(tried.people.left), **counts}
    envelope = {**told, "digest": tried.effects.digest, **more}
    log.write(session, event, who.actor, organisation_id=act.place_id, change_id=tried.change.id, envelope=envelope)


def _basis(act: BulkAct, people: SortedPeople) -> str:
    """What is said, for whom, and who is left out of it with why: digested with the effects."""
    left = sorted((str(one), problem.message) for one, problem in people.left.items())
    return json.dumps([act.key, dict(act.said), sorted(map(str, people.done)), left], sort_keys=True)


def _digest(basis: str) -> str:
    return sha256(basis.encode()).hexdigest()
