"""Clients that register themselves (RFC 7591) and look after their registration (RFC 7592, OIDC Dynamic Client Registration 1.0).

An administrator makes an initial access token for an application; whoever holds it registers clients of that application, as
often as it says. Each client gets a management token of its own, good for itself and for nothing else.
The caller owns the transaction; a fetch happens between two, so that no lock is held while somebody else's server thinks.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import change, clock, egress
from iam.access.role import Application
from iam.audit import log
from iam.change import Actor
from iam.database.types import uuid7
from iam.destination import Refused, place_of
from iam.oidc import client_document, registration
from iam.oidc.client_document import METADATA, BadDocument, Document
from iam.oidc.model import Client, InitialAccessToken
from iam.oidc.registration_rules import SECRET_METHODS
from iam.settings import Egress
from iam.tokens import secret as secrets

_OURS = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")
"""What a client may not say of itself when it updates (RFC 7592 section 2.2)."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose clients a token lets register, and on what terms."""

    application_id: UUID
    key: str
    subject_type: str
    pkce_optional: bool
    further_scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A client as it is registered now. ``secret`` and ``token`` are told when they are new, or when the client showed them."""

    client_id: str
    document: Mapping[str, Any]
    secret: str | None = None
    token: str | None = None


def allow(
    session: Session, application: Application, actor: Actor, *, uses: int, days: int, pkce_optional: bool
) -> str:
    """Make an initial access token for clients of an application and return it; it is told this once.

    ``pkce_optional`` lets in clients of OpenID Connect as it was: without PKCE, asserting themselves to the token endpoint's address.
    """
    token, made = secrets.new("initial"), change.begin(session, "command", actor)
    row = InitialAccessToken(
        hash=secrets.hash_of(token), application_id=application.id, pkce_optional=pkce_optional, uses=uses, created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=days),
    )  # fmt: skip
    session.add(row)
    session.flush()
    envelope = {
        "application": application.key,
        "token": str(row.id),
        "uses": uses,
        "days": days,
        "pkce_optional": pkce_optional,
    }
    log.write(
        session,
        "oidc:client:invited",
        actor,
        organisation_id=application.owner_id,
        change_id=made.id,
        envelope=envelope,
    )
    return token


def terms(session: Session, token: str) -> Terms | None:
    """Return what an initial access token allows, without using it; None for one that is unknown, used up or over."""
    row = session.execute(
        select(InitialAccessToken.pkce_optional, Application)
        .join(Application, Application.id == InitialAccessToken.application_id)
        .where(*_living(token), ~Application.retired)
    ).one_or_none()
    return _terms(session, row[1], pkce_optional=row[0]) if row is not None else None


def _living(token: str) -> tuple[Any, ...]:
    return (
        InitialAccessToken.hash == secrets.hash_of(token), InitialAccessToken.uses > 0, InitialAccessToken.expires_at > clock.now(),
    )  # fmt: skip


def _terms(session: Session, application: Application, *, pkce_optional: bool) -> Terms:
    """A client gives itself no scope that no administrator gave a client of its application."""
    declared = select(Client.scope).where(
        Client.application_id == application.id, Client.management_hash.is_(None), ~Client.retired
    )
    further = {word for scope in session.scalars(declared) for word in scope.split()}
    return Terms(application.id, application.key, application.subject_mode, pkce_optional, tuple(sorted(further)))


def read(given: Mapping[str, Any], on: Terms, allowed: Egress) -> Document:
    """Return what a client asks to be, when it may be so; raises ``BadDocument``. Fetches nothing."""
    document = client_document.read(given, subject_type=on.subject_type, further_scopes=on.further_scopes)
    for name in ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri", "frontchannel_logout_uri"):
        uri = getattr(document, name)
        try:
            if uri is not None:
                place_of(uri, allowed.hosts)
        except Refused as error:
            raise BadDocument(METADATA, f"{name}: We do not go there: {error}.") from None
    return document


def sector(document: Document, on: Terms, allowed: Egress) -> str:
    """Return the sector of a client, fetched where it says so; raises ``BadDocument``. Hold no transaction meanwhile.

    Without ``sector_identifier_uri`` it is the application, as for every client of it (OIDC Core section 8.1).
    """
    uri = document.sector_identifier_uri
    if uri is None:
        return on.key
    try:
        listed = egress.fetch_json(uri, allowed)
    except (egress.Refused, egress.Failed) as error:
        raise BadDocument(METADATA, f"sector_identifier_uri: It could not be fetched: {error}.") from None
    if not isinstance(listed, list) or not all(uri in listed for uri in document.redirect_uris):
        raise BadDocument(METADATA, "sector_identifier_uri: It does not list every redirect URI.")
    return f"host:{urlsplit(uri).hostname}"


def register(session: Session, token: str, document: Document, sector_: str, actor: Actor) -> Registered | None:
    """Register a client; None when the token was used up meanwhile. One statement counts its use."""
    use = (
        update(InitialAccessToken).where(*_living(token)).values(uses=InitialAccessToken.uses - 1)
        .returning(InitialAccessToken.id, InitialAccessToken.application_id, InitialAccessToken.pkce_optional)
    )  # fmt: skip
    used = session.execute(use).one_or_none()
    if used is None:
        return None
    management, id_ = secrets.new("management"), uuid7()
    client = Client(
        id=id_, client_id=f"self-{id_.hex}", application_id=used.application_id, sector=sector_, mapper={}, resources=[],
        pkce="optional" if used.pkce_optional and document.auth != "none" else "required",
        # Who may do without PKCE follows OpenID Connect as it was: it also names the token endpoint in its assertions (Core section 9).
        legacy_audience=used.pkce_optional,
        management_hash=secrets.hash_of(management), **document.columns(),
    )  # fmt: skip
    session.add(client)
    session.flush()
    secret = _renew_secret(session, client) if client.auth in SECRET_METHODS else None
    registration.changed(session)
    _record(
        session,
        "oidc:client:registered",
        client,
        actor,
        {"token": str(used.id), "application": str(used.application_id)},
    )
    return _registered(session, client, secret, management)


def find(session: Session, client_id: str, token: str) -> Client | None:
    """Return the client whose management token this is; None for another's, an unknown or a deleted client, all alike."""
    client = session.scalar(
        select(Client)
        .join(Application, Application.id == Client.application_id)
        .where(Client.management_hash == secrets.hash_of(token), ~Client.retired, ~Application.retired)
    )
    known = client is not None and hmac.compare_digest(client.client_id.encode(), client_id.encode("utf-8", "replace"))
    return client if known else None


def terms_of(session: Session, client: Client) -> Terms:
    """Return the terms on which a registered client may update itself."""
    application = session.get_one(Application, client.application_id)
    return _terms(session, application, pkce_optional=client.pkce == "optional")


def shown(session: Session, client: Client, token: str) -> Registered:
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
) -> Registered:
    """Make a client what it now says it is; what it leaves out takes its default again (RFC 7592 section 2.2)."""
    wanted = document.columns() | {"sector": sector_}
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


def _registered(session: Session, client: Client, secret: str | None, token: str) -> Registered:
    application = session.get_one(Application, client.application_id)
    return Registered(client.client_id, client_document.describe(client, application.subject_mode), secret, token)


def _record(session: Session, type_: str, client: Client, actor: Actor, more: Mapping[str, Any]) -> None:
    made = change.begin(session, "command", actor)
    log.write(session, type_, actor, change_id=made.id, envelope={"client": client.client_id, **more})
