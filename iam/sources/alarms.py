"""Telling by mail those who look after a source that is read by itself that it is amiss: its last run failed, or its
last good one is too old. Once, until it is well again or otherwise amiss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.delivery import outbox
from iam.delivery.mail import Carrier
from iam.delivery.outbox import Due
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at
from iam.directory.source import Run, Source
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices
from iam.sources.listing import last_good, newest_real
from iam.sources.schedule import following
from iam.texts import N_, Texts

KIND = "feed-amiss"
"""Kind of the outbox's messages."""
FAILED, STALE = "failed", "stale"
BAD = ("failed", "stopped", "moved")
GRACE = timedelta(hours=1)
"""How long after it was due a second time a reading may still be under way."""
TOLD = ("admin", "sources.run", "sources.accept")


class Standing(NamedTuple):
    """A scheduled source with its newest run and the end of its last good one."""

    source: Source
    state: str | None
    good_at: datetime | None


def amiss(session: Session) -> int:
    """A chore: leave a note for each who looks after a source that came to be amiss; return how many."""
    told = 0
    for one in standings(session):
        alarm = alarm_of(one, clock.now())
        if alarm == one.source.alarm:
            continue
        one.source.alarm = alarm
        if alarm is not None:
            told += _tell(session, one.source, alarm)
    return told


def standings(session: Session) -> list[Standing]:
    """Return the scheduled sources that are in use, each as it stands; one statement."""
    query = select(Source, Run.state, last_good()).outerjoin(Run, Run.id == newest_real())
    rows = session.execute(query.where(Source.schedule.is_not(None), ~Source.disabled).order_by(Source.key))
    return [Standing(*row) for row in rows]


def alarm_of(one: Standing, now: datetime) -> str | None:
    """Return what is amiss with a scheduled source: ``FAILED``, ``STALE``, or None; pure."""
    if one.state in BAD:
        return FAILED
    source, since = one.source, one.good_at or one.source.scheduled_at
    if since is None or source.schedule is None:
        return None
    once = following(source.schedule, source.zone, since)
    return STALE if following(source.schedule, source.zone, once) + GRACE < now else None


def _tell(session: Session, source: Source, alarm: str) -> int:
    notes = [{"person": str(one), "source": source.key, "alarm": alarm} for one in _keepers(session, source.owner_id)]
    return outbox.leave(session, KIND, [(outbox.MAIL_SERVER, note) for note in notes])


def _keepers(session: Session, owner_id: UUID) -> Sequence[UUID]:
    """Who looks after sources of an organisation; one statement."""
    now, c, g = clock.now(), OrganisationClosure, AdminGrant
    over = select(c.ancestor_id).where(c.descendant_id == owner_id, holds_at(c, now))
    granted = (g.permission.in_(TOLD), g.closed_by.is_(None), holds_at(g, now), g.organisation_id.in_(over))
    return session.scalars(select(g.person_id).where(*granted).distinct().order_by(g.person_id)).all()


_SUBJECT = N_("A source needs you in %(service)s")
_TEXT = (
    N_("Hello, %(name)s."),
    N_("%(what)s Facts and rights are as they were."),
    N_("What happened, and what to do, is on its page: %(page)s"),
)
_WHAT = {
    FAILED: N_("The last run of the source %(source)s did not succeed."),
    STALE: N_("The source %(source)s has not been read in time."),
}


@dataclass(frozen=True, slots=True)
class ByMail:
    """The handler of ``KIND``."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless there is nowhere to send it to; ``session`` only reads."""
        person_id, key = UUID(due.payload["person"]), due.payload["source"]
        page, what = f"{self.settings.issuer}/admin/sources/{key}", _WHAT[due.payload["alarm"]]

        def said(texts: Texts) -> dict[str, str]:
            return {"what": texts.gettext(what) % {"source": key}, "page": page}

        return notices.to_person(session, self.settings, self.carrier, person_id, _SUBJECT, _TEXT, said)
