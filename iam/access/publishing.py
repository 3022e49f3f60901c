"""Commands on rules: publish a version, withdraw a rule. All take sets; the caller owns the transaction and derives afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from iam.access.rule import Rule, RuleVersion
from iam.change import Change
from iam.database.types import uuid7


@dataclass(frozen=True, slots=True)
class NewRule:
    """A pattern to be published as the next version of a rule. It must have been checked."""

    rule_id: UUID
    pattern: Mapping[str, Any]
    role_id: UUID


def add(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rules (``id``, ``key``, ``owner_id``); they have no version yet."""
    if rows:
        session.execute(insert(Rule), [dict(row) for row in rows])


def give(session: Session, owners: Mapping[UUID, UUID]) -> None:
    """Give rules other owners."""
    if owners:
        session.execute(update(Rule), [{"id": rule_id, "owner_id": owner_id} for rule_id, owner_id in owners.items()])


def publish(session: Session, change: Change, rules: Sequence[NewRule]) -> None:
    """Publish the next version of each rule, withdrawing the one before; its author is whoever made the change."""
    if not rules:
        return
    ids = [rule.rule_id for rule in rules]
    query = select(RuleVersion.rule_id, func.max(RuleVersion.n)).where(RuleVersion.rule_id.in_(ids)).group_by(RuleVersion.rule_id)
    last = dict(session.execute(query).tuples().all())
    withdraw(session, ids)
    rows = [
        {
            "id": uuid7(), "rule_id": rule.rule_id, "n": last.get(rule.rule_id, 0) + 1, "pattern": dict(rule.pattern),
            "role_id": rule.role_id, "state": "published", "author_id": change.actor_person_id,
            "published_by": change.actor_person_id, "change_id": change.id,
        }
        for rule in rules
    ]  # fmt: skip
    session.execute(insert(RuleVersion), rows)


def withdraw(session: Session, rule_ids: Collection[UUID]) -> None:
    """Withdraw the published versions of rules, in one statement."""
    if rule_ids:
        query = update(RuleVersion).where(RuleVersion.rule_id.in_(rule_ids), RuleVersion.state == "published")
        session.execute(query.values(state="withdrawn").execution_options(synchronize_session=False))
