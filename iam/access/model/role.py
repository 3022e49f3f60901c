"""Applications, their roles, and what a role contains."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key

ENFORCEMENTS = ("at use", "by token", "by push", "by ticket")
HANDED_OUT = ("owner", "enabled", "parts")
"""Who may hand a role out: the application's owner; organisations for which the application is enabled; those and what
is under them."""


class Application(Base):
    """What relies on us. ``entry``: who may sign in, those with a role or everyone of the organisations that enabled
    it.

    ``least_acr`` is how a person must at least have signed in (``signin.levels``).
    """

    __tablename__ = "application"
    __table_args__ = (
        CheckConstraint("subject_mode IN ('pairwise', 'public')", name="subject_mode"),
        CheckConstraint("notice IN ('inform', 'consent', 'none')", name="notice"),
        CheckConstraint("entry IN ('role', 'everyone')", name="entry"),
    )

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[dict[str, Any]]
    audience: Mapped[str]
    ask_capacity: Mapped[bool] = mapped_column(default=True)
    subject_mode: Mapped[str] = mapped_column(default="pairwise")
    notice: Mapped[str] = mapped_column(default="inform")
    entry: Mapped[str] = mapped_column(default="role")
    least_acr: Mapped[str | None]
    retired: Mapped[bool] = mapped_column(default=False)


class ApplicationEnabled(Base):
    """An organisation lets its own people use an application."""

    __tablename__ = "application_enabled"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)


class Role(Base):
    """What an application understands, by a code of its own.

    ``handed_out`` says who may hand it out (``HANDED_OUT``); of a ``sensitive`` one nobody hands out alone.
    """

    __tablename__ = "role"
    __table_args__ = (
        UniqueConstraint("application_id", "key"),
        CheckConstraint("handed_out IN ('owner', 'enabled', 'parts')", name="handed_out"),
    )

    id: Mapped[UUID] = key()
    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"))
    key: Mapped[str]
    retired: Mapped[bool] = mapped_column(default=False)
    sensitive: Mapped[bool] = mapped_column(default=False)
    handed_out: Mapped[str] = mapped_column(default="enabled")


class RoleVersion(Base):
    """One version of a role: its names and what it means, by language; how it is enforced.

    The greatest ``n`` is in force. ``includes`` are the roles it includes, ``application:role`` each; they,
    ``sensitive`` and ``handed_out`` are what the role's own were when the version came into force, and None in versions
    older than that was kept.
    """

    __tablename__ = "role_version"
    __table_args__ = (
        UniqueConstraint("role_id", "n"),
        CheckConstraint("enforcement IN ('at use', 'by token', 'by push', 'by ticket')", name="enforcement"),
    )

    id: Mapped[UUID] = key()
    role_id: Mapped[UUID] = mapped_column(ForeignKey("role.id"))
    n: Mapped[int]
    name: Mapped[dict[str, Any]]
    enforcement: Mapped[str]
    meaning: Mapped[dict[str, Any] | None]
    includes: Mapped[list[str] | None]
    sensitive: Mapped[bool | None]
    handed_out: Mapped[str | None]
    change_id: Mapped[UUID]


class DataGroup(Base):
    """What an application calls a group of its data, and what it means, by language; its key stands in tokens."""

    __tablename__ = "data_group"

    application_id: Mapped[UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[dict[str, Any]]
    meaning: Mapped[dict[str, Any] | None]


class RoleContent(Base):
    """A data group and an operation that a role version holds."""

    __tablename__ = "role_content"

    role_version_id: Mapped[UUID] = mapped_column(ForeignKey("role_version.id"), primary_key=True)
    data_group: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)


class RoleClosure(Base):
    """Which roles a role includes, itself among them; acyclic."""

    __tablename__ = "role_closure"

    role_id: Mapped[UUID] = mapped_column(ForeignKey("role.id"), primary_key=True)
    included_id: Mapped[UUID] = mapped_column(ForeignKey("role.id"), primary_key=True, index=True)
