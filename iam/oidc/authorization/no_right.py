"""Why nothing opens an application to a person, and who in their own organisation may know more: read for the page that
says no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.access.model.role import Role, RoleVersion
from iam.access.right import AFFILIATION, Capacity, of_affiliation
from iam.directory import queries
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.organisation import Organisation
from iam.oidc.clients.enabled import around
from iam.oidc.clients.registered import RegisteredClient

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class EndedRight:
    """A right to the application that the person had, where, and its half-open end."""

    role: RoleVersion
    scope: Organisation
    end: datetime


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What stands in the way: ``closed`` are capacities whose organisation does not use the application, ``without``
    those that give no right to it; ``rights`` and ``last`` are what the person had lately; ``managers`` are the names
    of theirs."""

    closed: Sequence[Capacity]
    without: Sequence[Capacity]
    rights: Sequence[EndedRight]
    last: Capacity | None
    managers: Sequence[str]


def read(
    session: Session,
    client: RegisteredClient,
    person_id: UUID,
    capacities: Sequence[Capacity],
    at: datetime,
    *,
    whole: bool,
) -> WhyNot:
    """Return why none of ``capacities``, which hold now, opens the application; what has ended is told where ``whole``
    of the person's own may be."""
    there = around(session, person_id, client.application_id, at)
    in_use = [one for one in capacities if one.organisation_id is None or one.organisation_id in there]
    return WhyNot(
        [one for one in capacities if one not in in_use][:_SHOWN],
        in_use[:_SHOWN],
        _ended_rights(session, client, person_id, at) if whole else (),
        _last(session, person_id, at) if whole and not capacities else None,
        _managers(session, person_id, at),
    )


def _ended_rights(session: Session, client: RegisteredClient, person_id: UUID, at: datetime) -> list[EndedRight]:
    """The latest rights that ended; a guardian's are left out: they tell where a child is."""
    a = Assignment
    query = (
        select(RoleVersion, Organisation, a.valid_to)
        .join(RoleVersion, RoleVersion.id == a.role_version_id)
        .join(Role, Role.id == a.role_id)
        .join(Organisation, Organisation.id == a.scope_id)
        .where(a.person_id == person_id, a.closed_by.is_(None), a.valid_to <= at, a.capacity_kind != "guardian")
        .where(Role.application_id == client.application_id)
        .order_by(a.valid_to.desc(), Role.key)
    )
    return [EndedRight(*row) for row in session.execute(query.limit(_SHOWN))]


def _last(session: Session, person_id: UUID, at: datetime) -> Capacity | None:
    """The affiliation that ended last."""
    a = Affiliation
    query = select(*AFFILIATION).join(Organisation, Organisation.id == a.organisation_id)
    ended = a.person_id == person_id, a.closed_by.is_(None), a.valid_to <= at
    row: Any = session.execute(query.where(*ended).order_by(a.valid_to.desc()).limit(1)).first()
    return of_affiliation(*row) if row is not None else None


def _managers(session: Session, person_id: UUID, at: datetime) -> list[str]:
    """The names of the person's managers, as a source states them; nobody's who is protected."""
    r = Relationship
    query = select(r.person_id).where(
        r.other_person_id == person_id, r.kind == "manager_of", r.closed_by.is_(None), queries.holds_at(r, at)
    )
    found = queries.profiles(session, list(session.scalars(query.order_by(r.person_id).limit(_SHOWN))))
    return sorted(one.display_name for one in found.values() if one.display_name and not one.protected)
