"""Accounts and credentials: how a person signs in."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key


class Account(Base):
    """A person's login, normalised by ``normal``; never given to another person."""

    __tablename__ = "account"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str | None]


class Credential(Base):
    """A password's hash (``kind`` password), or the source whose directory checks it (``kind`` directory)."""

    __tablename__ = "credential"
    __table_args__ = (
        UniqueConstraint("person_id", "kind"),
        CheckConstraint("kind IN ('password', 'directory')", name="kind"),
    )

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class FailureBudget(Base):
    """Failures to sign in to one account, over all doors and aliases; kept in SQL so that a restart forgives nothing.

    ``account`` is a keyed hash of the normalised login, so that unknown logins are counted alike and never stored.
    """

    __tablename__ = "failure_budget"

    account: Mapped[bytes] = mapped_column(primary_key=True)
    window: Mapped[datetime] = mapped_column(primary_key=True)
    n: Mapped[int]


class NetworkFailure(Base):
    """The latest failure of an account in a network, without a success there since; both are keyed hashes."""

    __tablename__ = "network_failure"
    __table_args__ = (Index("ix_network_failure_network_at", "network", "at"),)

    network: Mapped[bytes] = mapped_column(primary_key=True)
    account: Mapped[bytes] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def normal(login: str) -> str:
    """Return the one form of a login: NFKC, folded case, no blanks around (all aliases share one failure budget)."""
    return unicodedata.normalize("NFKC", login).strip().casefold()
