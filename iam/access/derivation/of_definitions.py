"""Which rules may give other rights once roles, applications or lists of occupations are others.

A rule reads the role it gives, with what that includes and who may hand it out, and the lists that its conditions name.
What was granted by hand is looked at with every derivation that is limited to rules.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.derivation.derive import patterns
from iam.access.model.role import Application, Role, RoleClosure
from iam.access.model.rule import published
from iam.access.rules.naming import lists_of
from iam.access.rules.pattern import Pattern
from iam.database.bulk import among


def of_lists(session: Session, keys: Collection[str]) -> set[UUID]:
    """Return the published rules that read one of these lists of occupations."""
    return _published(session, lambda pattern: not lists_of([pattern]).isdisjoint(keys))


def of_roles(session: Session, role_ids: Collection[UUID]) -> set[UUID]:
    """Return the published rules that give one of these roles, or one that includes it now."""
    closure = RoleClosure
    including = select(closure.role_id).where(among(session, closure.included_id, role_ids))
    query = select(Application.key, Role.key).join(Role, Role.application_id == Application.id)
    rows = session.execute(query.where(Role.id.in_(including) | among(session, Role.id, role_ids)))
    keys = {f"{application}:{role}" for application, role in rows}
    return _published(session, lambda pattern: pattern.role in keys)


def of_applications(session: Session, application_ids: Collection[UUID]) -> set[UUID]:
    """Return the published rules that give a role of one of these applications."""
    mine = select(Role.id).where(among(session, Role.application_id, application_ids))
    return of_roles(session, list(session.scalars(mine)))


def _published(session: Session, reads: Callable[[Pattern], bool]) -> set[UUID]:
    return {rule.rule_id for rule, pattern in patterns(published(session)) if reads(pattern)}
