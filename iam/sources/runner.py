"""One run of a source, from lease to audit event. Everything it writes, it writes in one transaction.

A crash is a rollback: the lease runs out, the run stays marked as running until the next one finds it, and nothing else
happened.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import insert, select, union
from sqlalchemy.orm import Session, sessionmaker

from connectors import registry
from connectors.contract import CheckpointLost, ConnectorError, ReadsAfter, ReadsAll, ReadsChanges
from connectors.problem import Problem
from iam import clock
from iam.change import Actor, Change, begin
from iam.database.bulk import learn
from iam.directory.source import Source
from iam.errors import Invalid
from iam.lifecycle import awaited, staged
from iam.lifecycle.facts import difference, profiles
from iam.plans import apply, guard, rights_guard
from iam.plans.plan import Plan
from iam.signin.addresses import change as addresses
from iam.signin.usernames import give as usernames
from iam.sources import acceptance, judgement, kept, lease, listing
from iam.sources.configured import by_key, connector_of, matching_of
from iam.sources.identity import correlation
from iam.sources.kept import Kept
from iam.sources.reading import known, links
from iam.sources.reading.matching import Matching
from iam.sources.reading.staging import MANY, Staged, Stager
from iam.sources.report import Progress, Report, stored
from iam.vault import Vault

Read = Callable[[Source, Stager], Staged]


def silent(_phase: str, _rows: int) -> None:
    """Progress that nobody watches."""


def run(
    sessions: sessionmaker[Session],
    vault: Vault,
    key: str,
    actor: Actor,
    *,
    dry_run: bool = False,
    full: bool = False,
    progress: Progress = silent,
    read_by: UUID | None = None,
) -> Report:
    """Run a source and return what happened; raises ``NotFound``, ``Invalid`` (settings) or ``Conflict`` (it is
    running).

    ``read_by`` is the run whose reading is read again, where it was kept.
    """
    report = lease.take(sessions, key, actor, dry_run)
    return go_on(sessions, vault, report, actor, dry_run=dry_run, full=full, progress=progress, read_by=read_by)


def go_on(
    sessions: sessionmaker[Session],
    vault: Vault,
    report: Report,
    actor: Actor,
    *,
    dry_run: bool = False,
    full: bool = False,
    progress: Progress = silent,
    read_by: UUID | None = None,
) -> Report:
    """Carry out a run that has taken its source, in whichever process; see ``run``."""
    key, tell = report.source, _telling(report, progress)
    kept_one = False
    try:
        with _little_garbage(), lease.held(sessions, report), sessions() as session:
            source = by_key(session, key)
            before = Kept(session, vault, read_by) if read_by is not None else None
            kept_one = bool(before)
            usual = partial(_read, full=full, accepted=read_by is not None)
            read: Read = (lambda _, stager: stager.read(before)) if before else usual
            try:
                _run(session, vault, source, actor, report, read, tell)
                if dry_run:
                    session.rollback()
                else:
                    session.commit()
            except judgement.Stopped as stop:
                session.rollback()
                report.state, report.reasons = stop.state, stop.reasons
            except lease.Lost as lost:
                session.rollback()
                report.state, report.reasons = "failed", [lost.problem]
            except ConnectorError as error:
                session.rollback()
                report.state, report.reasons = "failed", [error.problem]
    except BaseException:
        report.state = "failed"
        lease.let_go(sessions, key, actor, report)
        raise
    if dry_run or report.state in ("failed", "stopped", "moved", "refused"):
        lease.let_go(sessions, key, actor, report)
    if not dry_run:
        _keep(sessions, vault, key, report, kept_one)
    return report


@contextmanager
def _little_garbage() -> Iterator[None]:
    """Let garbage be looked for seldom: what a run makes stays until its end, and looking through all of it again and
    again would take as long as reading it."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 1_000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _telling(report: Report, progress: Progress) -> Progress:
    def tell(phase: str, rows: int) -> None:
        report.rows = rows
        progress(phase, rows)

    return tell


def _keep(sessions: sessionmaker[Session], vault: Vault, key: str, report: Report, kept_one: bool) -> None:
    """Keep what a run read while something of it waits."""
    if report.state == "held" and kept_one:
        kept.hand_on(sessions, key, report)
    elif report.state == "held":
        kept.keep(sessions, vault, key, report)


