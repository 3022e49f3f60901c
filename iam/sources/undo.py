"""Undoing a source's run: its facts and rights are taken back, and the next night does not bring them again.

Flow: ``undo`` tries in a savepoint -> the guard of definitions judges what people gain and lose by it -> done, or taken
back and a ``Proposal`` of kind ``undo`` written -> ``accept`` with the digest that was seen, or ``refuse``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import WHOLE, Part
from iam.access.commands.effects import Effects, read, tellable
from iam.access.commands.publish import Preview
from iam.access.derivation.derive import derive
from iam.access.model.proposal import Proposal, waiting
from iam.audit import log
from iam.change import SYSTEM, Actor, Change, begin
from iam.directory.source import Run, Source
from iam.errors import Conflict, NotFound
from iam.lifecycle import staged, undo as facts
from iam.lifecycle.leave import end_leavers
from iam.plans import definition_guard, definition_plan, proposals
from iam.plans.definition_guard import Touched
from iam.plans.plan import Plan
from iam.signin.addresses import change as addresses
from iam.texts import N_
from iam.tokens.grant import GrantRow

KIND = "undo"
WRITES = ("new", "changed", "start", "end", "move", "change", "link_end", "described")
"""Counts of a run of which one is there when it wrote something."""


def may_be_undone(run: Run, plan: Plan | None) -> bool:
    """Whether a run wrote something, and was not undone."""
    wrote = any(run.counts.get(name) for name in WRITES)
    return wrote and plan is not None and plan.change_id is not None and plan.undone_by is None


def last_written(session: Session, source: Source) -> Run:
    """Return the last run of a source that wrote something and was not undone; raises ``NotFound``."""
    query = select(Run, Plan).join(Plan, Plan.id == Run.plan_id).where(Run.source_id == source.id)
    rows = session.execute(query.order_by(Run.id.desc()).execution_options(yield_per=50))
    found = next((run for run, plan in rows if may_be_undone(run, plan)), None)
    if found is None:
        raise NotFound(Problem(N_("No run of %(key)s can be undone."), params={"key": source.key}))
    return found


def of_source(session: Session, key: str) -> Proposal | None:
    """Return the undoing that waits about a source; None when none does."""
    query = select(Proposal).where(Proposal.kind == KIND, Proposal.key == key, waiting())
    return session.scalars(query).first()


def run_of(session: Session, proposal: Proposal) -> Run:
    """Return the run that is to be undone."""
    return session.get_one(Run, UUID((proposal.stated or {})["run"]))


def undo(session: Session, source: Source, run: Run, actor: Actor) -> Sequence[Problem]:
    """Undo a run, or keep that as a proposal that waits; return why it waits (nothing: it is done).

    Raises ``Conflict`` when something later built on what the run wrote, it was undone, or the source is running.
    """
    if of_source(session, source.key) is not None:
        raise Conflict(Problem(N_("The undoing of a run waits already."), N_("Decide that first.")))
    with session.begin_nested() as trial:
        change, effects = _tried(session, source, run, actor)
        reasons = definition_guard.reasons(session, effects, Touched(), actor)
        if not reasons:
            definition_plan.remember(session, effects, source.owner_id, change.id, actor)
            _tell(session, "source:run:undone", source, run, actor, change)
            return ()
        trial.rollback()
    session.expire_all()
    stated = {"run": str(run.id)}
    proposal = proposals.keep(session, KIND, source.key, source.owner_id, effects, reasons, actor, stated)
    _tell(session, "source:undo:proposed", source, run, actor, **proposals.told(proposal))
    return reasons


def preview(session: Session, source: Source, run: Run, part: Part = WHOLE) -> Preview:
    """Return what undoing would do now, and what of it an asker with ``part`` may be told; nothing is kept."""
    trial = session.begin_nested()
    try:
        change, effects = _tried(session, source, run, SYSTEM, trial=True)
        return Preview(effects, None, tellable(session, change.id, part))
    finally:
        trial.rollback()
        session.expire_all()


def accept(session: Session, proposal: Proposal, is_seen: Callable[[str], bool], actor: Actor) -> bool:
    """Undo what was proposed when its effects are those that the second person saw (``is_seen`` of their digest); else
    return False. Raises as ``undo``, ``Denied`` for who proposed it."""
    proposals.refuse_proposer(proposal, actor)
    run = run_of(session, proposal)
    source = session.get_one(Source, run.source_id)
    with session.begin_nested() as trial:
        proposals.take(session, proposal, actor)
        change, effects = _tried(session, source, run, actor)
        if is_seen(effects.digest):
            for one in (actor.person_id, proposal.proposed_by):
                definition_guard.refuse_winner(session, effects, one)
            more = {"digest": effects.digest, "proposed_by": str(proposal.proposed_by)}
            _tell(session, "source:run:undone", source, run, actor, change, **more)
            return True
        trial.rollback()
    session.expire_all()
    return False


def refuse(session: Session, proposal: Proposal, reason: str, actor: Actor) -> None:
    """Refuse it, with a reason; who proposed it may take it back so."""
    said, run = proposals.why(reason), run_of(session, proposal)
    proposals.drop(session, proposal)
    _tell(session, "source:undo:refused", session.get_one(Source, run.source_id), run, actor, reason=said)


def _tried(session: Session, source: Source, run: Run, actor: Actor, *, trial: bool = False) -> tuple[Change, Effects]:
    plan = _undoable(session, source, run)
    assert plan.change_id is not None
    change = begin(session, "command", actor, f"undo of run {run.id}")
    facts.undo(session, change, plan.change_id, run.id, trial=trial)
    derive(session, change, persons=staged.touched, trial=trial)
    if not trial:
        end_leavers(session, GrantRow.person_id.in_(select(staged.touched.c.person_id)))
        addresses.touched(session, select(staged.touched.c.person_id))
    plan.undone_by, run.state = change.id, "undone"
    session.flush()
    return change, read(session, change.id, basis=f"undo {run.id}")


def _undoable(session: Session, source: Source, run: Run) -> Plan:
    """Return the plan of a run that can be undone, while no run of the source writes."""
    held = session.scalars(select(Source).where(Source.id == source.id).with_for_update()).one()
    if held.leased_until is not None and held.leased_until > clock.now():
        raise Conflict(Problem("%(key)s is running already.", "Wait until it has ended.", params={"key": source.key}))
    plan = None if run.plan_id is None else session.get(Plan, run.plan_id)
    if plan is None or plan.change_id is None or not may_be_undone(run, plan):
        raise Conflict(Problem(N_("This run wrote nothing, or was undone already."), N_("Choose another run.")))
    if facts.changes_codes(session, plan.change_id):
        message = N_("This run changed personal identity codes, and the earlier ones are not kept.")
        raise Conflict(Problem(message, N_("Correct them in the source.")))
    later = facts.built_on(session, plan.change_id)
    if later:
        raise Conflict(
            Problem(
                N_("%(n)s facts of this run were changed later, so it cannot be undone."),
                N_("Undo the later runs first, or correct the source."),
                params={"n": later},
            )
        )
    return plan


def _tell(
    session: Session, event: str, source: Source, run: Run, actor: Actor, change: Change | None = None, **more: object
) -> None:
    log.write(
        session,
        event,
        actor,
        organisation_id=source.owner_id,
        change_id=None if change is None else change.id,
        envelope={"source": source.key, "run": str(run.id), **more},
    )
