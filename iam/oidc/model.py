"""Clients, their secrets, subjects and remembered capacities, as stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key

AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")


class Client(Base):
    """An application's registration as a relying party (RFC 7591 names where they exist).

    ``pkce`` is ``required`` (S256, for every client) or, for a confidential client only, ``optional``. ``mapper`` gives claims
    other names: ``{"roles": {"name": "groups", "format": "code"}}``; empty means the names as they are.
    """

    __tablename__ = "client"
    __table_args__ = (
        CheckConstraint(
            "auth IN ('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none')", name="auth"
        ),
        CheckConstraint("pkce = 'required' OR (pkce = 'optional' AND auth <> 'none')", name="pkce"),
        CheckConstraint("id_token_alg IN ('RS256', 'ES256')", name="id_token_alg"),
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


class AssertionSeen(Base):
    """A client assertion's ``jti``, remembered until it has expired (RFC 7523 section 3)."""

    __tablename__ = "assertion_seen"

    client_id: Mapped[str] = mapped_column(primary_key=True)
    jti_hash: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
