"""Clients, their secrets, subjects and remembered capacities, as stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key
from iam.oidc.fields.columns import AUTH_METHODS, TOKEN_FORMATS, ClientSettings
from iam.tokens.jose import ALGORITHMS


def _one_of(name: str, known: Sequence[str]) -> CheckConstraint:
    return CheckConstraint(f"{name} IN ({', '.join(map(repr, known))})", name=name)


class Client(ClientSettings, Base):
    """An application's registration as a relying party; what it is set to is described in ``iam.oidc.fields``.

    ``pkce`` is ``required`` (S256, for every client) or, for a confidential client only, ``optional``. ``mapper`` gives
    claims other names: ``{"roles": {"name": "groups", "format": "code"}}``; empty means the names as they are; with
    ``"nested": true`` a dot in the name puts the claim inside an object. ``resources`` are further audiences its access
    tokens may be for (RFC 8707); ``legacy_audience`` lets it assert itself to the token endpoint's address;
    ``metadata_`` holds what only registration repeats or an authorization seldom asks (``contacts``);
    ``management_hash`` is that of its registration access token (RFC 7592), when it registered itself.
    """

    __tablename__ = "client"
    __table_args__ = (
        _one_of("auth", AUTH_METHODS),
        CheckConstraint("pkce = 'required' OR (pkce = 'optional' AND auth <> 'none')", name="pkce"),
        _one_of("id_token_alg", ALGORITHMS),
        Index("uq_client_management_hash", "management_hash", unique=True),
        _one_of("token_format", TOKEN_FORMATS),
    )

    id: Mapped[UUID] = key()
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    client_id: Mapped[str] = mapped_column(unique=True)
    sector: Mapped[str]
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
