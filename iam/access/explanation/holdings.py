"""What roles hold with all they include, as known at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.derivation.gate import Needs
from iam.access.model.role import RoleClosure, RoleContent, RoleVersion
from iam.change import Change


@dataclass(frozen=True, slots=True)
class Holdings:
    """What each role holds, and which are ``asked`` at use with everything they include."""

    needs: Needs
    asked: frozenset[UUID]


def holdings(session: Session, known_at: datetime | None = None) -> Holdings:
    """Return what roles held in the versions known at ``known_at`` (None: now): three statements."""
    newest = {}
    query = select(RoleVersion.role_id, RoleVersion.id, RoleVersion.enforcement, Change.at).order_by(RoleVersion.n)
    for role_id, id_, enforcement, at in session.execute(query.join(Change, Change.id == RoleVersion.change_id)):
        # What came later than asked about counts only where there was nothing before.
        if known_at is None or at <= known_at or role_id not in newest:
            newest[role_id] = id_, enforcement
    content: dict[UUID, set[tuple[str, str]]] = {}
    for row in session.scalars(select(RoleContent)):
        content.setdefault(row.role_version_id, set()).add((row.data_group, row.operation))
    needs: dict[UUID, frozenset[tuple[str, str]]] = {}
    weaker = set()
    for pair in session.scalars(select(RoleClosure)):
        held: set[tuple[str, str]] = set()
        if pair.included_id in newest:
            version_id, enforced = newest[pair.included_id]
            held = content.get(version_id, held)
            weaker |= {pair.role_id} if enforced != "at use" else set()
        needs[pair.role_id] = needs.get(pair.role_id, frozenset()) | held
    return Holdings(needs, frozenset(needs) - weaker)