def accept(
    sessions: sessionmaker[Session], vault: Vault, key: str, actor: Actor, *, progress: Progress = silent
) -> Report:
    """Accept what the guard held of the last run, for exactly its input, and run again by what that run read.

    The one who accepts must be another than the one who ran; raises ``Conflict`` when nothing waits or it is the same
    person.
    """
    return run(sessions, vault, key, actor, progress=progress, read_by=give(sessions, key, actor))


def give(sessions: sessionmaker[Session], key: str, actor: Actor) -> UUID:
    """Accept, in a transaction of its own, what the last run held; return that run. Raises as ``accept``."""
    with sessions.begin() as session:
        return acceptance.give(session, by_key(session, key), actor)


def _run(
    session: Session, vault: Vault, source: Source, actor: Actor, report: Report, read: Read, progress: Progress
) -> None:
    now, matching = clock.now(), matching_of(source)
    staged.make(session, staged.reach)
    with report.phase("read"):
        stager = Stager(session, vault, source, matching, lambda rows: progress("read", rows))
        result = read(source, stager)
    report.rejects, report.warnings = result.rejects, result.warnings
    report.counts = _counts(result)
    accepted, before = judgement.of_reading(session, source, result, report)
    if result.waited:
        known.forget_waiting(session, source.id)
    if not result.news and before is not None and accepted is None and source.walled:
        _nothing_new(session, source, actor, report, result, now)
        return
    if not result.news:
        staged.prepare(session)
    progress("compare", result.rows)
    ends, first = known.ending(result.missing, now, source.missing_hours)
    gone = [*ends, *result.deleted]
    with report.phase("correlate"):
        _correlate(session, source, matching, report, stager, gone)
        links.wall(session, source, stager)
        judgement.of_rows(source, result)
        report.counts |= _counts(result)
    report.counts["missing"] = len(result.missing)
    with report.phase("compare"):
        awaited.fulfil(session, source.id)
        difference.compare(session, source.id, now)
        profiles.compare(session, source.id)
    plan = _plan(session, source, actor, report, apply.digest_of_effects(session, now), now)
    judgement.of_effects(session, source, report, plan, accepted, before is None, now)
    judgement.of_walls(session, source, result, report, plan, accepted, before is None, now)
    change = begin(session, "run", actor, source.purpose, run_id=report.run_id, plan_id=plan.id)
    progress("write", result.rows)
    _apply(session, source, report, plan, change, actor, before is None and plan.approved_by is None)
    known.remember(session, gone, first, result.returned, result.over, now)
    stager.remember_places(source)
    _conclude(session, source, actor, report, result, change)
    if result.fresh + result.changed > MANY:
        learn(session)


def _nothing_new(session: Session, source: Source, actor: Actor, report: Report, result: Staged, now: datetime) -> None:
    """Remember a run in which nothing is new and nothing is missing; what was read of rows that cannot be is told all
    the same."""
    report.counts |= {"missing": 0, "ambiguous": 0}
    plan = _plan(session, source, actor, report, apply.NOTHING, now)
    change = begin(session, "run", actor, source.purpose, run_id=report.run_id, plan_id=plan.id)
    plan.state, plan.counts, plan.change_id = "applied", dict(report.counts), change.id
    report.state = "partial" if report.rejects else "done"
    known.remember(session, (), (), result.returned, result.over, now)
    _conclude(session, source, actor, report, result, change)


def _conclude(session: Session, source: Source, actor: Actor, report: Report, result: Staged, change: Change) -> None:
    if result.checkpoint is not None and report.state in _remembered(source):
        source.checkpoint = result.checkpoint
    if report.state in listing.GOOD:
        kept.forget(session, source.id)
    lease.conclude(session, source, actor, report, change)


def _remembered(source: Source) -> tuple[str, ...]:
    """Return the states of a run that is gone on from: where only changes are read, a row that could not be must come
    again."""
    return ("done", "partial") if issubclass(registry.connector(source.connector), ReadsAfter) else ("done",)


def _counts(result: Staged) -> dict[str, int]:
    return {
        "rows": result.rows,
        "unchanged": result.unchanged,
        **({"refused": result.refused} if result.refused else {}),
        "new": result.fresh,
        "changed": result.changed,
        "rejected": result.rejected,
        "warned": result.warned,
    }


