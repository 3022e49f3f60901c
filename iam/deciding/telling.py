"""Telling by mail, once on a working day, each person who may decide that something waits: how many, how many are due,
and where; nobody's name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import APPROVE, roots
from iam.access.asker import OPERATOR
from iam.access.model.assignment import AdminGrant
from iam.deciding.deputies import away
from iam.deciding.waiting import DECIDING, Waiting, permission_of, waiting
from iam.delivery import outbox
from iam.delivery.mail import Carrier
from iam.delivery.outbox import Due, Message
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices
from iam.texts import N_

KIND = "plans-wait"
"""Kind of the outbox's messages."""
HOUR = 7
"""From which hour of a working day people are told."""
FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Telling:
    """A chore: on the morning of a working day a note for each who may decide something that waits, and later that day
    one more where something came that is due at once; what waits longer than ``due_days`` working days is due."""

    due_days: int
    zone: str

    def __call__(self, session: Session) -> int:
        """Leave the notes of today, where they were not left yet; return how many."""
        here = clock.now().astimezone(ZoneInfo(self.zone))
        if here.hour < HOUR or here.weekday() > FRIDAY:
            return 0
        last, notes = _last_told(session, here.date(), self.zone), []
        if last is not None and (self.due_days or not _came_since(session, last)):
            return 0
        for person_id, found in who_may_decide(session).items():
            due = sum(is_due(one.at, self.due_days, here) for one in found)
            if last is None or any(one.at > last for one in found):
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
    """Return what waits for each person who may decide it and did not propose it; of who is away the deputy alone is
    told. Five statements."""
    found = waiting(session, OPERATOR)
    top = min(roots(session), default=None) if any(one.owner_id is None for one in found) else None
    holders = _holders(session, {owner_id for one in found if (owner_id := one.owner_id or top)})
    told: dict[UUID, list[Waiting]] = {}
    absent = away(session) if found else {}
    for one in found:
        permission = permission_of(one)
        able = set(_of(holders, one.owner_id or top, permission)) - {one.proposed_by}
        for person_id in sorted(able):
            if not absent.get((person_id, permission), set()) & able:
                told.setdefault(person_id, []).append(one)
    return told


Holders = Mapping[tuple[UUID, str], Collection[UUID]]


def _holders(session: Session, places: Collection[UUID]) -> Holders:
    """Who holds what over these organisations now; one statement."""
    now, c, g = clock.now(), OrganisationClosure, AdminGrant
    granted = (g.closed_by.is_(None), holds_at(g, now), g.permission.in_({*DECIDING, APPROVE, "admin"}))
    query = select(c.descendant_id, g.permission, g.person_id).join(g, g.organisation_id == c.ancestor_id)
    found: dict[tuple[UUID, str], set[UUID]] = {}
    for place, permission, person_id in session.execute(
        query.where(c.descendant_id.in_(places), holds_at(c, now), *granted)
    ):
        found.setdefault((place, permission), set()).add(person_id)
    return found


def _of(holders: Holders, place: UUID | None, permission: str) -> Iterable[UUID]:
    able = (permission, APPROVE, "admin")
    return set() if place is None else {one for name in able for one in holders.get((place, name), ())}


def _last_told(session: Session, day: date, zone: str) -> datetime | None:
    since = clock.day_start(day, zone)
    query = select(Message.created_at).where(Message.kind == KIND, Message.created_at >= since)
    return session.scalars(query.order_by(Message.created_at.desc()).limit(1)).first()


def _came_since(session: Session, last: datetime) -> bool:
    return any(one.at > last for one in waiting(session, OPERATOR))


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
        counts = {name: str(due.payload[name]) for name in ("waits", "due")}
        said = counts | {"page": f"{self.settings.issuer}/admin/"}
        person_id = UUID(due.payload["person"])
        return notices.to_person(session, self.settings, self.carrier, person_id, _SUBJECT, _TEXT, lambda _: said)
