"""Runs that a page starts, each in a process of its own, so that nobody waits for an answer while a feed is read, and
what hangs or takes too much stops only itself.

The run is recorded, and has its source, before the process is there: whoever started it sees it at once. Where it
stands is in its own row. It ends itself when its source's deadline is over, and goes on when the page's server ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from threading import Condition, Thread
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from connectors.problem import Problem
from iam import clock
from iam.change import Actor
from iam.database.bulk import is_postgresql
from iam.database.engine import make_sessions
from iam.errors import Conflict
from iam.sources import acceptance, configured, lease, runner

_FULL = Problem(
    "As many sources are being read as may be at a time.", "Wait until one of them has ended, and try again."
)
_PROGRAM = "iam.cli.operating.page_run"
_log = structlog.get_logger("avain.sources")
PATIENCE = 10.0
"""Seconds to wait for a place: a run that has ended keeps its own until its process is gone."""
_under_way: list[str] = []
"""The sources of the runs that this process has started and not yet seen end."""
_places = Condition()


@dataclass(frozen=True, slots=True)
class Order:
    """What the process of a run is told, on its standard input, for it names where the secrets are."""

    database: str
    key_file: str
    log_level: str
    memory: int
    minutes: int
    source: str
    run_id: str
    person_id: str | None
    request_id: str
    address: str
    dry_run: bool
    read_by: str | None


@dataclass(frozen=True, slots=True)
class Workplace:
    """What runs have: the database, the vault's key file, so many MiB of address space each (0: without a limit), and
    how many may be under way at a time (0: one a core)."""

    engine: Engine
    key_file: Path
    log_level: str
    memory: int
    most: int


def start(place: Workplace, key: str, actor: Actor, *, dry_run: bool = False, accepting: bool = False) -> UUID:
    """Start a run of a source, or with ``accepting`` accept what its last one held, and return the run's id.

    Raises ``NotFound``, ``Invalid`` (settings), and ``Conflict`` when one is under way, when as many are as may be, or,
    accepting, when nothing waits or the same person ran it. The caller has committed: the run has transactions of its
    own. A run whose process cannot start has failed, and says so.
    """
    sessions = make_sessions(place.engine)
    minutes, since = _check(sessions, key, actor, dry_run, accepting), clock.now()
    _take_place(place, sessions, key)
    try:
        read_by = runner.give(sessions, key, actor) if accepting else None
        report = lease.take(sessions, key, actor, dry_run)
    except BaseException:
        _give_place(key)
        raise
    order = Order(
        database=place.engine.url.render_as_string(hide_password=False),
        key_file=str(place.key_file),
        log_level=place.log_level,
        memory=place.memory,
        minutes=minutes,
        source=key,
        run_id=str(report.run_id),
        person_id=_told(actor.person_id),
        request_id=actor.request_id,
        address=actor.address,
        dry_run=dry_run,
        read_by=_told(read_by),
    )
    try:
        process = _begun()
    except OSError:
        _log.exception("a source's run could not start", source=key)
        try:
            _ended(sessions, order, since, lease.NOT_STARTED)
        finally:
            _give_place(key)
        return report.run_id
    Thread(target=_look_after, args=(sessions, order, process, since), name="source-run", daemon=True).start()
    return report.run_id


def _told(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _check(sessions: sessionmaker[Session], key: str, actor: Actor, dry_run: bool, accepting: bool) -> int:
    with sessions() as session:
        session.connection(execution_options={"read_only": True})
        source = configured.by_key(session, key)
        configured.in_use(source, dry_run=dry_run)
        configured.connector_of(source)
        configured.matching_of(source)
        if accepting:
            acceptance.acceptable(session, source, actor)
        return source.deadline


def _take_place(place: Workplace, sessions: sessionmaker[Session], key: str) -> None:
    with sessions() as session:
        # SQLite lets one write at a time: a second run would only find it locked.
        most = (place.most or os.cpu_count() or 1) if is_postgresql(session) else 1
    with _places:
        if not _places.wait_for(lambda: len(_under_way) < most, PATIENCE):
            raise Conflict(_FULL)
        _under_way.append(key)


def _give_place(key: str) -> None:
    with _places:
        _under_way.remove(key)
        _places.notify()


def _begun() -> subprocess.Popen[bytes]:
    """Return the process of a run, which waits for its order; raises ``OSError`` where the machine has no room for
    it."""
    return subprocess.Popen(  # noqa: S603 - our own program; what it does is on its standard input
        (sys.executable, "-m", _PROGRAM), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=None
    )


def _look_after(
    sessions: sessionmaker[Session], order: Order, process: subprocess.Popen[bytes], since: datetime
) -> None:
    try:
        process.communicate(json.dumps(asdict(order)).encode())
        if code := process.returncode:
            problem = lease.TOO_LONG if code == -signal.SIGALRM else lease.DIED
            if _ended(sessions, order, since, problem):
                _log.warning("a source's run was ended", source=order.source, code=code, why=problem.message)
    except Exception:  # noqa: BLE001 - nobody waits for this thread; the log tells
        _log.exception("a source's run could not be looked after", source=order.source)
    finally:
        _give_place(order.source)


def _ended(sessions: sessionmaker[Session], order: Order, since: datetime, problem: Problem) -> bool:
    with sessions.begin() as session:
        return lease.end_of_killed(session, order.source, since, problem)
