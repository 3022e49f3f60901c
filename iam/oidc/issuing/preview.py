"""What a person's token would hold, for administrators and developers: computed as in earnest, nothing written, nothing
issued."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from iam.access.model.role import Application
from iam.clock import HELSINKI
from iam.oidc.claims import compose as claims
from iam.oidc.claims.compose import Claims
from iam.oidc.clients.registered import view
from iam.oidc.issuing import disclosure
from iam.oidc.model import Client
from iam.vault import Vault

NOT_YET = "…"
"""Stands for a name that is only given at the first sign-in."""


def claims_for(
    session: Session,
    client: Client,
    person_id: UUID,
    capacity_id: UUID,
    at: datetime,
    *,
    scopes: Collection[str] | None = None,
    vault: Vault | None = None,
    zone: str = HELSINKI,
) -> Claims:
    """Return the claims about the person in a capacity at ``at``: empty when the person may not enter the application
    in it.

    ``scopes`` default to all that the client may ask; without ``vault`` the capacity's opaque id is left out; ``zone``
    is the consortium's time zone.
    """
    application = session.get_one(Application, client.application_id)
    registered = view(client, application)
    asked = registered.scope.split() if scopes is None else list(scopes)
    key = vault.derive("capacity") if vault else b""
    told = disclosure.told(session, key, registered, person_id, capacity_id, asked, at, give_subject=False)
    if told is None:
        return {}
    told = replace(told, zone=zone, capacity_id=told.capacity_id if vault else NOT_YET)
    said = claims.of_userinfo(told, asked, registered.mapper)
    return said | {"sub": said["sub"] or NOT_YET}
