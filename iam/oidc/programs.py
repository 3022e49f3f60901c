"""Clients with grants of their own, as pages list them, and those that could have some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.administration import Part
from iam.access.model.assignment import ClientGrant
from iam.access.model.role import Application
from iam.directory.organisation import Organisation
from iam.oidc.model import Client

OWN_GRANT = "client_credentials"
_OWNER = aliased(Organisation)


class ProgramGrant(NamedTuple):
    """What a client was granted together over one part and time; ``id`` is of the first of the grants."""

    id: UUID
    client_id: str
    application: Mapping[str, str]
    organisation: Organisation
    owner: Organisation
    permissions: Sequence[str]
    valid_from: datetime
    valid_to: datetime


def program_grants(session: Session, part: Part) -> list[ProgramGrant]:
    """Return what stands and is coming in a part, by client; one statement."""
    g = ClientGrant
    query = (
        select(g, Organisation, _OWNER, Application.name)
        .join(Organisation, Organisation.id == g.organisation_id)
        .join(_OWNER, _OWNER.id == g.owner_id)
        .join(Client, Client.client_id == g.client_id)
        .join(Application, Application.id == Client.application_id)
        .where(g.closed_by.is_(None), g.valid_to > clock.now(), part.covers(g.organisation_id))
        .order_by(g.client_id, Organisation.key, g.valid_from, g.valid_to, g.permission)
    )
    found: dict[tuple[object, ...], ProgramGrant] = {}
    for row, place, owner, name in session.execute(query):
        together = row.client_id, place.id, owner.id, row.valid_from, row.valid_to
        first = ProgramGrant(row.id, row.client_id, name, place, owner, [], row.valid_from, row.valid_to)
        one = found.setdefault(together, first)
        found[together] = one._replace(permissions=[*one.permissions, row.permission])
    return list(found.values())


def eligible(session: Session, part: Part) -> list[tuple[str, Mapping[str, str]]]:
    """Return the clients of the part's applications that get tokens for themselves, each with its application's names;
    one statement."""
    query = (
        select(Client.client_id, Application.name, Client.grants)
        .join(Application, Application.id == Client.application_id)
        .where(~Client.retired, ~Application.retired, Client.management_hash.is_(None))
        .where(part.covers(Application.owner_id))
        .order_by(Client.client_id)
    )
    return [(client_id, name) for client_id, name, grants in session.execute(query) if OWN_GRANT in grants]
