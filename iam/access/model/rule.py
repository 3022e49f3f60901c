"""Rules and code lists as stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, UniqueConstraint, and_, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from iam.change import Change
from iam.database.base import Base, key


class CodeList(Base):
    """A named list of occupation codes that rules refer to."""

    __tablename__ = "code_list"

    key: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)


class CodeListOwner(Base):
    """Whose a code list is: rules of that organisation and of those under it may use the list. ``name`` is by language;
    its key stands where it has none."""

    __tablename__ = "code_list_owner"

    key: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[dict[str, Any] | None]


class Rule(Base):
    """A rule; it belongs to an organisation and binds only facts of its subtree. ``name`` is by language; its sentence
    stands where it has none."""

    __tablename__ = "rule"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[dict[str, Any] | None]


class RuleVersion(Base):
    """One version of a rule, immutable but for its state; at most one version of a rule is published.

    A draft waits for a second person, who accepts just the effects whose ``digest`` it carries.
    """

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
    digest: Mapped[str | None]


def as_it_stands(version: Any) -> tuple[ColumnElement[bool], ...]:
    """The order in which the version that a rule is shown by comes first: what is in force, else the newest that was,
    else a draft. What was proposed and refused is newer than what is in force, and is not the rule."""
    return version.state != "published", version.state == "draft", version.n.desc()


def standing_version() -> Any:
    """The id of the version that a ``Rule`` of the statement is shown by, as a column beside it."""
    one = aliased(RuleVersion)
    first = select(one.id).where(one.rule_id == Rule.id).order_by(*as_it_stands(one)).limit(1)
    return first.correlate(Rule).scalar_subquery()


def known_rules(
    session: Session, *which: ColumnElement[bool], known_at: datetime | None = None
) -> list[tuple[Rule, RuleVersion]]:
    """Return the version of every rule that was in force as known at ``known_at`` (None: what is published), of those
    that meet conditions on ``Rule`` and ``RuleVersion``.

    Of what was withdrawn without a successor it is not kept when that was; it is left out.
    """
    if known_at is None:
        query = select(Rule, RuleVersion).join(RuleVersion, RuleVersion.rule_id == Rule.id)
        now = session.execute(query.where(RuleVersion.state == "published", *which))
        return [(rule, version) for rule, version in now]
    later = aliased(RuleVersion)
    then = RuleVersion.change_id == Change.id, Change.at <= known_at
    after = select(func.min(later.n)).where(
        later.rule_id == RuleVersion.rule_id, later.n > RuleVersion.n, later.state != "draft"
    )
    successor = select(Change.at).join(later, later.change_id == Change.id)
    successor = successor.where(
        later.rule_id == RuleVersion.rule_id, later.n == after.correlate(RuleVersion).scalar_subquery()
    )
    replaced = successor.correlate(RuleVersion).scalar_subquery()
    stands = or_(RuleVersion.state == "published", and_(RuleVersion.state == "withdrawn", replaced > known_at))
    query = select(Rule, RuleVersion).join(RuleVersion, RuleVersion.rule_id == Rule.id).join(Change, then[0])
    return [(rule, version) for rule, version in session.execute(query.where(then[1], stands, *which))]


class PublishedRule(NamedTuple):
    """A published rule with its version."""

    rule_id: UUID
    key: str
    owner_id: UUID
    version_id: UUID
    pattern: dict[str, Any]


def published(
    session: Session,
    rules: Collection[UUID] | None = None,
    owners: Collection[UUID] | None = None,
    versions: Collection[UUID] | None = None,
) -> list[PublishedRule]:
    """Return every published rule, of those named, of those that belong to some owners, and of some versions (None: of
    all)."""
    query = select(Rule.id, Rule.key, Rule.owner_id, RuleVersion.id, RuleVersion.pattern)
    query = query.join(RuleVersion, RuleVersion.rule_id == Rule.id).where(RuleVersion.state == "published")
    if rules is not None:
        query = query.where(Rule.id.in_(rules))
    if owners is not None:
        query = query.where(Rule.owner_id.in_(owners))
    if versions is not None:
        query = query.where(RuleVersion.id.in_(versions))
    return [PublishedRule(*row) for row in session.execute(query)]
