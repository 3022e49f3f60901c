"""What rules, roles and data groups are called: their name by language; where a rule has none, its sentence stands."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from iam.access.model.role import Application, DataGroup, Role, RoleVersion
from iam.access.model.rule import Rule, RuleVersion, standing_version
from iam.access.right import version_known
from iam.access.rules.pattern import parse
from iam.access.rules.sentence import is_one_of, labels, role_label, sentence
from iam.texts import in_language


def rules_called(session: Session, keys: Collection[str], language: str) -> dict[str, str]:
    """Return what each rule is called, by key; at most three statements. One that cannot be read keeps its key."""
    if not keys:
        return {}
    query = select(Rule.key, Rule.name, RuleVersion.pattern).join(RuleVersion, RuleVersion.id == standing_version())
    rows = session.execute(query.where(Rule.key.in_(keys))).all()
    nameless = {row.key: parse(row.pattern)[0] for row in rows if not row.name}
    said = labels(session, [pattern for pattern in nameless.values() if pattern is not None])
    told = {key: sentence(pattern, said, language) for key, pattern in nameless.items() if pattern is not None}
    return {row.key: in_language(row.name, language) if row.name else told.get(row.key, row.key) for row in rows}


def roles_called(session: Session, keys: Collection[str]) -> dict[str, dict[str, str]]:
    """Return what roles, each ``application:role``, are called by language; one statement."""
    query = (
        select(Application.key, Application.name, Role.key, RoleVersion.name)
        .join(Role, Role.application_id == Application.id)
        .join(RoleVersion, and_(RoleVersion.role_id == Role.id, RoleVersion.n == version_known(Role.id)))
        .where(is_one_of(keys))
    )
    return {f"{row[0]}:{row[2]}": role_label(*row) for row in session.execute(query)}


def rule_called(session: Session, key: str, language: str) -> str:
    """Return what one rule is called."""
    return rules_called(session, [key], language).get(key, key)


def groups_called(session: Session, keys: Collection[str], language: str) -> dict[tuple[UUID, str], str]:
    """Return what applications call data groups of these keys, by application and key; one statement."""
    if not keys:
        return {}
    rows = session.scalars(select(DataGroup).where(DataGroup.key.in_(keys)))
    return {(row.application_id, row.key): in_language(row.name, language, row.key) for row in rows}


def groups_anywhere(session: Session, keys: Collection[str], language: str) -> dict[str, str]:
    """Return what data groups of these keys are called by whichever applications name them, as in an agreement, which
    speaks of no application; several names with a slash between. One statement."""
    found: dict[str, set[str]] = {}
    for (_, key), name in groups_called(session, keys, language).items():
        found.setdefault(key, set()).add(name)
    return {key: " / ".join(sorted(names)) for key, names in found.items()}


def groups_of(session: Session, application_id: UUID) -> dict[str, DataGroup]:
    """Return the data groups of an application that have a name, by key; one statement."""
    query = select(DataGroup).where(DataGroup.application_id == application_id).order_by(DataGroup.key)
    return {row.key: row for row in session.scalars(query)}
