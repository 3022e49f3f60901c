"""Local groups of a part and who is in them, as the pages of groups read them."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.orm import Session

from admin_ui.parts import frame
from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.directory.affiliation import Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.directory.protected import release
from iam.directory.queries import holds_at
from iam.errors import NotFound
from iam.signin.accounts.account import Account
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


def groups(part: Part) -> Select[Any]:
    """Select the local groups of a part, each with its organisation and how many of whom it may be told are in it."""
    # Whoever must not be told to be there is not counted either.
    told = part.shows(Membership.person_id), part.tells(Membership.person_id, Group.organisation_id)
    count = select(func.count()).where(Membership.group_id == Group.id, *_now(), *told).scalar_subquery()
    return (
        select(Group, Organisation, count.label("members"))
        .join(Organisation, Organisation.id == Group.organisation_id)
        .where(Group.source_id.is_(None), part.covers(Group.organisation_id))
    )


def one(row: Any) -> LocalGroup:
    """Return a row of ``groups``."""
    group, organisation, count = row
    name = release(group.name, protected=False, purpose="administration of a person without protection")
    return LocalGroup(group.id, group.key, name or group.key, organisation.id, organisation.key, organisation, count)


def group_here(session: Session, part: Part, group_id: UUID) -> LocalGroup:
    """Return a local group of the part; raises ``NotFound``."""
    row = session.execute(groups(part).where(Group.id == group_id)).one_or_none()
    if row is None:
        raise NotFound(Problem(N_("There is no such group, or it is outside your part."), "Open the list again."))
    return one(row)


def logins(session: Session, group_id: UUID) -> dict[UUID, str]:
    """Return the usernames of all who are in a group now, those outside the reader's part too."""
    query = select(Membership.person_id, Account.login).join(Account, Account.person_id == Membership.person_id)
    return dict(session.execute(query.where(Membership.group_id == group_id, *_now())).all())


def members(group: LocalGroup) -> Select[Any]:
    """Select those in a group who are in the reader's part, and of whom it may be told that they are there."""
    part = frame.part_of("persons.write")
    told = part.shows(Person.id), part.tells(Person.id, literal(group.organisation_id))
    here = select(Membership.person_id).where(Membership.group_id == group.id, *_now())
    return select(Person).where(Person.id.in_(here), *told)


def _now() -> tuple[ColumnElement[bool], ...]:
    m = Membership
    return m.closed_by.is_(None), m.source_id.is_(None), holds_at(m, clock.now())
