"""The lease of a source, which one run holds at a time, and the run's record: made when it takes the lease, filled when
it lets go.

The lease is short. A heartbeat puts it off in transactions of its own, so that a killed run frees its source within a
minute; whoever finds it gone at commit commits nothing. SQLite lets one write at a time: there the open transaction is
the lease while it writes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog
from sqlalchemy import or_, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import SYSTEM, Actor, Change
from iam.database.bulk import is_postgresql
from iam.database.types import uuid7
from iam.directory.source import Run, Source
from iam.errors import Conflict
from iam.sources.configured import by_key, in_use
from iam.sources.report import Report, fill, keep_rejects, stored

LEASE, BEAT = timedelta(minutes=1), timedelta(seconds=15)
"""After the first without a heartbeat a run counts as killed, and the next one may take the source."""
PULSE = 1.0
"""Seconds between two looks at where the run stands; what is new is told in its record."""
DIED = Problem(
    "The run ended without an answer. Nothing was changed.",
    "Look into the log of the service: the run may have needed more memory than it may have.",
)
NOT_STARTED = Problem(
    "The run could not start. Nothing was changed.",
    "Try again in a while; where it is so again, look into the log of the service.",
)
TOO_LONG = Problem(
    "The run took longer than the source allows, and was ended. Nothing was changed.",
    "See whether the other system answers as it should, or let the run take longer.",
)
_log = structlog.get_logger("avain.sources")


class Lost(Exception):
    """The lease is another's by now: nothing may be committed."""

    problem = Problem(
        "The run was taken for dead or released, and another may have taken its place. Nothing was changed.",
        "Run the source again.",
    )


def take(sessions: sessionmaker[Session], key: str, actor: Actor, dry_run: bool) -> Report:
    """Begin a run of a source in a transaction of its own; raises ``NotFound``, or ``Conflict`` while another run has
    the lease or the source is disabled.
    """
    running = Conflict(Problem("%(key)s is running already.", "Wait until it has ended.", params={"key": key}))
    try:
        with sessions.begin() as session:
            return _take(session, key, actor, dry_run, running)
    except OperationalError as error:
        if "locked" in str(error.orig):
            raise running from None
        raise


def _take(session: Session, key: str, actor: Actor, dry_run: bool, running: Conflict) -> Report:
    now, run_id = clock.now(), uuid7()
    source = by_key(session, key)
    in_use(source, dry_run=dry_run)
    free = or_(Source.leased_until.is_(None), Source.leased_until < now)
    taken = session.execute(
        update(Source)
        .where(Source.id == source.id, free)
        .values(leased_until=now + LEASE, leased_by=run_id)
        .returning(Source.id)
    ).first()
    if taken is None:
        raise running
    _give_up(session, source)
    row = Run(
        id=run_id,
        source_id=source.id,
        actor_person_id=actor.person_id,
        state="running",
        dry_run=dry_run,
        started_at=now,
        phases={},
        counts={},
        reasons=[],
    )
    session.add(row)
    session.flush()
    return Report(run_id, key)


def _give_up(session: Session, source: Source) -> None:
    """Say of what still says that it runs that it failed."""
    killed = update(Run).where(Run.source_id == source.id, Run.state == "running")
    session.execute(killed.values(state="failed", ended_at=clock.now()).execution_options(synchronize_session=False))


@contextmanager
def held(sessions: sessionmaker[Session], report: Report) -> Iterator[None]:
    """Put the lease off again and again while the block runs, and tell in the run's record where it stands (on
    PostgreSQL)."""
    with sessions() as session:
        beats = is_postgresql(session)
    over = Event()
    thread = Thread(target=_beat, args=(sessions, report, over), name="source-heartbeat", daemon=True)
    if beats:
        thread.start()
    try:
        yield
    finally:
        over.set()
        if beats:
            thread.join()


def _beat(sessions: sessionmaker[Session], report: Report, over: Event) -> None:
    due, told = time.monotonic() + BEAT.total_seconds(), report.standing
    while not over.wait(PULSE):
        if time.monotonic() < due and report.standing == told:
            continue
        try:
            with sessions.begin() as session:
                _put_off(session, report)
            due, told = time.monotonic() + BEAT.total_seconds(), report.standing
        except SQLAlchemyError:
            # The next beat tries again; if none gets through, the run finds its lease gone.
            _log.warning("the lease of a source run could not be put off", exc_info=True)


def _put_off(session: Session, report: Report) -> None:
    mine = update(Source).where(Source.leased_by == report.run_id).values(leased_until=clock.now() + LEASE)
    session.execute(mine.execution_options(synchronize_session=False))
    record = update(Run).where(Run.id == report.run_id, Run.state == "running")
    told = record.values(phases=report.so_far(), counts={"rows": report.rows})
    session.execute(told.execution_options(synchronize_session=False))


def conclude(session: Session, source: Source, actor: Actor, report: Report, change: Change | None = None) -> None:
    """Remember in the caller's transaction what a run did, with its event, and free the lease; raises ``Lost`` when it
    is another's."""
    mine = update(Source).where(Source.id == source.id, Source.leased_by == report.run_id).returning(Source.id)
    freed = session.execute(
        mine.values(leased_until=None, leased_by=None).execution_options(synchronize_session=False)
    ).first()
    if freed is None:
        raise Lost
    _remember(session, source, actor, report, change)


def _remember(session: Session, source: Source, actor: Actor, report: Report, change: Change | None) -> None:
    fill(session.get_one(Run, report.run_id), report)
    keep_rejects(session, report)
    log.write(
        session,
        "source:run:finished",
        actor,
        organisation_id=source.owner_id,
        change_id=change.id if change else None,
        envelope={
            "source": source.key,
            "run": str(report.run_id),
            "state": report.state,
            "counts": report.counts,
            "digest": report.digest,
        },
    )


def let_go(sessions: sessionmaker[Session], key: str, actor: Actor, report: Report) -> None:
    """Remember a run whose own transaction was rolled back, and free the lease if it still has it."""
    report.plan_id = None
    with sessions.begin() as session:
        source = by_key(session, key)
        try:
            conclude(session, source, actor, report)
        except Lost:
            _remember(session, source, actor, report, None)


def end_of_killed(session: Session, key: str, since: datetime, problem: Problem) -> bool:
    """Free a source from a run that began at ``since`` or later in a process that is gone, and say why it failed;
    whether there was one."""
    source = by_key(session, key)
    run = None if source.leased_by is None else session.get(Run, source.leased_by)
    if run is None or run.started_at < since:
        return False
    freed = update(Source).where(Source.id == source.id, Source.leased_by == run.id).returning(Source.id)
    if session.execute(freed.values(leased_until=None, leased_by=None)).first() is None:
        return False
    run.state, run.ended_at, run.reasons = "failed", clock.now(), [stored(problem)]
    envelope = {"source": source.key, "run": str(run.id), "state": run.state}
    log.write(session, "source:run:finished", SYSTEM, organisation_id=source.owner_id, envelope=envelope)
    return True


def release(session: Session, source: Source, actor: Actor) -> bool:
    """Free a source from the run that holds it, which then commits nothing; whether one did."""
    query = update(Source).where(Source.id == source.id, Source.leased_by.is_not(None)).returning(Source.id)
    freed = session.execute(
        query.values(leased_until=None, leased_by=None).execution_options(synchronize_session=False)
    ).first()
    if freed is None:
        return False
    _give_up(session, source)
    log.write(session, "source:run:released", actor, organisation_id=source.owner_id, envelope={"source": source.key})
    return True
