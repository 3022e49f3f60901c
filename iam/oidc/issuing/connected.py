"""What a person sees of their own applications: which may still ask for what, since when, and taking that back.

Grants that live count, and what the person was told or agreed to. Our own administration is not among them: it is in no
table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.model.role import Application
from iam.audit import log
from iam.change import Actor
from iam.directory.organisation import Organisation
from iam.errors import NotFound
from iam.oidc.claims import requested as claims_request
from iam.oidc.clients.registered import is_public
from iam.oidc.model import Agreed, Client, RememberedCapacity
from iam.tokens.grant import GrantRow, lives


@dataclass(frozen=True, slots=True)
class ConnectedApplication:
    """An application that a person uses: its scopes with what counts as scope (``claims_request.received``), when it
    was first granted or told, until when what it was given lasts (None: over). ``pairwise``: it alone knows the person
    by the name it was given."""

    application: Application
    owner: Organisation
    scopes: frozenset[str]
    since: datetime
    until: datetime | None
    agreed: str | None
    pairwise: bool


def used(session: Session, person_id: UUID) -> list[ConnectedApplication]:
    """Return the applications of a person by key; one statement."""
    of_client = and_(GrantRow.client_id == Client.client_id, *_living(person_id))
    given = Client.__table__.join(GrantRow.__table__, of_client)
    agreed = and_(Agreed.application_id == Application.id, Agreed.person_id == person_id)
    known = session.execute(
        select(Application, Organisation, Agreed, Client, GrantRow)
        .join(Organisation, Organisation.id == Application.owner_id)
        .outerjoin(Agreed, agreed)
        .outerjoin(given, Client.application_id == Application.id)
        .where(or_(GrantRow.id.is_not(None), Agreed.person_id.is_not(None)), ~Application.retired)
        .order_by(Application.key)
    )
    found: dict[UUID, tuple[Application, Organisation, Agreed | None]] = {}
    grants: dict[UUID, list[tuple[Client, GrantRow]]] = {}
    for application, owner, told, client, grant in known:
        found[application.id] = application, owner, told
        if grant is not None:
            grants.setdefault(application.id, []).append((client, grant))
    return [_used(application, owner, grants.get(id_, []), told) for id_, (application, owner, told) in found.items()]


def take_back(session: Session, person_id: UUID, application_key: str, actor: Actor) -> None:
    """End all that an application was given for a person and forget that they were told; raises ``NotFound`` when there
    was nothing.

    Its next sign-in tells, or asks for consent, anew. A session of the application's own is not ours to end.
    """
    id_ = session.scalar(select(Application.id).where(Application.key == application_key))
    clients = select(Client.client_id).where(Client.application_id == id_)
    ending = update(GrantRow).where(*_living(person_id), GrantRow.client_id.in_(clients)).values(revoked_at=clock.now())
    ended = list(session.scalars(ending.returning(GrantRow.id).execution_options(synchronize_session=False)))
    forgotten = [
        session.scalars(
            delete(model)
            .where(model.person_id == person_id, model.application_id == id_)
            .returning(model.application_id)
        ).all()
        for model in (Agreed, RememberedCapacity)
    ]
    if not ended and not any(forgotten):
        raise NotFound(Problem("You have given this application nothing that could be taken back."))
    envelope = {"application": application_key, "grants": len(ended)}
    log.write(session, "oidc:grant:taken-back", actor, subject_id=person_id, envelope=envelope)


def _living(person_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return GrantRow.person_id == person_id, *lives(clock.now())


def _received(grant: GrantRow) -> str:
    asked = {name for names in grant.claims.values() for name in names}
    return claims_request.received(grant.scope, asked, capacity=grant.capacity_id is not None)


def _used(
    application: Application, owner: Organisation, given: Sequence[tuple[Client, GrantRow]], told: Agreed | None
) -> ConnectedApplication:
    scopes = [*(_received(grant) for _, grant in given), *([told.scope] if told else [])]
    shared = any(is_public(client, application) for client, _ in given)
    return ConnectedApplication(
        application,
        owner,
        frozenset(word for scope in scopes for word in scope.split()),
        min([*(grant.created_at for _, grant in given), *([told.at] if told else [])]),
        max((grant.expires_at for _, grant in given), default=None),
        told.notice if told else None,
        not shared if given else application.subject_mode != "public",
    )