def _read(source: Source, stager: Stager, *, full: bool, accepted: bool) -> Staged:
    """Read the source; of what was ``accepted`` its digest tells that it is no other, also where it is older or less
    than what came last."""
    connector = connector_of(source)
    if source.checkpoint is not None and not full and isinstance(connector, ReadsChanges):
        try:
            with closing(connector.changes(source.checkpoint)) as reading:
                return stager.read(reading)
        except CheckpointLost as lost:
            if not isinstance(connector, ReadsAll) or stager.result.rows:
                raise
            stager.read_in_full(lost.problem)
    if source.checkpoint is not None and not (full or accepted) and isinstance(connector, ReadsAfter):
        with closing(connector.read_after(source.checkpoint)) as reading:
            return stager.read(reading)
    if isinstance(connector, ReadsAll):
        with closing(connector.read()) as reading:
            return stager.read(reading)
    raise Invalid(
        Problem(
            "The connector %(name)s has nothing to be read by a run.",
            "It listens to sign-ins; nothing need be run.",
            params={"name": source.connector},
        )
    )


def _correlate(
    session: Session, source: Source, matching: Matching, report: Report, stager: Stager, gone: list[UUID]
) -> None:
    if gone:
        session.execute(insert(staged.gone), [{"record_id": record_id} for record_id in gone])
    described = any(kind.person is not None and kind.person.family_name is not None for kind in matching.kinds.values())
    report.counts["ambiguous"] = correlation.correlate(
        session, source, report.run_id, matching.correlate, stager.twice, stager.tell, described=described
    )


def _plan(session: Session, source: Source, actor: Actor, report: Report, digest: str, now: datetime) -> Plan:
    plan = Plan(
        kind="source run",
        author_id=actor.person_id,
        owner_id=source.owner_id,
        source_id=source.id,
        state="computed",
        basis=apply.basis(feed=report.digest, source=source.key),
        digest=digest,
        counts={},
        reasons=[],
        at=now,
    )
    session.add(plan)
    session.flush()
    report.plan_id = plan.id
    return plan


def _apply(
    session: Session, source: Source, report: Report, plan: Plan, change: Change, actor: Actor, shown_only: bool
) -> None:
    with report.phase("write"):
        if shown_only:
            rights = apply.try_out(session, change, plan, source.id)
            guard.hold_everything(session)
        else:
            rights = _write(session, source, report, plan, change, actor)
        apply.remember(session, plan)
    report.counts |= difference.counts(session) | {f"rights_{name}": n for name, n in rights.items()}
    plan.counts = dict(report.counts)
    plan.reasons = [stored(problem) for problem in report.reasons]
    plan.change_id = None if shown_only else change.id
    plan.state = "held" if shown_only else "partly" if report.reasons else "applied"
    report.state = "held" if report.reasons else "partial" if report.rejects or report.counts["ambiguous"] else "done"


def _write(
    session: Session, source: Source, report: Report, plan: Plan, change: Change, actor: Actor
) -> dict[str, int]:
    """Write what is not held, and say of the rest which rights it would take; return how many rights were moved.

    Where too many would lose a role, it is taken back and written again without what those people lose.
    """
    waiting = apply.would_take(session, change, plan, source.id) if guard.held(session) else []
    attempt = session.begin_nested()
    apply.apply_feed(session, change, source.id, report.run_id)
    lost = apply.rights(session, plan, change, gains=False)
    broken = rights_guard.verdicts(session, source.id, lost, plan.at) if plan.approved_by is None else {}
    if not broken:
        attempt.commit()
    else:
        attempt.rollback()
        session.expire_all()
        rights_guard.hold(session, (one.person_id for one in lost if (one.scope_id, one.role_id) in broken))
        report.reasons += broken.values()
        plan.basis = plan.basis | {"held_digest": apply.digest_of_effects(session, plan.at, held_only=True)}
        waiting = apply.would_take(session, change, plan, source.id)
        apply.apply_feed(session, change, source.id, report.run_id)
        lost = apply.rights(session, plan, change, gains=False)
    persons = union(select(staged.touched.c.person_id), select(staged.person.c.person_id)).subquery()
    if given := usernames.after_run(session, source, select(persons.c.person_id), actor, change.id):
        report.counts["usernames"] = given
    addresses.touched(session, select(persons.c.person_id))
    return apply.remember_rights(session, plan, change, lost, waiting)
