"""Clients, their secrets, subjects and remembered capacities, as stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key

AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")


class Client(Base):
    """An application's registration as a relying party (RFC 7591 names where they exist).

    ``pkce`` is ``required`` (S256, for every client) or, for a confidential client only, ``optional``. ``mapper`` gives
    claims other names: ``{"roles": {"name": "groups", "format": "code"}}``; empty means the names as they are; with
    ``"nested": true`` a dot in the name puts the claim inside an object. ``resources`` are further audiences its access
    tokens may be for (RFC 8707); ``legacy_audience`` lets it assert itself to the token endpoint's address;
    ``metadata_`` holds what only registration repeats or an authorization seldom asks (``default_max_age``,
    ``contacts``); ``management_hash`` is that of its registration access token (RFC 7592), when it registered itself.
    """

    __tablename__ = "client"
    __table_args__ = (
        CheckConstraint(
            "auth IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')", name="auth"
        ),
        CheckConstraint("pkce = 'required' OR (pkce = 'optional' AND auth <> 'none')", name="pkce"),
        CheckConstraint("id_token_alg IN ('RS256', 'ES256', 'PS256')", name="id_token_alg"),
        Index("uq_client_management_hash", "management_hash", unique=True),
        CheckConstraint("token_format IN ('jwt', 'opaque')", name="token_format"),
    )

    id: Mapped[UUID] = key()
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    client_id: Mapped[str] = mapped_column(unique=True)
    auth: Mapped[str]
    redirect_uris: Mapped[list[str]]
    post_logout_redirect_uris: Mapped[list[str]]
    grants: Mapped[list[str]]
    scope: Mapped[str]
    id_token_alg: Mapped[str] = mapped_column(default="RS256")
    pkce: Mapped[str] = mapped_column(default="required")
    jwks: Mapped[dict[str, Any] | None]
    mapper: Mapped[dict[str, Any]]
    sector: Mapped[str]
    retired: Mapped[bool] = mapped_column(default=False)
    token_format: Mapped[str] = mapped_column(default="jwt")
    userinfo_alg: Mapped[str | None]
    par_required: Mapped[bool] = mapped_column(default=False)
    legacy_audience: Mapped[bool] = mapped_column(default=False)
    resources: Mapped[list[str]] = mapped_column(default=list)
    jwks_uri: Mapped[str | None]
    sector_identifier_uri: Mapped[str | None]
    backchannel_logout_uri: Mapped[str | None]
    frontchannel_logout_uri: Mapped[str | None]
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    management_hash: Mapped[bytes | None]


class ClientSecret(Base):
    """The SHA-256 of a random client secret; two may be valid at a time, for rotation."""

    __tablename__ = "client_secret"

    id: Mapped[UUID] = key()
    client_id: Mapped[str] = mapped_column(ForeignKey("client.client_id"), index=True)
    hash: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Subject(Base):
    """The random, stable, never reused name of a person towards a sector of clients (OIDC Core section 8)."""

    __tablename__ = "subject"

    sector: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    sub: Mapped[str] = mapped_column(unique=True)


class RememberedCapacity(Base):
    """The capacity a person last chose for an application."""

    __tablename__ = "remembered_capacity"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    capacity_id: Mapped[UUID]


class InitialAccessToken(Base):
    """Lets an application register clients by itself (RFC 7591 section 3). ``uses`` counts down to none."""

    __tablename__ = "initial_access_token"

    id: Mapped[UUID] = key()
    hash: Mapped[bytes] = mapped_column(unique=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    pkce_optional: Mapped[bool] = mapped_column(default=False)
    uses: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OpaqueToken(Base):
    """An access token without content of its own, by its hash; ``claims`` are those that a signed one would carry."""

    __tablename__ = "opaque_token"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    claims: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Agreed(Base):
    """What a person was told, or agreed to, before an application received it; asked again when it wants more."""

    __tablename__ = "agreed"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    notice: Mapped[str]
    scope: Mapped[str]
    at: Mapped[datetime]


class Attempt(Base):
    """One request for a sign-in as it went, step by step, for the sign-in trace; kept a month. ``steps`` hold ids,
    never values."""

    __tablename__ = "attempt"
    __table_args__ = (Index(None, "person_id", "id"), Index(None, "client_id", "id"))

    id: Mapped[UUID] = key()
    at: Mapped[datetime]
    request_id: Mapped[str]
    client_id: Mapped[str]
    person_id: Mapped[UUID | None]
    outcome: Mapped[str]
    steps: Mapped[list[Any]]


class AssertionSeen(Base):
    """A client assertion's ``jti``, remembered until it has expired (RFC 7523 section 3)."""

    __tablename__ = "assertion_seen"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
