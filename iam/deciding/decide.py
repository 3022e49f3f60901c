"""Approving and refusing what waits: approving applies, at once, exactly what was shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from sqlalchemy.orm import Session, sessionmaker

from connectors.problem import Problem
from iam.access.asker import Asker
from iam.access.model.proposal import OF_RULES, Proposal
from iam.apply.guarded import Approval, Moved
from iam.apply.run import run_waiting
from iam.audit import log
from iam.bulk import plan as bulk_plan, waits as bulk
from iam.bulk.acts.act import BulkAsker
from iam.change import Actor
from iam.clock import HELSINKI
from iam.deciding import appointing
from iam.deciding.waiting import SOURCE, Waiting
from iam.errors import Conflict, Invalid
from iam.plans import agreement_proposals, proposals, rule_proposals
from iam.sources import acceptance, configured, runner, undo
from iam.sources.report import Progress, Report
from iam.texts import N_
from iam.vault import Vault

IsSeen = Callable[[str], bool]
"""Whether effects with this digest are those that were shown."""


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and with what: ``consortium`` is its name, which no first password may hold; in ``zone`` days are
    days."""

    asker: Asker
    actor: Actor
    vault: Vault
    consortium: str = ""
    zone: str = HELSINKI


def approve(session: Session, found: Waiting, who: Decider, seen: str | None = None) -> None:
    """Apply a proposal whose effects are those with the digest ``seen`` (None: those it was proposed with).

    Raises ``Moved`` when they are others by now, and nothing is written; ``Denied`` for who proposed it, does not hold
    the permission, or would gain by it; ``Conflict`` when somebody else was faster.
    """
    shown, wanted = list[str](), seen or found.digest

    def is_seen(digest: str) -> bool:
        shown.append(digest)
        return compare_digest(digest, wanted)

    if not is_approved(session, found, who, is_seen):
        raise Moved(
            Problem(
                N_("The effects are others by now. Nothing was written."),
                N_("Look at them anew, and approve with --seen %(digest)s."),
                params={"digest": "".join(shown)},
            )
        )


def accept_run(
    sessions: sessionmaker[Session], found: Waiting, who: Decider, progress: Progress = runner.silent
) -> Report:
    """Accept what a source's run held, for exactly its input, and run it again; raises as ``runner.accept``."""
    return runner.accept(sessions, who.vault, found.key, who.actor, progress=progress)


def refuse(session: Session, found: Waiting, who: Decider, reason: str) -> None:
    """Refuse what waits, with a reason; who proposed it takes it back so. Nothing of it is applied."""
    if found.kind == SOURCE:
        acceptance.refuse(session, configured.by_key(session, found.key), who.actor, reason)
        return
    proposal = _proposal(found)
    if proposal.kind in OF_RULES:
        rule_proposals.refuse(session, proposal, reason, who.asker.decides("rules.write"), who.actor)
    elif proposal.kind == "apply":
        _drop(session, proposal, who, reason)
    elif proposal.kind == undo.KIND:
        undo.refuse(session, proposal, reason, who.actor)
    elif proposal.kind == bulk.KIND:
        bulk.refuse(session, proposal, reason, who.actor)
    elif proposal.kind == appointing.KIND:
        appointing.refuse(session, proposal, reason, who.asker, who.actor)
    else:
        agreement_proposals.refuse(session, proposal, reason, who.asker, who.actor)


def _proposal(found: Waiting) -> Proposal:
    if found.proposal is None:
        raise Conflict(Problem("A source's run is accepted by running it again."))
    return found.proposal


def is_approved(session: Session, found: Waiting, who: Decider, is_seen: IsSeen) -> bool:
    """Apply a proposal when its effects are those that were shown, and return whether they are; raises as
    ``approve``."""
    proposal = _proposal(found)
    if proposal.kind in OF_RULES:
        return rule_proposals.accept(session, proposal, is_seen, who.asker.decides("rules.write"), who.actor)
    if proposal.kind == "apply":
        part = None if proposal.owner_id is None else who.asker.decides(found.permission)
        return _declared(session, Approval(proposal, is_seen, part), who)
    if proposal.kind == undo.KIND:
        return undo.accept(session, proposal, is_seen, who.actor)
    if proposal.kind == bulk.KIND:
        by = BulkAsker(who.asker, who.actor, who.vault, who.zone)
        return bulk_plan.accept(session, proposal, is_seen, by)
    if proposal.kind == appointing.KIND:
        return appointing.accept(session, proposal, is_seen, who.asker, who.actor)
    return agreement_proposals.accept(session, proposal, is_seen, who.asker, who.actor)


def _declared(session: Session, approval: Approval, who: Decider) -> bool:
    try:
        report = run_waiting(session, approval, who.actor, who.vault, consortium=who.consortium)
    except Moved:
        return False
    if report.problems:
        raise Invalid(*report.problems)
    return True


def _drop(session: Session, proposal: Proposal, who: Decider, reason: str) -> None:
    envelope = {"digest": proposal.digest, "reason": proposals.why(reason)}
    proposals.drop(session, proposal)
    log.write(session, "config:file:refused", who.actor, envelope=envelope)
