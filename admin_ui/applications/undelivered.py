"""What could not be delivered, at /admin/undelivered: logouts to applications and one-time codes by e-mail; why, and
trying again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from flask import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.applications import pages as applications, undelivered_words
from admin_ui.parts import frame, paging
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from admin_ui.parts.seen import profiles
from iam import clock
from iam.access.administration import Part
from iam.access.model.role import Application
from iam.delivery.outbox import Message
from iam.directory.person import Person
from iam.directory.queries import Profile
from iam.oidc.logout import undelivered as messages
from iam.texts import N_, in_language
from iam.web import context, guard

PATH = "/admin/undelivered"


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message as the list shows it. Whose sign-in a logout was is not told, nor anything that a mail said or where it
    went."""

    id: UUID
    what: str
    whom: str
    path: str | None
    begun_at: datetime
    given_up_at: datetime
    attempts: int
    reason: str
    again: str
    over: bool
    """Whether nobody waits for it any more."""


class MessageCells(NamedTuple):
    """A message as a line of the file shows it."""

    whom: str
    what: str
    begun_at: str
    given_up_at: str
    attempts: int
    reason: str


@blueprint.get("/undelivered")
@guard.requires("applications.read")
def undelivered() -> Response:
    """Show a page of the list, the newest first."""
    page = _listed().page()
    sendable = messages.sendable(
        context.db(),
        frame.part_of("applications.write"),
        frame.part_of("codes.issue"),
        life(),
        [line.id for line in page.rows],
    )
    above = [(applications.PATH, context.texts().gettext(N_("Applications")))]
    return frame.render(
        "applications/undelivered.html",
        section=applications.SECTION,
        breadcrumb=above,
        page=page,
        sendable=sendable,
        export_url=f"{PATH}.csv",
    )


@blueprint.get("/undelivered.csv")
@guard.requires("applications.read")
def undelivered_file() -> Response:
    """Take home the list, with the names of those the reader may see."""
    header = N_("To whom"), N_("What"), N_("Waiting since"), N_("Given up"), N_("Tries"), N_("Reason")
    moment = context.texts().moment

    def cells(one: MessageLine) -> MessageCells:
        times = moment(one.begun_at), moment(one.given_up_at)
        return MessageCells(one.whom, one.what, *times, one.attempts, one.reason)

    return _listed().file("undelivered", header, cells)


def _listed() -> Listed[MessageLine]:
    query, people = messages.listed(guard.part()), frame.part_of("persons.read")
    return Listed(query, messages.KEYS, lambda session, rows: lines(session, people, rows), newest_first=True)


@blueprint.post("/undelivered/<uuid:message_id>/again")
@guard.requires("applications.write")
def try_again(message_id: UUID) -> AnyResponse:
    """Have a logout sent again, at once."""
    messages.again(context.db(), guard.part(), message_id, context.actor())
    return frame.done(context.texts().gettext(N_("The logout is being sent again.")), PATH)


@blueprint.post("/undelivered/mails/<uuid:mail_id>/again")
@guard.requires("codes.issue")
def try_mail_again(mail_id: UUID) -> AnyResponse:
    """Have a mail sent again, at once and with a new code, while the person may still be waiting for it."""
    messages.mail_again(context.db(), guard.part(), mail_id, life(), context.actor())
    return frame.done(context.texts().gettext(N_("The code is being sent again.")), PATH)


def life() -> timedelta:
    """Return how long a code that was asked for by e-mail is waited for."""
    return timedelta(seconds=context.settings().tokens.mail_code_seconds)


def lines(session: Session, people: Part, rows: Sequence[Any]) -> list[MessageLine]:
    """Return messages as lists show them, naming those of ``people`` only; two statements, however many they are."""
    ids = {id_ for message, app in rows if app is None and (id_ := paging.as_id(message.payload["person"]))}
    person_id: Any = Person.id
    seen = set(session.scalars(select(Person.id).where(Person.id.in_(ids), people.shows(person_id))))
    shown = dict.fromkeys(seen, Profile()) | profiles(session, seen)
    return [_logout(message, app) if app is not None else _mail(message, shown) for message, app in rows]


def _logout(message: Message, app: Application) -> MessageLine:
    texts = context.texts()
    name = in_language(app.name, texts.language, app.key)
    return MessageLine(
        message.id,
        texts.gettext(N_("Logout")),
        f"{name} ({message.target})",
        f"{applications.PATH}/{app.key}",
        message.created_at,
        *_outcome(message),
        undelivered_words.of_logout(message.last_error or ""),
        f"{PATH}/{message.id}/again",
        over=False,
    )


def _mail(message: Message, people: Mapping[UUID, Profile]) -> MessageLine:
    t, person_id = context.texts().gettext, UUID(message.payload["person"])
    profile = people.get(person_id)
    if profile is None:
        whom, path = t(N_("Somebody whose data you may not see")), None
    else:
        whom, path = profile.display_name or t(N_("No name")), f"/admin/persons/{person_id}"
    return MessageLine(
        message.id,
        t(N_("One-time code by e-mail")),
        whom,
        path,
        message.created_at,
        *_outcome(message),
        undelivered_words.of_mail(message.last_error or ""),
        f"{PATH}/mails/{message.id}/again",
        over=message.created_at <= clock.now() - life(),
    )


def _outcome(message: Message) -> tuple[datetime, int]:
    if message.given_up_at is None:
        raise ValueError("only what was given up is listed")
    return message.given_up_at, message.attempts
