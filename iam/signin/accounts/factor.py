"""What a person proves besides a password, as stored: passkeys, time codes, recovery codes, known devices; and where it
is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key


class Passkey(Base):
    """A WebAuthn credential (Level 3 section 4). ``backed_up`` may change, ``backup_eligible`` never does (section
    6.1.3)."""

    __tablename__ = "passkey"

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    backup_eligible: Mapped[bool]
    backed_up: Mapped[bool]
    transports: Mapped[list[str]]
    name: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Totp(Base):
    """A time code's secret (RFC 6238), sealed by the vault. ``last_step`` is the last step that was used: none is used
    twice."""

    __tablename__ = "totp"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """The keyed hash of a code that stands in for a lost factor once. One row of each person, under their id instead of
    a hash, is no code: its ``used_at`` says when the set of codes was made."""

    __tablename__ = "recovery_code"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    used_at: Mapped[datetime | None]


class RememberedDevice(Base):
    """A browser in which a person need not repeat the second factor until ``expires_at``; the cookie holds the
    secret."""

    __tablename__ = "remembered_device"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime]


class FactorReplacement(Base):
    """A kind of factor (``passkey`` or ``totp``) that its owner says is lost and replaces with a recovery code.

    The new one, kept in ``data`` as its table wants it and sealed where that is, counts from ``effective_at``; until
    then whoever still has the old kind may stop it.
    """

    __tablename__ = "factor_replacement"

    id: Mapped[UUID] = key()
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str]
    data: Mapped[dict[str, Any]]
    begun_at: Mapped[datetime]
    effective_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class FactorPolicy(Base):
    """An organisation asks its people for a second factor; ``remember_days`` 0: on every sign-in."""

    __tablename__ = "factor_policy"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    remember_days: Mapped[int] = mapped_column(default=0)
