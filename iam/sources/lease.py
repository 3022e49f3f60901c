"""The lease of a source, which one run holds at a time, and the run's record: made when it takes the lease, filled when it lets go."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session, sessionmaker

from connectors.problem import Problem
from iam import clock
from iam.audit import log
from iam.change import Actor, Change
from iam.directory.source import Run, Source
from iam.errors import Conflict
from iam.sources.configured import by_key, check_enabled
from iam.sources.report import Report, fill, keep_rejects

LEASE = timedelta(hours=1)
"""After this a run counts as killed, and the next one may take the source."""


def take(sessions: sessionmaker[Session], key: str, actor: Actor, dry_run: bool) -> Report:
    """Begin a run of a source in a transaction of its own; raises ``NotFound``, or ``Conflict`` while another run has the lease or when it is disabled."""
    now = clock.now()
    with sessions.begin() as session:
        source = by_key(session, key)
        check_enabled(source)
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


def conclude(session: Session, source: Source, actor: Actor, report: Report, change: Change | None = None) -> None:
    """Remember in the caller's transaction what a run did, with its event, and free the lease."""
    fill(session.get_one(Run, report.run_id), report)
    source.leased_until = None
    keep_rejects(session, report)
    log.write(
        session, "source:run:finished", actor, organisation_id=source.owner_id, change_id=change.id if change else None,
        envelope={
            "source": source.key, "run": str(report.run_id), "state": report.state, "counts": report.counts, "digest": report.digest,
        },
    )  # fmt: skip


def let_go(sessions: sessionmaker[Session], key: str, actor: Actor, report: Report) -> None:
    """Remember a run whose own transaction was rolled back, and its plan with it; free the lease."""
    report.plan_id = None
    with sessions.begin() as session:
        conclude(session, by_key(session, key), actor, report)
