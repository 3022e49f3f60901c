"""Local groups of a part, and the usernames of those who are in one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.api.reading.organisations import names
from iam.directory.affiliation import Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.directory.protected import release
from iam.directory.queries import holds_at
from iam.errors import NotFound
from iam.signin.accounts.account import Account

Told = dict[str, Any]
GROUP_KEYS = (Group.key, Group.id)


def groups(part: Part) -> Select[Any]:
    """Select (group, organisation, members told of) of the local groups of a part; order ``GROUP_KEYS``."""
    shown = part.shows(Membership.person_id), part.tells(Membership.person_id, Group.organisation_id)
    count = select(func.count()).where(Membership.group_id == Group.id, *_now(), *shown).scalar_subquery()
    return (
        select(Group, Organisation, count.label("members"))
        .join(Organisation, Organisation.id == Group.organisation_id)
        .where(Group.source_id.is_(None), part.covers(Group.organisation_id))
    )


def group_of(session: Session, part: Part, group_id: UUID) -> tuple[Group, Organisation]:
    """Return a local group of the part with its organisation; raises ``NotFound``."""
    row = session.execute(groups(part).where(Group.id == group_id)).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such group, or it is outside your part."))
    return row[0], row[1]


def told(row: Any) -> Told:
    """Return a group as ``GroupTold``."""
    group, place, members = row
    return {
        "id": str(group.id),
        "key": group.key,
        "name": name_of(group),
        "organisation": names(place),
        "members": members,
    }


def name_of(group: Group) -> str:
    """Return what a local group is called."""
    return release(group.name, protected=False, purpose="administration of a person without protection") or group.key


def logins_in(session: Session, group_id: UUID) -> dict[UUID, str]:
    """Return the usernames of all who are in a group now, those outside the caller's part too, by person."""
    query = select(Membership.person_id, Account.login).join(Account, Account.person_id == Membership.person_id)
    return dict(session.execute(query.where(Membership.group_id == group_id, *_now())).all())


def logins_of(session: Session, part: Part, group: Group, person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the usernames of those persons who are in the part and of whom the group's place may be told."""
    shown = part.shows(Person.id), part.tells(Person.id, literal(group.organisation_id))
    query = select(Person.id, Account.login).join(Account, Account.person_id == Person.id)
    return dict(session.execute(query.where(Person.id.in_(person_ids), *shown)).all())


def _now() -> tuple[ColumnElement[bool], ...]:
    m = Membership
    return m.closed_by.is_(None), m.source_id.is_(None), holds_at(m, clock.now())
