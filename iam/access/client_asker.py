"""Clients with grants of their own, which call the API for nobody: what they may be granted, and what one may now.

A client is a program with a secret on somebody's server. What lets a person in, decides as a second person, or shows
what only a named person may see, is never a program's.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import PERMISSIONS, roots
from iam.access.asker import Asker
from iam.access.model.assignment import ClientGrant
from iam.directory.queries import holds_at

_OF_PEOPLE = frozenset(
    {
        "admin",
        "persons.code",
        "codes.issue",
        "factors.reset",
        "sources.accept",
        "agreements.sign",
        "plans.approve",
        "config.apply",
        "keys.manage",
        "administrators.write",
    }
)
CLIENT_PERMISSIONS = frozenset(PERMISSIONS) - _OF_PEOPLE
"""What a client may be granted."""


def permissions(session: Session, client_id: str) -> frozenset[str]:
    """Return the permissions that a client holds now, over whatever part; one statement."""
    return frozenset(_held(session, client_id))


def client_asker(session: Session, client_id: str) -> Asker:
    """Return a client as one who asks: no person, and no more than it was granted; two statements."""
    held = _held(session, client_id)
    return Asker(None, held, roots(session) if held else frozenset())


def _held(session: Session, client_id: str) -> dict[str, frozenset[UUID]]:
    g, found = ClientGrant, dict[str, set[UUID]]()
    query = select(g.permission, g.organisation_id).where(g.client_id == client_id, g.closed_by.is_(None))
    for permission, organisation_id in session.execute(query.where(holds_at(g, clock.now()))):
        if permission in CLIENT_PERMISSIONS:
            found.setdefault(permission, set()).add(organisation_id)
    return {permission: frozenset(ids) for permission, ids in found.items()}
