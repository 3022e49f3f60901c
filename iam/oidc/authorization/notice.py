"""Telling a person what an application receives, or asking for consent, and remembering that it was done."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import Session

from iam import clock
from iam.audit import log
from iam.change import Actor
from iam.database.bulk import upsert
from iam.database.statement import Statement
from iam.oidc.clients.registered import RegisteredClient
from iam.oidc.model import Agreed

_TOLD = Statement(
    lambda: select(Agreed.notice, Agreed.scope).where(
        Agreed.person_id == bindparam("of_person", type_=Uuid()),
        Agreed.application_id == bindparam("of_application", type_=Uuid()),
    ),
    lambda notice, scope: (notice, scope),
)


def due(session: Session, client: RegisteredClient, person_id: UUID, scope: str) -> bool:
    """Whether the person is to be told before the application receives ``scope``: not yet told this much, or never sure
    who asks.

    A native application's address can be taken by another on the same device: it is told of every time (security
    AZ-12).
    """
    if client.is_ours or (client.notice == "none" and not client.native):
        return False
    if client.native:
        return True
    told = _TOLD.one(session, of_person=person_id, of_application=client.application_id)
    return told is None or told[0] != client.notice or not set(scope.split()) <= set(told[1].split())


def record(session: Session, client: RegisteredClient, person_id: UUID, scope: str, actor: Actor) -> None:
    """Remember that the person has read, or agreed to, that the application receives ``scope``; one statement, one
    event."""
    keys = {"person_id": person_id, "application_id": client.application_id}
    upsert(session, Agreed, keys, {"notice": client.notice, "scope": scope, "at": clock.now()})
    envelope = {"client": client.client_id, "notice": client.notice, "scope": scope}
    log.write(session, "oidc:notice:agreed", actor, subject_id=person_id, envelope=envelope)
