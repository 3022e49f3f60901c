"""What the guard held is accepted by a second administrator: for exactly one input, and used by one run."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.directory.source import Acceptance, Record, Run, Source
from iam.errors import Conflict
from iam.plans import proposals
from iam.plans.plan import Plan
from iam.sources import configured, kept, listing


def acceptable(session: Session, source: Source, actor: Actor) -> Run:
    """Return the run of which something waits for ``actor``; raises ``Conflict`` when nothing does, they ran it
    themselves, or the source is disabled.
    """
    configured.in_use(source)
    held = listing.waiting(session, source.id)
    if held is None:
        raise Conflict(
            Problem("Nothing of %(key)s waits to be accepted.", "Run the source first.", params={"key": source.key})
        )
    if actor.person_id is None or actor.person_id == held.actor_person_id:
        raise Conflict(
            Problem("Another administrator than the one who ran it must accept.", "Ask a second administrator.")
        )
    return held


def give(session: Session, source: Source, actor: Actor) -> UUID:
    """Accept what waits, with its event, and return the run that waits; raises ``Conflict`` as ``acceptable``. It acts
    when the source is run again."""
    held = acceptable(session, source, actor)
    assert held.digest is not None
    session.merge(
        Acceptance(
            source_id=source.id,
            digest=held.digest,
            run_id=held.id,
            accepted_by=actor.person_id,
            accepted_at=clock.now(),
        )
    )
    log.write(
        session,
        "source:run:accepted",
        actor,
        organisation_id=source.owner_id,
        envelope={"source": source.key, "run": str(held.id), "digest": held.digest},
    )
    return held.id


def refuse(session: Session, source: Source, actor: Actor, reason: str) -> None:
    """Refuse what waits, with a reason and an event: nothing of it is applied, and just these rows, as they were said,
    are not asked again. Where nothing was taken of an input, just this input is not.

    Who ran it may refuse it, too. Raises ``Conflict`` when nothing waits or the source is disabled, ``Invalid`` without
    a reason.
    """
    configured.in_use(source)
    held = listing.waiting(session, source.id)
    if held is None:
        raise Conflict(
            Problem("Nothing of %(key)s waits to be accepted.", "Run the source first.", params={"key": source.key})
        )
    said = proposals.why(reason)
    kept.forget(session, source.id)
    held.state = "refused"
    plan = session.get(Plan, held.plan_id) if held.plan_id is not None else None
    if plan is not None:
        plan.refused_by, plan.refusal = actor.person_id, said
    _remember_refused(session, source, held, whole=plan is None or plan.change_id is None)
    log.write(
        session,
        "source:run:refused",
        actor,
        organisation_id=source.owner_id,
        envelope={"source": source.key, "run": str(held.id), "reason": said},
    )


def refusal(session: Session, run: Run) -> tuple[UUID | None, str] | None:
    """Return who refused an input that was stopped as a whole, and why, as the log has it; None: nobody did."""
    e = log.AuditEvent
    this = e.type == "source:run:refused", e.id > run.id, e.envelope["run"].as_string() == str(run.id)
    event = session.scalars(select(e).where(*this).limit(1)).first()
    return None if event is None else (event.actor_id, event.envelope["reason"])


def was_refused(source: Source, digest: str) -> bool:
    """Whether this input was refused whole, and is read as it was then."""
    return source.refused is not None and source.refused == _mark(source, digest)


def ask_again(session: Session, source: Source, actor: Actor) -> int:
    """Forget what was refused of a source, with an event: the next run asks it again. Return of how many rows."""
    r = Record
    query = update(r).where(r.source_id == source.id, r.refused.is_not(None)).values(refused=None)
    done = session.execute(query.execution_options(synchronize_session=False))
    source.refused = None
    rows = int(getattr(done, "rowcount", 0))
    envelope = {"source": source.key, "rows": rows}
    log.write(session, "source:refusals:forgotten", actor, organisation_id=source.owner_id, envelope=envelope)
    return rows


def _remember_refused(session: Session, source: Source, held: Run, *, whole: bool) -> None:
    r = Record
    which = (r.source_id == source.id, r.waits.is_not(None))
    session.execute(
        update(r).where(*which).values(refused=r.waits, waits=None).execution_options(synchronize_session=False)
    )
    if whole and held.digest is not None:
        source.refused = _mark(source, held.digest)


def _mark(source: Source, digest: str) -> str:
    """An input and how it is read, in one digest: once the source's settings differ, it is another."""
    read = [source.connector, source.settings, source.matching, source.correlate, source.zone, str(source.owner_id)]
    return hashlib.sha256(json.dumps([digest, *read], sort_keys=True).encode()).hexdigest()


def of_input(session: Session, source_id: UUID, digest: str) -> Acceptance | None:
    """Return the acceptance of this input unless a run has used it: the same input another day is shown and judged
    anew."""
    found = session.get(Acceptance, (source_id, digest))
    if found is None:
        return None
    used = exists().where(
        Run.source_id == source_id,
        Run.digest == digest,
        Run.id > found.run_id,
        Run.state.in_(("done", "partial", "moved")),
        ~Run.dry_run,
    )
    return None if session.scalar(select(used)) else found


def plan_shown(session: Session, acceptance: Acceptance) -> Plan | None:
    """Return the plan that was accepted; None when a reading was, of which no plan had been made."""
    return session.scalars(select(Plan).join(Run, Run.plan_id == Plan.id).where(Run.id == acceptance.run_id)).first()


def was_warned(session: Session, acceptance: Acceptance | None) -> bool:
    """Whether what was accepted showed rows that the source may not state, or not for all of their time."""
    return acceptance is not None and bool(session.get_one(Run, acceptance.run_id).counts.get("warned"))
