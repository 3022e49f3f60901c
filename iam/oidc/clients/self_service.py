"""Clients that register themselves (RFC 7591) and look after their registration (RFC 7592, OIDC Dynamic Client
RegisteredDocument 1.0).

What a client may ask to be is decided by ``registration_terms``. Each client gets a management token of its own, good
for itself and for nothing else. The caller owns the transaction.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import change
from iam.access.model.role import Application
from iam.audit import log
from iam.change import Actor
from iam.database.types import uuid7
from iam.oidc.clients import (
    documents as client_document,
    initial_tokens as registration_terms,
    settings as registration_metadata,
    write as registration,
)
from iam.oidc.clients.documents import METADATA, BadDocument, Document
from iam.oidc.clients.rules import SECRET_METHODS
from iam.oidc.model import Client
from iam.tokens import secret as secrets

_OURS = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")
"""What a client may not say of itself when it updates (RFC 7592 section 2.2)."""


@dataclass(frozen=True, slots=True)
class RegisteredDocument:
    """A client as it is registered now. ``secret`` and ``token`` are told when they are new, or when the client showed
    them."""

    client_id: str
    document: Mapping[str, Any]
    secret: str | None = None
    token: str | None = None


def register(session: Session, token: str, document: Document, sector_: str, actor: Actor) -> RegisteredDocument | None:
    """Register a client; None when the token was used up meanwhile."""
    used = registration_terms.use_up(session, token)
    if used is None:
        return None
    management, id_ = secrets.new("management"), uuid7()
    client = Client(
        id=id_,
        client_id=f"self-{id_.hex}",
        application_id=used.application_id,
        sector=sector_,
        mapper={},
        resources=[],
        pkce="optional" if used.pkce_optional and document.auth != "none" else "required",
        # Who may do without PKCE follows OpenID Connect as it was: it also names the token endpoint in its assertions
        # (Core section 9).
        legacy_audience=used.pkce_optional,
        management_hash=secrets.hash_of(management),
        **document.columns(),
    )
    session.add(client)
    session.flush()
    secret = _renew_secret(session, client) if client.auth in SECRET_METHODS else None
    registration.changed(session)
    about = {"token": str(used.token_id), "application": str(used.application_id)}
    _record(session, "oidc:client:registered", client, actor, about)
    return _registered(session, client, secret, management)


def find(session: Session, client_id: str, token: str) -> Client | None:
    """Return the client whose management token this is; None for another's, an unknown or a deleted client, all
    alike."""
    client = session.scalar(
        select(Client)
        .join(Application, Application.id == Client.application_id)
        .where(Client.management_hash == secrets.hash_of(token), ~Client.retired, ~Application.retired)
    )
    known = client is not None and hmac.compare_digest(client.client_id.encode(), client_id.encode("utf-8", "replace"))
    return client if known else None


def shown(session: Session, client: Client, token: str) -> RegisteredDocument:
    """Return a client as it is registered (RFC 7592 section 2.1); its secret is known to itself only."""
    return _registered(session, client, None, token)


def check_own(session: Session, client: Client, given: Mapping[str, Any]) -> str | None:
    """Check what an update says of the client itself, and return the secret it repeats; raises ``BadDocument``."""
    if given.get("client_id") != client.client_id:
        raise BadDocument(METADATA, "client_id: This is another client's, or missing.")
    for name in _OURS:
        if name in given:
            raise BadDocument(METADATA, f"{name}: This is not the client's to state.")
    secret = given.get("client_secret")
    if secret is None:
        return None
    if not isinstance(secret, str) or not _is_secret(session, client, secret):
        raise BadDocument(METADATA, "client_secret: This is not the client's secret, and a client cannot choose one.")
    return secret


def _is_secret(session: Session, client: Client, secret: str) -> bool:
    given = secrets.hash_of(secret.encode("utf-8", "replace").decode())
    living = registration.secret_hashes(session, client.client_id).get(client.client_id, set())
    return given in living  # hashes of random secrets: how long a comparison takes tells nothing of use


def amend(
    session: Session, client: Client, document: Document, sector_: str, actor: Actor, token: str, secret: str | None
) -> RegisteredDocument:
    """Make a client what it now says it is; what it leaves out takes its default again (RFC 7592 section 2.2).

    What the controller tells people of it is not the client's to change.
    """
    controllers = {
        name: value for name, value in client.metadata_.items() if not registration_metadata.is_clients(name)
    }
    wanted = document.columns() | {"sector": sector_, "metadata_": {**document.metadata, **controllers}}
    if document.auth == "none":
        wanted["pkce"] = "required"
    moved = {name: value for name, value in wanted.items() if getattr(client, name) != value}
    had, has = client.auth in SECRET_METHODS, document.auth in SECRET_METHODS
    for name, value in moved.items():
        setattr(client, name, value)
    session.flush()
    if has and not had:
        secret = _renew_secret(session, client)
    if not has:
        registration.end_secrets(session, [client.client_id])
    registration.changed(session)
    _record(session, "oidc:client:updated", client, actor, {"fields": sorted(name.rstrip("_") for name in moved)})
    return _registered(session, client, secret if has else None, token)


def remove(session: Session, client: Client, actor: Actor) -> None:
    """Take a client out of use for good: its tokens, grants and secrets end with it, its id is never given again."""
    client.retired = True
    session.flush()
    registration.end_secrets(session, [client.client_id])
    registration.changed(session)
    _record(session, "oidc:client:deleted", client, actor, {})


def _renew_secret(session: Session, client: Client) -> str:
    secret = secrets.new("client")
    registration.set_secrets(session, {client.client_id: secrets.hash_of(secret)})
    return secret


def _registered(session: Session, client: Client, secret: str | None, token: str) -> RegisteredDocument:
    application = session.get_one(Application, client.application_id)
    return RegisteredDocument(
        client.client_id, client_document.describe(client, application.subject_mode), secret, token
    )


def _record(session: Session, type_: str, client: Client, actor: Actor, more: Mapping[str, Any]) -> None:
    made = change.begin(session, "command", actor)
    log.write(session, type_, actor, change_id=made.id, envelope={"client": client.client_id, **more})
