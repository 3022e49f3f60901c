"""Work that nobody waits for: carrying the outbox's messages to those who deliver them, and tidying.

``Worker`` runs both, in ``iam worker`` or inside ``iam serve``. What kinds of messages there are and what is tidied it
is told by whoever makes it (``iam.cli.operating.worker``), because the packages that know stand above this one and may
not know one another. A message is prepared in a transaction, sent outside of any, and its outcome written in another:
no lock is held while somebody else is slow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from iam import clock
from iam.audit import log
from iam.change import SYSTEM
from iam.delivery import outbox
from iam.delivery.outbox import Due

PARALLEL, BATCH = 8, 16
"""Messages on their way at a time, and taken on lease at a time: a batch of which nobody answers is done well within
its lease."""
PAUSE = 1.0
"""Seconds between two looks for what is due."""
_log = structlog.get_logger("avain.jobs")


class Verdict(StrEnum):
    """How an attempt ended: it arrived, it failed and may be tried again, or trying again would not help."""

    DELIVERED = "delivered"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; ``words`` is for the operator and holds no secret."""

    verdict: Verdict
    words: str = ""


Send = Callable[[], Outcome]
"""Sends what was prepared; runs in a thread, outside any transaction."""
Handler = Callable[[Session, Due], Send]
"""Prepares a message of its kind in a transaction that only reads."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do now and then, in a transaction of its own; it says how much it did."""

    name: str
    every: timedelta
    do: Callable[[Session], int]


@dataclass
class Worker:
    """Delivers and tidies. One a process is enough; any number of processes may each have one."""

    sessions: sessionmaker[Session]
    handlers: Mapping[str, Handler]
    chores: Sequence[Chore] = ()
    closing: Sequence[Callable[[], None]] = ()
    """What is done when it has stopped."""
    stop: threading.Event = field(default_factory=threading.Event)
    _done_at: dict[str, datetime] = field(default_factory=dict)

    def run(self) -> None:
        """Do what is due until ``stop`` is set; a database that does not answer is asked again later."""
        while not self.stop.is_set():
            try:
                self.deliver()
                self.tidy()
            except SQLAlchemyError as error:
                _log.warning("the worker could not use the database", exc_info=error)
            self.stop.wait(PAUSE)
        for close in self.closing:
            close()

    def deliver(self) -> dict[str, int]:
        """Deliver every message that is due; return how many attempts ended how."""
        counts = dict.fromkeys(("delivered", "failed", "given_up"), 0)
        while not self.stop.is_set() and (batch := self._take()):
            for due, outcome in zip(batch, self._sent(batch), strict=True):
                counts[self._note(due, outcome)] += 1
        return counts

    def tidy(self) -> dict[str, int]:
        """Do every chore that is due; return how much each did."""
        now = clock.now()
        did: dict[str, int] = {}
        for chore in self.chores:
            if chore.name in self._done_at and self._done_at[chore.name] + chore.every > now:
                continue
            self._done_at[chore.name] = now
            with self.sessions.begin() as session:
                did[chore.name] = chore.do(session)
        return did

    def _take(self) -> list[Due]:
        with self.sessions() as session:
            session.connection(execution_options={"read_only": True})
            if not outbox.has_due(session, self.handlers.keys()):
                return []
        with self.sessions.begin() as session:
            return outbox.take(session, self.handlers.keys(), BATCH)

    def _sent(self, batch: Sequence[Due]) -> list[Outcome]:
        with self.sessions() as session:
            session.connection(execution_options={"read_only": True})
            prepared = [_prepare(self.handlers[due.kind], session, due) for due in batch]
        with ThreadPoolExecutor(max_workers=min(PARALLEL, len(batch)), thread_name_prefix="outbox") as pool:
            return list(pool.map(_send, prepared))

    def _note(self, due: Due, outcome: Outcome) -> str:
        about = {"kind": due.kind, "target": due.target, "message": str(due.id)}
        with self.sessions.begin() as session:
            if outcome.verdict is Verdict.DELIVERED:
                outbox.delivered(session, due)
                return "delivered"
            if outcome.verdict is Verdict.FAILED and outbox.failed(session, due, outcome.words):
                _log.info("a message was not delivered", attempts=due.attempts, error=outcome.words, **about)
                return "failed"
            if outcome.verdict is Verdict.REFUSED:
                outbox.refused(session, due, outcome.words)
            log.write(session, "outbox:message:given-up", SYSTEM, envelope={**about, "error": outcome.words})
        _log.warning("a message was given up", attempts=due.attempts, error=outcome.words, **about)
        return "given_up"


def _prepare(handler: Handler, session: Session, due: Due) -> Send:
    try:
        return handler(session, due)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - one message that cannot be prepared must not keep the others
        return _broken(error)


def _send(send: Send) -> Outcome:
    try:
        return send()
    except Exception as error:  # noqa: BLE001 - as above; the type is told, the text may hold what was to be sent
        return _broken(error)()


def _broken(error: Exception) -> Send:
    outcome = Outcome(Verdict.FAILED, f"error {type(error).__name__}")
    return lambda: outcome
