"""Rules and code lists as stored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, key


class CodeList(Base):
    """A named list of occupation codes that rules refer to."""

    __tablename__ = "code_list"

    key: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class Rule(Base):
    """A rule; it belongs to an organisation and binds only facts of its subtree."""

    __tablename__ = "rule"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))


class RuleVersion(Base):
    """One version of a rule, immutable but for its state; at most one version of a rule is published."""

    __tablename__ = "rule_version"
    __table_args__ = (
        UniqueConstraint("rule_id", "n"),
        CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
    )

    id: Mapped[UUID] = key()
    rule_id: Mapped[UUID] = mapped_column(ForeignKey("rule.id"))
    n: Mapped[int]
    pattern: Mapped[dict[str, Any]]
    role_id: Mapped[UUID] = mapped_column(ForeignKey("role.id"), index=True)
    state: Mapped[str]
    author_id: Mapped[UUID | None]
    published_by: Mapped[UUID | None]
    change_id: Mapped[UUID]
