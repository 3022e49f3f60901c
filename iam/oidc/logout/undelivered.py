"""What could not be delivered: logouts that an application could not be told of, and one-time codes that the mail
server did not take.

Listed for the administrators of the application's owner, and of the person's part. Who may change the application has a
logout sent again (OI-04); who may issue codes for the person has a mail sent again, as long as somebody may still be
waiting for its code.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.model.role import Application
from iam.audit import log
from iam.change import Actor
from iam.delivery import outbox
from iam.delivery.outbox import Message
from iam.errors import NotFound
from iam.oidc.model import Client
from iam.signin.codes import forgotten
from iam.tokens import sign_out

KEYS = (Message.given_up_at, Message.id)


def _addressee(message: Any) -> ColumnElement[UUID]:
    """The person a mail is for, who stands in its payload; null for any other message and for a login that nobody
    has."""
    # Without its hyphens both databases cast the text to what they keep ids as; only a mail's payload is looked into.
    written = func.replace(message.payload["person"].as_string(), "-", "")
    return case((message.kind == forgotten.KIND, cast(written, Uuid())))


ADDRESSEE = _addressee(Message)


def listed(part: Part) -> Any:
    """Select (message, application; None for a mail) of what was given up that concerns a part; order ``KEYS``."""
    return (
        select(Message, Application)
        .outerjoin(Client, and_(Message.kind == sign_out.KIND, Client.client_id == Message.target))
        .outerjoin(Application, Application.id == Client.application_id)
        .where(Message.given_up_at.is_not(None), or_(_logout_of(part), _mail_to(part)))
    )


def _logout_of(part: Part) -> ColumnElement[bool]:
    return and_(Application.id.is_not(None), part.covers(Application.owner_id))


def _mail_to(part: Part) -> ColumnElement[bool]:
    return and_(ADDRESSEE.is_not(None), part.shows(ADDRESSEE))


def _still_waited_for(life: timedelta) -> ColumnElement[bool]:
    """A mail that was asked for less than a code's life ago, since when the person has not asked again."""
    newer = aliased(Message)
    asked_again = exists().where(_addressee(newer) == ADDRESSEE, newer.created_at > Message.created_at)
    return and_(Message.created_at > clock.now() - life, ~asked_again)


def sendable(session: Session, applications: Part, people: Part, life: timedelta, ids: Collection[UUID]) -> set[UUID]:
    """Return which of some messages may be sent again: logouts of one part, and mails to people of another whose code
    lives ``life``."""
    logouts = listed(applications).where(_logout_of(applications))
    mails = listed(people).where(_mail_to(people), _still_waited_for(life))
    here = Message.id.in_(ids)
    return {
        one for query in (logouts, mails) for one in session.scalars(query.with_only_columns(Message.id).where(here))
    }


def again(session: Session, part: Part, message_id: UUID, actor: Actor) -> None:
    """Have a logout sent again; raises ``NotFound`` when it is not listed, or no longer."""
    found = session.execute(listed(part).where(_logout_of(part), Message.id == message_id)).one_or_none()
    if found is None or not outbox.again(session, message_id):
        raise NotFound(Problem("There is no such undelivered logout, or it is outside your part."))
    _record(session, found[0], actor, organisation_id=found[1].owner_id)


def mail_again(session: Session, part: Part, message_id: UUID, life: timedelta, actor: Actor) -> None:
    """Have a mail sent again, with a new code; raises ``NotFound`` when it is not listed, or nobody waits for its code
    any more."""
    query = listed(part).where(_mail_to(part), _still_waited_for(life), Message.id == message_id)
    found = session.execute(query.with_only_columns(Message, ADDRESSEE)).one_or_none()
    if found is None or not outbox.again(session, message_id):
        raise NotFound(
            Problem(
                "There is no such mail, or nobody waits for its code any more.", "The person can ask for a new code."
            )
        )
    _record(session, found[0], actor, subject_id=found[1])


def _record(session: Session, message: Message, actor: Actor, **about: UUID) -> None:
    envelope = {"message": str(message.id), "target": message.target}
    log.write(session, "outbox:message:retried", actor, envelope=envelope, **about)
