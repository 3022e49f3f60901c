"""Gives each of many people a right by hand, in the position that is nearest to where it holds."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.commands import by_hand, many_by_hand
from iam.access.commands.many_by_hand import Ceilings, GivenRight, HeldCapacity, What
from iam.access.model.role import RoleVersion
from iam.access.rules import handing
from iam.bulk.acts import act
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields, SortedPeople, WrittenAct
from iam.change import Change
from iam.errors import Conflict, Invalid
from iam.texts import N_

SELF = Problem("Nobody grants rights to themselves.", "Ask another administrator.")
NO_POSITION = Problem(N_("No present position in your part."))
NO_CLAUSE = Problem("No agreement allows this role there for that position.")
HAS_IT = Problem(N_("Holds it by hand already, for as long."))
NOT_THERE = Problem("The capacity, the role or the organisation does not exist now.", "Choose again.", field="scope")


@dataclass(frozen=True, slots=True, kw_only=True)
class RightUntil(BulkAct, ABC):
    """A role in a scope until a day, as it is handed out by hand."""

    permission = "rights.grant"
    fields = ("role", "scope", "until", "reason")

    what: What
    until: datetime

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        scope_id = act.place(session, who.part(cls.permission), said, "scope", problems)
        until = act.last_day(said, who.zone, problems)
        what = handed_out(session, who, said, until, problems)
        act.refuse(problems)
        assert what is not None
        assert until is not None
        return cls(said=said, place_id=scope_id, reason=what.reason, what=what, until=until)

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        many_by_hand.give(session, change, self.what, found.rows, who.actor)
        return WrittenAct()


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveRight(RightUntil):
    """Gives it, in the position that is nearest."""

    key = "give-right"
    label = N_("Give a right")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        assert self.place_id is not None
        many_by_hand.have_turn(session, change, ids)
        ceiling = many_by_hand.ceilings(session, self.what.role_id, self.place_id)
        if ceiling is None:
            raise Conflict(NOT_THERE)
        held = many_by_hand.capacities(session, who.part(self.permission), ids, self.place_id)
        standing = many_by_hand.standing(session, ids, self.what.role_id, self.place_id)
        lasting = {(one.person_id, one.capacity_id): one.valid_to for one in standing}
        left, rows = dict[UUID, Problem](), list[GivenRight]()
        for one in ids:
            capacity = held.get(one)
            if who.is_self(one):
                left[one] = SELF
            elif capacity is None:
                left[one] = NO_POSITION
            else:
                found = self._given(capacity, ceiling, lasting.get((one, capacity.fact_id)))
                if isinstance(found, Problem):
                    left[one] = found
                else:
                    rows.append(found)
        return SortedPeople([one.capacity.person_id for one in rows], left, rows)

    def _given(self, capacity: HeldCapacity, ceiling: Ceilings, lasts: datetime | None) -> GivenRight | Problem:
        allowed = ceiling.over(capacity, self.until)
        if allowed is None:
            return NO_CLAUSE
        clause_id, ends = allowed
        if lasts is not None and lasts >= ends:
            return HAS_IT
        return GivenRight(capacity, ceiling, clock.now(), ends, clause_id)


def handed_out(
    session: Session, who: BulkAsker, said: Fields, until: datetime | None, problems: list[Problem]
) -> What | None:
    """Return what the asker hands out and why, by the checks for one person; notes what is wrong."""
    part = who.part(RightUntil.permission)
    role_id, why = act.role(session, part, said, problems), act.reason(said, problems)
    if role_id is None or until is None or not why:
        return None
    version = select(RoleVersion.id).where(RoleVersion.role_id == role_id).order_by(RoleVersion.n.desc()).limit(1)
    try:
        by_hand.require_grantable(session, role_id, why, until, clock.now())
        granter_id = handing.granter(session, part, role_id)
    except Invalid as error:
        problems.extend(error.problems)
        return None
    return What(role_id, session.scalars(version).one(), why, granter_id)
