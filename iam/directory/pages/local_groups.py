"""Local groups as lists show them: those of a part, and who is in one now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from iam import clock
from iam.directory.affiliation import Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.pages.listing import Visible
from iam.directory.protected import release
from iam.directory.queries import holds_at


def local_groups(visible: Visible) -> Select[Any]:
    """Select (group, organisation, members) of the local groups of a part; whoever must not be told to be there is not
    counted either."""
    told = visible.shows(Membership.person_id), visible.tells(Membership.person_id, Group.organisation_id)
    count = select(func.count()).where(Membership.group_id == Group.id, *is_in(), *told).scalar_subquery()
    return (
        select(Group, Organisation, count.label("members"))
        .join(Organisation, Organisation.id == Group.organisation_id)
        .where(Group.source_id.is_(None), visible.covers(Group.organisation_id))
    )


def group_name(group: Group) -> str:
    """Return what a local group is called."""
    return release(group.name, protected=False, purpose="administration of a person without protection") or group.key


def is_in() -> tuple[ColumnElement[bool], ...]:
    """The conditions that a membership by hand holds now."""
    m = Membership
    return m.closed_by.is_(None), m.source_id.is_(None), holds_at(m, clock.now())
