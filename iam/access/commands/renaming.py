"""What rules are called, by language: a name takes and gives nothing, so no second person is asked; the log keeps the
earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from iam.access.model.rule import Rule
from iam.audit import log
from iam.audit.log import Told
from iam.change import Actor, Change, begin

Called = Mapping[str, str] | None


def rename_rule(session: Session, rule: Rule, name: Called, actor: Actor) -> bool:
    """Call a rule otherwise; return whether that differs from what it is called."""
    if rule.name == name:
        return False
    name_rules(session, begin(session, "command", actor, f"rule {rule.key}"), {rule.id: name}, actor)
    return True


def name_rules(session: Session, change: Change, names: Mapping[UUID, Called], actor: Actor) -> None:
    """Call rules so (None: nothing) under ``change``, each with its event; three statements, however many."""
    if not names:
        return
    columns = Rule.id, Rule.key, Rule.owner_id, Rule.name
    stood = session.execute(select(*columns).where(Rule.id.in_(names))).all()
    rows: list[dict[str, Any]] = [
        {"id": id_, "name": None if name is None else dict(name)} for id_, name in names.items()
    ]
    session.execute(update(Rule), rows)
    told = [
        Told(None, owner_id, {"rule": key, "before": before, "name": names[id_]})
        for id_, key, owner_id, before in stood
    ]
    log.write_all(session, "rule:name:changed", actor, told, change_id=change.id)
