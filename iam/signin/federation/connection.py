"""Upstream OpenID providers, and the accounts there whose person we know, as stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key, open_index, valid
from iam.vault import row


class Connection(Base):
    """An upstream OpenID provider. ``domains`` are those whose people are sent there; ``secret`` is sealed by the
    vault.

    ``identifier`` names how a person is known there at the first sign-in: ``{"claim": "oid", "kind": "entra-oid",
    "issuer": ""}`` looks a claim up among identifiers that a source told; empty: the person links the account by
    signing in here once. ``applications`` are those whose people come by this connection: ``{"wilma": "first"}``, or
    ``"only"`` to lead there at once. It proves people for its owner only; without one it lets nobody in.
    """

    __tablename__ = "connection"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]
    issuer: Mapped[str]
    client_id: Mapped[str]
    secret: Mapped[bytes | None]
    scope: Mapped[str] = mapped_column(default="openid profile")
    domains: Mapped[list[str]]
    applications: Mapped[dict[str, Any]] = mapped_column(default=dict)
    identifier: Mapped[dict[str, Any]]
    retired: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))


def sealed_row(key: str) -> str:
    """Return what the secret of the connection ``key`` is bound to."""
    return row(Connection.__tablename__, key)


class ConnectionOpening(Base):
    """An organisation, with those under it, lets a connection of another owner sign its people in, for a time."""

    __tablename__ = "connection_opening"
    __table_args__ = (valid(), open_index("connection_id"), open_index("organisation_id"))

    id: Mapped[UUID] = key()
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class Link(Base):
    """A person's account at a connection, by issuer and subject and never by e-mail (security OI-07).

    ``told_at`` is when a sign-in by it last told in which groups the person is.
    """

    __tablename__ = "connection_link"
    __table_args__ = (UniqueConstraint("connection_id", "issuer", "subject"),)

    id: Mapped[UUID] = key()
    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"))
    issuer: Mapped[str]
    subject: Mapped[str]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
