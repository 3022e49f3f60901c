"""Telling by mail, once on a working day, each person who may decide that something waits: how many, how many are due,
and where; nobody's name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import roots
from iam.access.asker import OPERATOR
from iam.access.model.assignment import AdminGrant
from iam.deciding.waiting import PERMISSIONS, Waiting, waiting
from iam.delivery import outbox
from iam.delivery.mail import Carrier, is_address
from iam.delivery.outbox import Due, Message
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices, person_mail
from iam.texts import N_, Texts

KIND = "plans-wait"
"""Kind of the outbox's messages."""
HOUR = 7
"""From which hour of a working day people are told."""
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Telling:
    """A chore: on the morning of a working day a note for each who may decide something that waits; what waits longer
    than ``due_days`` working days is counted as due."""

    due_days: int
    zone: str

    def __call__(self, session: Session) -> int:
        """Leave the notes of today, where they were not left yet; return how many."""
        here = clock.now().astimezone(ZoneInfo(self.zone))
        if here.hour < HOUR or here.weekday() > FRIDAY or _was_told(session, here.date(), self.zone):
            return 0
        notes = []
        for person_id, found in who_may_decide(session).items():
            due = sum(is_due(one.at, self.due_days, here) for one in found)
            notes.append({"person": str(person_id), "waits": len(found), "due": due})
        return outbox.leave(session, KIND, [(outbox.MAIL_SERVER, note) for note in notes])


def is_due(at: datetime, days: int, now: datetime) -> bool:
    """Whether so many working days (Monday to Friday) have passed since ``at`` by the days of ``now``'s zone; pure."""
    day, left = at.astimezone(now.tzinfo).date(), days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() <= FRIDAY
    return now.date() >= day


def who_may_decide(session: Session) -> dict[UUID, list[Waiting]]:
    """Return what waits for each person who may decide it and did not propose it; four statements."""
    found = waiting(session, OPERATOR)
    top = min(roots(session), default=None) if any(one.owner_id is None for one in found) else None
    holders = _holders(session, {owner_id for one in found if (owner_id := one.owner_id or top)})
    told: dict[UUID, list[Waiting]] = {}
    for one in found:
        for person_id in sorted(_of(holders, one.owner_id or top, PERMISSIONS[one.kind])):
            if person_id != one.proposed_by:
                told.setdefault(person_id, []).append(one)
    return told


Holders = Mapping[tuple[UUID, str], Collection[UUID]]


def _holders(session: Session, places: Collection[UUID]) -> Holders:
    """Who holds what over these organisations now; one statement."""
    now, c, g = clock.now(), OrganisationClosure, AdminGrant
    granted = (g.closed_by.is_(None), holds_at(g, now), g.permission.in_({*PERMISSIONS.values(), "admin"}))
    query = select(c.descendant_id, g.permission, g.person_id).join(g, g.organisation_id == c.ancestor_id)
    found: dict[tuple[UUID, str], set[UUID]] = {}
    for place, permission, person_id in session.execute(
        query.where(c.descendant_id.in_(places), holds_at(c, now), *granted)
    ):
        found.setdefault((place, permission), set()).add(person_id)
    return found


def _of(holders: Holders, place: UUID | None, permission: str) -> Iterable[UUID]:
    return set() if place is None else {*holders.get((place, permission), ()), *holders.get((place, "admin"), ())}


def _was_told(session: Session, day: date, zone: str) -> bool:
    since = clock.day_start(day, zone)
    return bool(session.scalar(select(exists().where(Message.kind == KIND, Message.created_at >= since))))


_SUBJECT = N_("Plans wait for you in %(service)s")
_TEXT = (
    N_("Hello, %(name)s."),
    N_("So much waits for a second person, and you may decide it: %(waits)s. Of it is due: %(due)s."),
    N_("What it is and what it does to whom is on the overview: %(page)s"),
)


@dataclass(frozen=True, slots=True)
class ByMail:
    """The handler of ``KIND``."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless there is nowhere to send it to; ``session`` only reads."""
        person_id, carrier = UUID(due.payload["person"]), self.carrier
        to = notices.address_before(session, person_id, clock.now()) or ""
        if carrier is None or not is_address(to):
            return lambda: person_mail.NOTHING
        page = f"{self.settings.issuer}/admin/"

        def said(_texts: Texts) -> dict[str, str]:
            return {"waits": str(due.payload["waits"]), "due": str(due.payload["due"]), "page": page}

        mail = person_mail.write(session, self.settings, person_id, to, _SUBJECT, _TEXT, said)
        return partial(person_mail.carry, carrier, mail)
