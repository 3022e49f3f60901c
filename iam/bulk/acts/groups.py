"""Puts many people into a local group, or takes them out of it; who else is in it stays."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.apply.comparison import people
from iam.audit import log
from iam.bulk.acts import act
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields, SortedPeople, WrittenAct
from iam.change import Change
from iam.directory.affiliation import Group, Membership
from iam.directory.organisation import Organisation
from iam.directory.queries import holds_at
from iam.lifecycle import groups
from iam.texts import N_

SELF = Problem(N_("Nobody puts themselves into a group."), "Ask another administrator.")
NAMELESS = Problem(N_("Has neither a username nor a number that a source told."))
IS_IN = Problem(N_("Is in the group already."))
IS_OUT = Problem(N_("Is not in the group."))


def local(part: Part) -> Select[UUID, str, UUID]:
    """Select the local groups of a part: id, what a declaration calls it, and its organisation."""
    named = Organisation.key + "/" + Group.key
    query = select(Group.id, named, Group.organisation_id).join(Organisation, Organisation.id == Group.organisation_id)
    return query.where(Group.source_id.is_(None), part.covers(Group.organisation_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfGroup(BulkAct, ABC):
    permission = "persons.write"
    fields = ("group", "reason")

    group_id: UUID
    named: str

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        here = local(who.part(cls.permission)).where(Group.id == act.as_id(said.get("group")))
        found, why = session.execute(here).one_or_none(), act.reason(said, problems)
        if found is None:
            problems.append(Problem(N_("Choose a group of your part."), field="group"))
        act.refuse(problems)
        assert found is not None
        return cls(said=said, place_id=found[2], reason=why, group_id=found[0], named=found[1])

    def _members(self, session: Session) -> set[UUID]:
        """Whom administrators put into the group, everybody there is."""
        m, now = Membership, clock.now()
        here = m.group_id == self.group_id, m.closed_by.is_(None), m.source_id.is_(None), holds_at(m, now)
        return set(session.scalars(select(m.person_id).where(*here)))

    def _written(self, session: Session, who: BulkAsker, change: Change, members: set[UUID]) -> WrittenAct:
        touched = groups.set_members(session, change, {self.group_id: members})
        envelope = {"group": self.named, "waits": False}
        log.write(
            session,
            "group:members:stated",
            who.actor,
            organisation_id=self.place_id,
            change_id=change.id,
            envelope=envelope,
        )
        return WrittenAct(touched)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntoGroup(_OfGroup):
    """Puts people into a group."""

    key = "into-group"
    label = N_("Put into a group")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        members = self._members(session)
        named = people.names(session, ids)
        left = dict[UUID, Problem]()
        for one in ids:
            if who.is_self(one):
                left[one] = SELF
            elif one in members:
                left[one] = IS_IN
            elif one not in named:
                left[one] = NAMELESS
        return SortedPeople([one for one in ids if one not in left], left)

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        return self._written(session, who, change, self._members(session) | set(found.done))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfGroup(_OfGroup):
    """Takes people out of a group."""

    key = "out-of-group"
    label = N_("Take out of a group")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        members = self._members(session)
        return SortedPeople([one for one in ids if one in members], {one: IS_OUT for one in ids if one not in members})

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        return self._written(session, who, change, self._members(session) - set(found.done))
