"""One run of a source, from lease to audit event. Everything it writes, it writes in one transaction.

A crash is a rollback: the lease runs out, the run stays marked as running until the next one finds it, and nothing else happened.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, insert, or_, select, union, update
from sqlalchemy.orm import Session, sessionmaker

from connectors.contract import ConnectorError, Reading, ReadsAll, ReadsChanges
from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor, Change, begin
from iam.database.bulk import learn
from iam.directory.source import Acceptance, Record, Run, Source
from iam.errors import Conflict, Invalid
from iam.lifecycle import staged
from iam.plans import apply, effects, guard, lapses
from iam.plans.plan import Plan
from iam.sources import completeness, correlation
from iam.sources.configured import by_key, connector_of, matching_of
from iam.sources.matching import Matching
from iam.sources.report import Progress, Report, fill, keep_rejects, stored
from iam.sources.staging import MANY, Staged, Stager, ending
from iam.vault import Vault

LEASE = timedelta(hours=1)


class _Stop(Exception):
    """The run changes nothing; ``state`` says as what it is remembered."""

    def __init__(self, state: str, *reasons: Problem) -> None:
        super().__init__(state)
        self.state, self.reasons = state, list(reasons)


def silent(_phase: str, _rows: int) -> None:
    """Progress that nobody watches."""


def run(
    sessions: sessionmaker[Session], vault: Vault, key: str, actor: Actor, *, dry_run: bool = False, full: bool = False,
    progress: Progress = silent,
) -> Report:  # fmt: skip
    """Run a source and return what happened; raises ``NotFound``, ``Invalid`` (settings) or ``Conflict`` (it is running)."""
    report = _lease(sessions, key, actor, dry_run)
    try:
        with sessions() as session:
            source = by_key(session, key)
            try:
                _run(session, vault, source, actor, report, full, progress)
                if dry_run:
                    session.rollback()
                else:
                    session.commit()
            except _Stop as stop:
                session.rollback()
                report.state, report.reasons = stop.state, stop.reasons
            except ConnectorError as error:
                session.rollback()
                report.state, report.reasons = "failed", [error.problem]
    except BaseException:
        report.state = "failed"
        _finish(sessions, key, actor, report, remember=True)
        raise
    _finish(sessions, key, actor, report, remember=dry_run or report.state in ("failed", "stopped", "moved"))
    return report


def accept(
    sessions: sessionmaker[Session], vault: Vault, key: str, actor: Actor, *, progress: Progress = silent
) -> Report:
    """Accept what the guard held of the last run, for exactly its input, and run again.

    The one who accepts must be another than the one who ran; raises ``Conflict`` when nothing waits or it is the same person.
    """
    with sessions.begin() as session:
        source = by_key(session, key)
        held = session.scalars(
            select(Run).where(Run.source_id == source.id, ~Run.dry_run).order_by(Run.id.desc()).limit(1)
        ).first()
        if held is None or held.state not in ("held", "stopped") or held.digest is None:
            raise Conflict(
                Problem("Nothing of %(key)s waits to be accepted.", "Run the source first.", params={"key": key})
            )
        if actor.person_id is None or actor.person_id == held.actor_person_id:
            raise Conflict(
                Problem("Another administrator than the one who ran it must accept.", "Ask a second administrator.")
            )
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
            session, "source:run:accepted", actor, organisation_id=source.owner_id,
            envelope={"source": key, "run": str(held.id), "digest": held.digest},
        )  # fmt: skip
    return run(sessions, vault, key, actor, progress=progress)


def _lease(sessions: sessionmaker[Session], key: str, actor: Actor, dry_run: bool) -> Report:
    now = clock.now()
    with sessions.begin() as session:
        source = by_key(session, key)
        free = or_(Source.leased_until.is_(None), Source.leased_until < now)
        taken = session.execute(
            update(Source).where(Source.id == source.id, free).values(leased_until=now + LEASE).returning(Source.id)
        ).first()
        if taken is None:
            raise Conflict(Problem("%(key)s is running already.", "Wait until it has ended.", params={"key": key}))
        killed = update(Run).where(Run.source_id == source.id, Run.state == "running")
        session.execute(killed.values(state="failed", ended_at=now).execution_options(synchronize_session=False))
        row = Run(
            source_id=source.id, actor_person_id=actor.person_id, state="running", dry_run=dry_run, started_at=now, phases={}, counts={},
            reasons=[],
        )  # fmt: skip
        session.add(row)
        session.flush()
        return Report(row.id, key)


def _run(
    session: Session, vault: Vault, source: Source, actor: Actor, report: Report, full: bool, progress: Progress
) -> None:
    now, matching = clock.now(), matching_of(source)
    staged.prepare(session)
    with report.phase("read"):
        result = _read(session, vault, source, matching, full, progress)
    report.rejects = result.rejects
    report.counts = {
        "rows": result.rows, "unchanged": result.unchanged, "new": result.fresh, "changed": result.changed, "rejected": result.rejected,
    }  # fmt: skip
    acceptance, before = _judge(session, source, result, report)
    progress("compare", result.rows)
    with report.phase("correlate"):
        ends, first = ending(result.missing, now, source.missing_hours)
        gone = [*ends, *result.deleted]
        if gone:
            session.execute(insert(staged.gone), [{"record_id": record_id} for record_id in gone])
        report.counts["missing"] = len(result.missing)
        described = any(
            kind.person is not None and kind.person.family_name is not None for kind in matching.kinds.values()
        )
        report.counts["ambiguous"] = correlation.correlate(
            session, source, report.run_id, matching.correlate, described=described
        )
    with report.phase("compare"):
        effects.compute(session, source.id, now)
        lapses.compute(session, source.id, now)
    plan = _plan(session, source, actor, report, now)
    _guard(session, source, report, plan, acceptance, before is None, now)
    change = begin(session, "run", actor, source.purpose, run_id=report.run_id, plan_id=plan.id)
    progress("write", result.rows)
    _apply(session, source, report, plan, change, before is None and plan.approved_by is None, now)
    _remember_records(session, source, gone, first, result, now)
    if result.checkpoint is not None and report.state == "done":
        source.checkpoint = result.checkpoint
    _conclude(session, source, actor, report, change)
    if result.fresh + result.changed > MANY:
        learn(session)


def _read(session: Session, vault: Vault, source: Source, matching: Matching, full: bool, progress: Progress) -> Staged:
    connector = connector_of(source)
    reading: Reading
    if source.checkpoint is not None and not full and isinstance(connector, ReadsChanges):
        reading = connector.changes(source.checkpoint)
    elif isinstance(connector, ReadsAll):
        reading = connector.read()
    else:
        raise Invalid(
            Problem("The connector %(name)s cannot read.", "Choose another.", params={"name": source.connector})
        )
    try:
        return Stager(session, vault, source, matching, lambda rows: progress("read", rows)).read(reading)
    finally:
        reading.close()


def _judge(
    session: Session, source: Source, result: Staged, report: Report
) -> tuple[Acceptance | None, completeness.Before | None]:
    """Decide whether the reading may change anything; raises ``_Stop`` when not."""
    evidence = result.evidence
    assert evidence is not None
    acceptance = _acceptance(session, source.id, evidence.digest)
    before = _last_good(session, source.id)
    report.completeness, problem = completeness.judge(evidence, before if evidence.full else None)
    report.digest, report.header = evidence.digest, evidence.header if evidence.full else None
    report.counts["previous_rows"] = before.rows if before is not None else 0
    report.counts["deleted"] = evidence.deleted
    if problem is not None and not (acceptance is not None and evidence.finished):
        raise _Stop("stopped", problem)
    if result.rejected and not source.keep_good_rows:
        raise _Stop(
            "failed",
            Problem(
                "%(n)s rows cannot be read, so nothing was changed.",
                "Correct them in the source.",
                params={"n": result.rejected},
            ),
        )
    return acceptance, before


def _acceptance(session: Session, source_id: UUID, digest: str) -> Acceptance | None:
    """Return the acceptance of this input unless a run has used it: the same input another day is shown and judged anew."""
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


def _last_good(session: Session, source_id: UUID) -> completeness.Before | None:
    """Return what the last good full reading looked like; a run that reads changes only keeps no header."""
    good = (Run.state.in_(("done", "partial")), Run.header.is_not(None), ~Run.dry_run)
    row = session.scalars(select(Run).where(Run.source_id == source_id, *good).order_by(Run.id.desc()).limit(1)).first()
    held = select(exists().where(Record.source_id == source_id))
    if row is None:
        return completeness.Before(0, "") if session.scalar(held) else None
    return completeness.Before(int(row.counts.get("rows", 0)) - int(row.counts.get("deleted", 0)), row.header or "")


def _plan(session: Session, source: Source, actor: Actor, report: Report, now: datetime) -> Plan:
    plan = Plan(
        kind="source run", author_id=actor.person_id, owner_id=source.owner_id, source_id=source.id, state="computed",
        basis=apply.basis(feed=report.digest, source=source.key), digest=apply.digest_of_effects(session, now), counts={},
        reasons=[], at=now,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    report.plan_id = plan.id
    return plan


def _guard(
    session: Session,
    source: Source,
    report: Report,
    plan: Plan,
    acceptance: Acceptance | None,
    first: bool,
    now: datetime,
) -> None:
    shown = _shown(session, acceptance)
    if acceptance is not None and shown is not None:
        if shown.basis.get("held_digest", shown.digest) != plan.digest:
            raise _Stop(
                "moved",
                Problem(
                    "The data in Avain has changed since this was shown. Nothing was changed.",
                    "Run the source again and look anew.",
                ),
            )
        plan.author_id, plan.approved_by = shown.author_id, acceptance.accepted_by
        return
    if first:
        report.reasons = [
            Problem(
                "This is the source's first run: it is shown and waits.",
                "Let a second administrator look at it and accept it.",
            )
        ]
        return
    held = guard.verdicts(session, source.id, now)
    guard.hold(session, held)
    report.reasons = [verdict.problem for verdict in held]
    if held:
        plan.basis = plan.basis | {"held_digest": apply.digest_of_effects(session, now, held_only=True)}


def _shown(session: Session, acceptance: Acceptance | None) -> Plan | None:
    """Return the plan that was accepted; None when a reading was, of which no plan had been made."""
    if acceptance is None:
        return None
    return session.scalars(select(Plan).join(Run, Run.plan_id == Plan.id).where(Run.id == acceptance.run_id)).first()


def _apply(
    session: Session, source: Source, report: Report, plan: Plan, change: Change, shown_only: bool, now: datetime
) -> None:
    with report.phase("write"):
        if shown_only:
            rights = apply.try_out(session, change, plan, source.id, now)
            guard.hold_everything(session)
        else:
            apply.apply_feed(session, change, source.id, report.run_id, now)
            rights = apply.remember_rights(session, plan, change)
        apply.remember(session, plan)
        lapses.remember(session, plan)
    report.counts |= (
        effects.counts(session) | lapses.counts(session) | {f"rights_{name}": n for name, n in rights.items()}
    )
    plan.counts = dict(report.counts)
    plan.reasons = [stored(problem) for problem in report.reasons]
    plan.change_id = None if shown_only else change.id
    plan.state = "held" if shown_only else "partly" if report.reasons else "applied"
    report.state = "held" if report.reasons else "partial" if report.rejects or report.counts["ambiguous"] else "done"


def _remember_records(
    session: Session, source: Source, gone: list[UUID], first: list[UUID], result: Staged, now: datetime
) -> None:
    fx, x = staged.effect, staged.lapse
    held = union(select(fx.c.record_id).where(fx.c.held), select(x.c.record_id).where(x.c.held))
    if gone:
        session.execute(
            update(Record).where(Record.id.in_(select(staged.gone.c.record_id)), Record.id.not_in(select(held.subquery().c.record_id))).values(digest=b"")
            .execution_options(synchronize_session=False)
        )  # fmt: skip
    for ids, since in ((first, now), (result.returned, None)):
        if ids:
            session.execute(update(Record), [{"id": record_id, "missing_since": since} for record_id in ids])


def _conclude(session: Session, source: Source, actor: Actor, report: Report, change: Change) -> None:
    row = session.get_one(Run, report.run_id)
    fill(row, report)
    source.leased_until = None
    keep_rejects(session, report)
    log.write(
        session, "source:run:finished", actor, organisation_id=source.owner_id, change_id=change.id,
        envelope={"source": source.key, "run": str(row.id), "state": report.state, "counts": report.counts, "digest": report.digest},
    )  # fmt: skip


def _finish(sessions: sessionmaker[Session], key: str, actor: Actor, report: Report, *, remember: bool) -> None:
    """Remember a run whose own transaction was rolled back, and free the lease."""
    if not remember:
        return
    with sessions.begin() as session:
        source, row = by_key(session, key), session.get_one(Run, report.run_id)
        report.plan_id = None
        fill(row, report)
        source.leased_until = None
        keep_rejects(session, report)
        log.write(
            session, "source:run:finished", actor, organisation_id=source.owner_id,
            envelope={"source": key, "run": str(row.id), "state": report.state, "counts": report.counts, "digest": report.digest},
        )  # fmt: skip
