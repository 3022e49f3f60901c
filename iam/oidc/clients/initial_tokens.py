"""On what terms clients register themselves: the initial access token that an administrator made, and what is asked by
it.

Whoever holds the token registers clients of one application, as often as it says. Nothing here writes a client. The
caller owns the transaction; a fetch happens between two, so that no lock is held while somebody else's server thinks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam import change, clock
from iam.access.model.role import Application
from iam.audit import log
from iam.change import Actor
from iam.delivery import egress
from iam.delivery.destination import PlaceRefused, place_of
from iam.oidc.clients import documents as client_document
from iam.oidc.clients.documents import METADATA, BadDocument, Document
from iam.oidc.model import Client, InitialAccessToken
from iam.settings import Egress
from iam.tokens import secret as secrets


@dataclass(frozen=True, slots=True)
class Terms:
    """What the clients of an application may ask to be: its key, how it names people, and the scopes beyond
    everybody's."""

    key: str
    subject_type: str
    further_scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TokenUse:
    """One use of an initial access token: which it was, and for whose clients."""

    token_id: UUID
    application_id: UUID
    pkce_optional: bool


def allow(
    session: Session, application: Application, actor: Actor, *, uses: int, days: int, pkce_optional: bool
) -> str:
    """Make an initial access token for clients of an application and return it; it is told this once.

    ``pkce_optional`` lets in clients of OpenID Connect as it was: without PKCE, asserting themselves to the token
    endpoint's address.
    """
    token, made = secrets.new("initial"), change.begin(session, "command", actor)
    row = InitialAccessToken(
        hash=secrets.hash_of(token),
        application_id=application.id,
        pkce_optional=pkce_optional,
        uses=uses,
        created_at=clock.now(),
        expires_at=clock.now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    log.write(
        session,
        "oidc:client:invited",
        actor,
        organisation_id=application.owner_id,
        change_id=made.id,
        envelope={
            "application": application.key,
            "token": str(row.id),
            "uses": uses,
            "days": days,
            "pkce_optional": pkce_optional,
        },
    )
    return token


def of_token(session: Session, token: str) -> Terms | None:
    """Return what an initial access token allows, without using it; None for one that is unknown, used up or over."""
    query = select(Application).join(InitialAccessToken, InitialAccessToken.application_id == Application.id)
    application = session.scalar(query.where(*_living(token), ~Application.retired))
    return _terms(session, application) if application is not None else None


def of_client(session: Session, client: Client) -> Terms:
    """Return the terms on which a registered client may update itself."""
    return _terms(session, session.get_one(Application, client.application_id))


def use_up(session: Session, token: str) -> TokenUse | None:
    """Count one use of an initial access token and return what it was made for; None when it was used up meanwhile. One
    statement."""
    use = (
        update(InitialAccessToken)
        .where(*_living(token))
        .values(uses=InitialAccessToken.uses - 1)
        .returning(InitialAccessToken.id, InitialAccessToken.application_id, InitialAccessToken.pkce_optional)
    )
    row = session.execute(use).one_or_none()
    return TokenUse(*row) if row is not None else None


def _living(token: str) -> tuple[Any, ...]:
    return (
        InitialAccessToken.hash == secrets.hash_of(token),
        InitialAccessToken.uses > 0,
        InitialAccessToken.expires_at > clock.now(),
    )


def _terms(session: Session, application: Application) -> Terms:
    """A client gives itself no scope that no administrator gave a client of its application."""
    declared = select(Client.scope).where(
        Client.application_id == application.id, Client.management_hash.is_(None), ~Client.retired
    )
    further = {word for scope in session.scalars(declared) for word in scope.split()}
    return Terms(application.key, application.subject_mode, tuple(sorted(further)))


def read(given: Mapping[str, Any], on: Terms, allowed: Egress) -> Document:
    """Return what a client asks to be, when it may be so; raises ``BadDocument``. Fetches nothing."""
    document = client_document.read(given, subject_type=on.subject_type, further_scopes=on.further_scopes)
    for name in ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri", "frontchannel_logout_uri"):
        uri = document.address(name)
        try:
            if uri is not None:
                place_of(uri, allowed.hosts)
        except PlaceRefused as error:
            raise BadDocument(METADATA, f"{name}: We do not go there: {error}.") from None
    return document


def sector(document: Document, on: Terms, allowed: Egress) -> str:
    """Return the sector of a client, fetched where it says so; raises ``BadDocument``. Hold no transaction meanwhile.

    Without ``sector_identifier_uri`` it is the application, as for every client of it (OIDC Core section 8.1).
    """
    uri = document.address("sector_identifier_uri")
    if uri is None:
        return on.key
    try:
        listed = egress.fetch_json(uri, allowed)
    except (egress.PlaceRefused, egress.Failed) as error:
        raise BadDocument(METADATA, f"sector_identifier_uri: It could not be fetched: {error}.") from None
    if not isinstance(listed, list) or not all(uri in listed for uri in document.redirect_uris):
        raise BadDocument(METADATA, "sector_identifier_uri: It does not list every redirect URI.")
    return f"host:{urlsplit(uri).hostname}"
