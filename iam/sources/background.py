"""Runs that a page starts, in threads, so that nobody waits for an answer while a feed is read.

What must be remembered is in the run's own row; here is only where a run of this process stands just now.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy.orm import Session, sessionmaker

from connectors.problem import Problem
from iam.change import Actor
from iam.database.bulk import is_postgresql
from iam.errors import Conflict
from iam.sources import acceptance, configured, listing, runner
from iam.vault import Vault

PATIENCE = 3.0
"""Seconds to wait for a started run to show itself."""
_PAUSE = 0.02
AT_ONCE = 8
"""Runs of a process at a time, so that a source that hangs keeps no other waiting; SQLite lets one write."""
_workers = {
    beside: ThreadPoolExecutor(AT_ONCE if beside else 1, thread_name_prefix="source-run") for beside in (True, False)
}
_standing: dict[str, RunState] = {}
_log = structlog.get_logger("avain.sources")


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a source's run stands in this process: ``waiting``, ``read``, ``compare`` or ``write``, and how many rows
    were seen."""

    phase: str
    rows: int = 0


def standing(key: str) -> RunState | None:
    """Return where the run of a source that this process carries out stands; None when it carries out none."""
    return _standing.get(key)


def start(
    sessions: sessionmaker[Session],
    vault: Vault,
    key: str,
    actor: Actor,
    *,
    dry_run: bool = False,
    accepting: bool = False,
) -> UUID | None:
    """Start a run of a source, or with ``accepting`` accept what its last one held, and return the run's id.

    None: another run of this process comes first. Raises ``NotFound``, ``Invalid`` (settings), and ``Conflict`` when
    one is under way or, accepting, when nothing waits or the same person ran it. The caller has committed: the run has
    transactions of its own.
    """
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        before, beside = _check(session, key, actor, dry_run, accepting), is_postgresql(session)
    if key in _standing:
        raise Conflict(Problem("%(key)s is running already.", "Wait until it has ended.", params={"key": key}))
    _standing[key] = RunState("waiting")
    job = _workers[beside].submit(_carry_out, sessions, vault, key, actor, dry_run, accepting)
    job.add_done_callback(_tell_the_log)
    return _first_seen(sessions, before, job)


def _check(session: Session, key: str, actor: Actor, dry_run: bool, accepting: bool) -> tuple[UUID, UUID | None]:
    source = configured.by_key(session, key)
    configured.in_use(source, dry_run=dry_run)
    configured.connector_of(source)
    configured.matching_of(source)
    if accepting:
        acceptance.acceptable(session, source, actor)
    return source.id, listing.newest(session, source.id)


def _carry_out(
    sessions: sessionmaker[Session], vault: Vault, key: str, actor: Actor, dry_run: bool, accepting: bool
) -> None:
    try:
        if accepting:
            runner.accept(sessions, vault, key, actor, progress=_telling(key))
        else:
            runner.run(sessions, vault, key, actor, dry_run=dry_run, progress=_telling(key))
    finally:
        del _standing[key]


def _tell_the_log(job: Future[None]) -> None:
    # Nobody waits for the thread's answer: the run's row says that it failed, the log says why.
    error = job.exception()
    if error is not None:
        _log.error("a source run failed", exc_info=error)


def _telling(key: str) -> Callable[[str, int], None]:
    def tell(phase: str, rows: int) -> None:
        _standing[key] = RunState(phase, rows)

    return tell


def _first_seen(sessions: sessionmaker[Session], before: tuple[UUID, UUID | None], job: Future[None]) -> UUID | None:
    """Wait until the run has a row of its own, which it writes before anything else."""
    source_id, last = before
    end = time.monotonic() + PATIENCE
    while True:
        over = job.done() or time.monotonic() > end
        with sessions() as session:
            session.connection(execution_options={"read_only": True})
            found = listing.newest(session, source_id)
        if found != last or over:
            return found if found != last else None
        time.sleep(_PAUSE)
