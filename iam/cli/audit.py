"""``iam audit``: searching what happened, which is itself written down."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import click
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part, may_see
from iam.audit import log
from iam.audit.log import AuditEvent
from iam.cli.support import Console
from iam.clock import day_start
from iam.errors import Denied, NotFound
from iam.signin.passwords import credentials


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command()
@click.option(
    "--type",
    "prefix",
    metavar="PREFIX",
    default="",
    help="Only events whose type starts so, as signin: or rule:version.",
)
@click.option("--person", metavar="LOGIN", help="Only events about this person.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only events from this day on.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many, the newest."
)
@click.pass_obj
def search(console: Console, prefix: str, person: str | None, since: datetime | None, limit: int) -> None:
    """Print events, newest first. Needs --as with the permission audit.search; the search is logged."""
    with console.transaction() as session:
        actor = console.actor(session)
        if actor.person_id is None:
            raise Denied(Problem("Nobody reads the log unnamed.", "Say who you are with --as LOGIN."))
        part = console.part(session, actor, "audit.search")
        subject = _subject(session, part, person)
        start = day_start(since.date(), console.settings.zone) if since else None
        events = log.search(
            session, type_prefix=prefix, subject_ids=[subject] if subject else None, since=start, limit=limit
        )
        envelope = {
            "type": prefix,
            "person": str(subject) if subject else None,
            "since": str(start or ""),
            "found": len(events),
        }
        log.write(session, "admin:log:searched", actor, subject_id=subject, envelope=envelope)
    console.show([_data(event) for event in events], "\n".join(_line(event) for event in events) or "No such events.")


def _subject(session: Session, part: Part, login: str | None) -> UUID | None:
    if login is None:
        if not part.everything:
            raise Denied(Problem("You may search the log of persons in your part only.", "Name one with --person."))
        return None
    known = credentials.find(session, login)
    if known is None or not may_see(session, part, known.person_id):
        raise NotFound(
            Problem("Nobody has the login %(login)s, or they are outside your part.", params={"login": login})
        )
    return known.person_id


def _data(event: AuditEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "at": event.at.isoformat(),
        "type": event.type,
        "actor": event.actor_id,
        "subject": event.subject_id,
        "organisation": event.organisation_id,
        "change": event.change_id,
        "request": event.request_id,
        "envelope": event.envelope,
    }


def _line(event: AuditEvent) -> str:
    about = "  ".join(f"{name}={value}" for name, value in event.envelope.items() if value is not None)
    return (
        f"{event.at:%Y-%m-%d %H:%M:%SZ}  {event.type}  by {event.actor_id or 'system'}  on "
        f"{event.subject_id or '-'}  {about}"
    )
