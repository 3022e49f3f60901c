"""Logouts that an application could not be told of: listed for its owner's administrators, and sent again at the word of those
who may change the application (OI-04)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import outbox
from iam.access.administration import Part
from iam.access.role import Application
from iam.audit import log
from iam.change import Actor
from iam.errors import NotFound
from iam.oidc.model import Client
from iam.outbox import Message
from iam.tokens import sign_out

KEYS = (Message.given_up_at, Message.id)


def listed(part: Part) -> Any:
    """Select (message, application) of what was given up, of the applications that the part owns; order ``KEYS``."""
    return (
        select(Message, Application)
        .join(Client, Client.client_id == Message.target)
        .join(Application, Application.id == Client.application_id)
        .where(
            Message.kind == sign_out.KIND, Message.given_up_at.is_not(None), part.covers(Application.owner_id)
        )
    )  # fmt: skip


def of_part(session: Session, part: Part, ids: Collection[UUID]) -> set[UUID]:
    """Return which of some messages are listed for a part."""
    return set(session.scalars(listed(part).with_only_columns(Message.id).where(Message.id.in_(ids))))


def again(session: Session, part: Part, message_id: UUID, actor: Actor) -> None:
    """Have a message sent again; raises ``NotFound`` when it is not listed, or no longer."""
    found = session.execute(listed(part).where(Message.id == message_id)).one_or_none()
    if found is None or not outbox.again(session, message_id):
        raise NotFound(Problem("There is no such undelivered logout, or it is outside your part."))
    envelope = {"message": str(message_id), "target": found[0].target}
    log.write(session, "outbox:message:retried", actor, organisation_id=found[1].owner_id, envelope=envelope)
