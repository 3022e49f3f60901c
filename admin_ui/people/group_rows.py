"""Local groups of a part and who is in them, as the pages of groups read them."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import Session

from admin_ui.parts import frame
from connectors.problem import Problem
from iam.access.administration import Part
from iam.directory.affiliation import Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.pages.local_groups import group_name, is_in, local_groups
from iam.directory.person import Person
from iam.errors import NotFound
from iam.texts import N_


class LocalGroup(NamedTuple):
    """A local group: its key and name, and the organisation that it is of."""

    id: UUID
    key: str
    name: str
    organisation_id: UUID
    organisation_key: str
    organisation: Organisation
    members: int


GROUP_KEYS = (Group.key, Group.id)


def one(row: Any) -> LocalGroup:
    """Return a row of ``groups``."""
    group, organisation, count = row
    return LocalGroup(group.id, group.key, group_name(group), organisation.id, organisation.key, organisation, count)


def group_here(session: Session, part: Part, group_id: UUID) -> LocalGroup:
    """Return a local group of the part; raises ``NotFound``."""
    row = session.execute(local_groups(part).where(Group.id == group_id)).one_or_none()
    if row is None:
        raise NotFound(Problem(N_("There is no such group, or it is outside your part."), "Open the list again."))
    return one(row)


def members(group: LocalGroup) -> Select[Any]:
    """Select those in a group who are in the reader's part, and of whom it may be told that they are there."""
    part = frame.part_of("persons.write")
    told = part.shows(Person.id), part.tells(Person.id, literal(group.organisation_id))
    here = select(Membership.person_id).where(Membership.group_id == group.id, *is_in())
    return select(Person).where(Person.id.in_(here), *told)
