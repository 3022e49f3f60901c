"""Rights that are derived a little later: of who signed in while somebody else had the turn, and of everybody once a
night.

A sign-in waits for nobody: what it told is written, the person noted here, and the worker follows. At night everybody's
rights are derived again in slices; a difference is an alarm, for there should be none, and is mended by the same
derivation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from iam import clock
from iam.access.derivation.derive import Counts, derive
from iam.audit import log
from iam.change import SYSTEM, begin
from iam.delivery import outbox
from iam.delivery.outbox import Due
from iam.directory.person import Person
from iam.errors import Conflict
from iam.jobs import Outcome, Send, Verdict

KIND = "rights"
HOUR, SLICE = 2, 1_000
"""The hour of the night, in the installation's zone, from which on everybody's rights are looked at, and how many
persons at a time."""
_log = structlog.get_logger("avain.access")
_FIRST = UUID(int=0)
_RULE = "rule "
"""Begins the target of a message that names a rule; one of a person is the id alone."""


def note(session: Session, person_id: UUID) -> None:
    """Have a person's rights derived by the worker, once this transaction has committed."""
    outbox.leave(session, KIND, [(str(person_id), {})])


def note_rules(session: Session, rule_ids: Collection[UUID]) -> None:
    """Have the worker derive what some rules give, once this transaction has committed."""
    outbox.leave(session, KIND, [(_RULE + str(rule_id), {}) for rule_id in rule_ids])


@dataclass(frozen=True, slots=True)
class Following:
    """The handler of ``KIND``."""

    sessions: sessionmaker[Session]

    def __call__(self, session: Session, due: Due) -> Send:
        """Derive the rights of the person, or by the rule, that the message names."""
        return lambda: self._derive(due.target)

    def _derive(self, target: str) -> Outcome:
        whose = UUID(target.removeprefix(_RULE))
        try:
            with self.sessions.begin() as session:
                change = begin(session, "command", SYSTEM, "followed by the worker")
                if target.startswith(_RULE):
                    derive(session, change, rules=[whose])
                else:
                    derive(session, change, persons=[whose])
        except Conflict:
            return Outcome(Verdict.FAILED, "others are at work")
        return Outcome(Verdict.DELIVERED)


@dataclass
class Nightly:
    """A chore that looks at a slice of everybody's rights, each time it is called in the night, until all were looked
    at.

    What it finds is an alarm: an event, and an error in the log. A worker that is started anew begins from the start.
    """

    zone: str
    _night: date | None = None
    _after: UUID = field(default=_FIRST)

    def __call__(self, session: Session) -> int:
        """Look at the next slice, and return how many assignments it mended; 0 by day, and when the night's work is
        done."""
        here = clock.now().astimezone(ZoneInfo(self.zone))
        if here.hour < HOUR or self._night == here.date():
            return 0
        id_: Any = Person.id
        persons = session.scalars(select(id_).where(id_ > self._after).order_by(id_).limit(SLICE)).all()
        try:
            counts = look_at(session, list(persons))
        except Conflict:
            return 0
        done = len(persons) < SLICE
        self._night, self._after = (here.date(), _FIRST) if done else (self._night, persons[-1])
        return counts.opened + counts.closed


def look_at(session: Session, person_ids: list[UUID]) -> Counts:
    """Derive the rights of some persons again; a difference is mended, and told by an event and in the log. Raises
    ``Conflict``."""
    trial = session.begin_nested()
    change = begin(session, "command", SYSTEM, "nightly check of rights")
    counts = derive(session, change, persons=person_ids)
    if not counts.opened + counts.closed:
        trial.rollback()
        return counts
    trial.commit()
    envelope = {"opened": counts.opened, "closed": counts.closed}
    log.write(session, "right:check:mended", SYSTEM, change_id=change.id, envelope=envelope)
    _log.error("rights were not as facts and rules give them; they were mended", **envelope)
    return counts
