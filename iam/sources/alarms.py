"""Telling by mail those who look after a source that is read by itself that it is amiss: its last run failed, or its
last good one is too old. Once, until it is well again or otherwise amiss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.assignment import AdminGrant
from iam.delivery import outbox
from iam.delivery.mail import Carrier, is_address
from iam.delivery.outbox import Due
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at
from iam.directory.source import Run, Source
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices, person_mail
from iam.sources.listing import GOOD
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
    of_source = select(Run.id).where(Run.source_id == Source.id, ~Run.dry_run).correlate(Source)
    newest = of_source.order_by(Run.id.desc()).limit(1)
    good = (
        select(func.max(Run.ended_at))
        .where(Run.source_id == Source.id, ~Run.dry_run, Run.state.in_(GOOD))
        .correlate(Source)
    )
    query = select(Source, Run.state, good.scalar_subquery()).outerjoin(Run, Run.id == newest.scalar_subquery())
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


_SUBJECT = N_("The source %(source)s needs you")
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
        person_id, carrier, key = UUID(due.payload["person"]), self.carrier, due.payload["source"]
        to = notices.address_before(session, person_id, clock.now()) or ""
        if carrier is None or not is_address(to):
            return lambda: person_mail.NOTHING
        page, what = f"{self.settings.issuer}/admin/sources/{key}", _WHAT[due.payload["alarm"]]

        def said(texts: Texts) -> dict[str, str]:
            return {"what": texts.gettext(what) % {"source": key}, "page": page, "source": key}

        mail = person_mail.write(session, self.settings, person_id, to, _SUBJECT, _TEXT, said)
        return partial(person_mail.carry, carrier, mail)
