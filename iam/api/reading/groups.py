"""Local groups of a part, and who may be put into one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import Part
from iam.api.reading.organisations import names
from iam.directory.affiliation import Group
from iam.directory.organisation import Organisation
from iam.directory.pages.local_groups import group_name, local_groups
from iam.directory.person import Person
from iam.errors import NotFound

Told = dict[str, Any]
GROUP_KEYS = (Group.key, Group.id)


def group_of(session: Session, part: Part, group_id: UUID) -> tuple[Group, Organisation]:
    """Return a local group of the part with its organisation; raises ``NotFound``."""
    row = session.execute(local_groups(part).where(Group.id == group_id)).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such group, or it is outside your part."))
    return row[0], row[1]


def told(row: Any) -> Told:
    """Return a group as ``GroupTold``."""
    group, place, members = row
    return {
        "id": str(group.id),
        "key": group.key,
        "name": group_name(group),
        "organisation": names(place),
        "members": members,
    }


def told_of(session: Session, part: Part, group: Group, person_ids: Collection[UUID]) -> list[UUID]:
    """Return those persons who are in the part and of whom the group's place may be told."""
    shown = part.shows(Person.id), part.tells(Person.id, literal(group.organisation_id))
    return list(session.scalars(select(Person.id).where(Person.id.in_(person_ids), *shown)))
