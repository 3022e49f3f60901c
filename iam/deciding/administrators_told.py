"""Telling administrators by mail that they were appointed, until when they are, and that it ended or ends soon; and
those who may lengthen it of the last. The mail is written when it is sent; the message names nobody but by id."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administrator_roles import in_words
from iam.access.commands.appointing import ADMIN, APPOINTS, Appointment
from iam.access.model.assignment import AdminGrant
from iam.audit import log
from iam.audit.log import AuditEvent
from iam.change import SYSTEM
from iam.delivery import outbox
from iam.delivery.mail import Carrier
from iam.delivery.outbox import Due
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.queries import holds_at, profile
from iam.jobs import Send
from iam.settings import Settings
from iam.signin.addresses import notices
from iam.texts import N_, Texts

KIND = "administrator-told"
"""Kind of the outbox's messages."""
DAYS = 14
"""So many days before it ends people are told."""
_REMINDED = "admin:grant:reminded"
_SUBJECT = N_("What you administer in %(service)s")
_HELLO = N_("Hello, %(name)s.")
_ASK = N_("If you know nothing of this, tell the help desk at once.")
_TEXTS: dict[str, Sequence[str]] = {
    "appoint": (
        _HELLO,
        N_("You were made an administrator: %(what)s, in %(part)s, from %(first)s to %(last)s."),
        N_("The administration pages are at %(page)s"),
        _ASK,
    ),
    "until": (_HELLO, N_("You are an administrator (%(what)s, in %(part)s) until %(last)s."), _ASK),
    "end": (_HELLO, N_("You are not an administrator any more: %(what)s, in %(part)s."), _ASK),
    "soon": (
        _HELLO,
        N_("You are an administrator (%(what)s, in %(part)s) until %(last)s, and then it ends."),
        N_("If you still need it, ask whoever appointed you to lengthen it."),
    ),
    "lengthen": (
        _HELLO,
        N_("%(who)s is an administrator (%(what)s, in %(part)s) until %(last)s, and then it ends."),
        N_("If it is still needed, you may lengthen it: %(page)sadministrators"),
    ),
}
Group = tuple[UUID, UUID, datetime, datetime]
"""What was given together: person, organisation, from, to."""


def tell(session: Session, act: Appointment, place: Organisation) -> None:
    """Leave a message to the person about an act that was done, in its transaction."""
    start = clock.day_start(act.first) if act.first else act.since
    end = clock.day_end(act.last) if act.last else act.ends
    said = _said(act.person_id, place.id, act.permissions, start or clock.now(), end or clock.FOREVER)
    outbox.leave(session, KIND, [(outbox.MAIL_SERVER, {"to": str(act.person_id), "what": act.does, **said})])


def _said(
    person_id: UUID, organisation_id: UUID, permissions: Collection[str], start: datetime, end: datetime
) -> dict[str, Any]:
    return {
        "person": str(person_id),
        "organisation": str(organisation_id),
        "permissions": sorted(permissions),
        "start": start.isoformat(),
        "end": end.isoformat(),
    }


def ending(session: Session) -> int:
    """A chore: tell of what ends within ``DAYS`` and was not told of; return how many messages that were."""
    found = _ending(session)
    told = _told(session, {person_id for person_id, *_ in found})
    notes = []
    for group, permissions in found.items():
        person_id, organisation_id, start, end = group
        if (person_id, organisation_id, end.isoformat()) in told:
            continue
        said = _said(person_id, organisation_id, permissions, start, end)
        others = _may_lengthen(session, organisation_id, end) - {person_id}
        notes += [{"to": str(one), "what": "lengthen", **said} for one in sorted(others)]
        notes.append({"to": str(person_id), "what": "soon", **said})
        log.write(session, _REMINDED, SYSTEM, subject_id=person_id, organisation_id=organisation_id, envelope=said)
    return outbox.leave(session, KIND, [(outbox.MAIL_SERVER, note) for note in notes])


def _ending(session: Session) -> dict[Group, list[str]]:
    """What ends soon and is not followed by the same; one statement."""
    g, now = AdminGrant, clock.now()
    soon = (g.closed_by.is_(None), g.valid_to > now, g.valid_to <= now + timedelta(days=DAYS))
    # Who is appointed for less than that knows it.
    query = select(g).where(*soon, g.valid_from <= now - timedelta(days=1)).order_by(g.permission)
    found: dict[Group, list[str]] = {}
    for row in session.scalars(query):
        group = (row.person_id, row.organisation_id, row.valid_from, row.valid_to)
        found.setdefault(group, []).append(row.permission)
    return found


def _told(session: Session, people: Collection[UUID]) -> set[tuple[UUID | None, UUID | None, str]]:
    """Of which ends these people were told already; one statement."""
    e = AuditEvent
    recent = (e.type == _REMINDED, e.subject_id.in_(people), e.at > clock.now() - timedelta(days=DAYS + 1))
    rows = session.scalars(select(e).where(*recent))
    return {(row.subject_id, row.organisation_id, row.envelope["end"]) for row in rows}


def _may_lengthen(session: Session, organisation_id: UUID, end: datetime) -> set[UUID]:
    """Those who appoint administrators there for longer than until ``end``; one statement."""
    g, c, now = AdminGrant, OrganisationClosure, clock.now()
    over = select(c.ancestor_id).where(c.descendant_id == organisation_id, holds_at(c, now))
    held = (g.closed_by.is_(None), holds_at(g, now), g.valid_to > end, g.permission.in_((ADMIN, APPOINTS)))
    return set(session.scalars(select(g.person_id).where(*held, g.organisation_id.in_(over))))


@dataclass(frozen=True, slots=True)
class ToAdministrators:
    """The handler of ``KIND``."""

    settings: Settings
    carrier: Carrier | None

    def __call__(self, session: Session, due: Due) -> Send:
        """Write the mail, unless there is nowhere to send it to; ``session`` only reads."""
        payload = due.payload
        to, text = UUID(payload["to"]), _TEXTS[payload["what"]]

        def said(texts: Texts) -> Mapping[str, str]:
            return self._words(session, payload, texts)

        return notices.to_person(session, self.settings, self.carrier, to, _SUBJECT, text, said)

    def _words(self, session: Session, payload: Mapping[str, Any], texts: Texts) -> dict[str, str]:
        place = session.get_one(Organisation, UUID(payload["organisation"]))
        end = datetime.fromisoformat(payload["end"])
        return {
            "what": ", ".join(texts.gettext(one) for one in in_words(payload["permissions"])),
            "part": place.name(texts.language),
            "first": texts.first_day(datetime.fromisoformat(payload["start"])),
            "last": texts.day(end) or texts.gettext(N_("until further notice")),
            "who": profile(session, UUID(payload["person"])).display_name,
            "page": f"{self.settings.issuer}/admin/",
        }
