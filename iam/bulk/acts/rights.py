"""Ends, or lengthens, a right that many people hold by hand in one scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.commands import many_by_hand
from iam.access.commands.many_by_hand import Ceilings, GivenRight, HeldByHand, HeldCapacity
from iam.bulk.acts import act
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields, SortedPeople, WrittenAct
from iam.bulk.acts.give_right import HAS_IT, NO_CLAUSE, NOT_THERE, SELF, RightUntil
from iam.change import Change
from iam.errors import Conflict
from iam.texts import N_

NOT_HELD = Problem(N_("Holds no such right by hand there."))
NO_CAPACITY = Problem(N_("The position in which it is used is over."))


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRight(BulkAct):
    """Ends what people hold of a role in a scope by hand, now."""

    key = "end-right"
    permission = "rights.grant"
    label = N_("End a right")
    fields = ("role", "scope", "reason")

    role_id: UUID

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        part = who.part(cls.permission)
        role_id = act.role(session, part, said, problems)
        scope_id, why = act.place(session, part, said, "scope", problems), act.reason(said, problems)
        act.refuse(problems)
        assert role_id is not None
        return cls(said=said, place_id=scope_id, reason=why, role_id=role_id)

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        assert self.place_id is not None
        many_by_hand.have_turn(session, change, ids)
        rows = many_by_hand.standing(session, ids, self.role_id, self.place_id)
        held = {one.person_id for one in rows}
        return SortedPeople([one for one in ids if one in held], {one: NOT_HELD for one in ids if one not in held})

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        assert self.place_id is not None
        many_by_hand.end(session, change, self.role_id, self.place_id, found.done, who.actor)
        return WrittenAct()


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthenRight(RightUntil):
    """Lets what people hold of a role in a scope by hand go on until a later day, in the same positions."""

    key = "lengthen-right"
    label = N_("Lengthen a right")

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        assert self.place_id is not None
        many_by_hand.have_turn(session, change, ids)
        ceiling = many_by_hand.ceilings(session, self.what.role_id, self.place_id)
        if ceiling is None:
            raise Conflict(NOT_THERE)
        standing = many_by_hand.standing(session, ids, self.what.role_id, self.place_id)
        capacities = many_by_hand.capacity_of(session, standing)
        # Of several pieces, or rights, the one that lasts longest goes on.
        last = {one.person_id: one for one in standing}
        left, rows = dict[UUID, Problem](), list[GivenRight]()
        for one in ids:
            found = SELF if who.is_self(one) else self._given(last.get(one), capacities, ceiling)
            if isinstance(found, Problem):
                left[one] = found
            else:
                rows.append(found)
        return SortedPeople([one.capacity.person_id for one in rows], left, rows)

    def _given(
        self, held: HeldByHand | None, capacities: dict[UUID, HeldCapacity], ceiling: Ceilings
    ) -> GivenRight | Problem:
        if held is None:
            return NOT_HELD
        capacity = capacities.get(held.capacity_id)
        if capacity is None:
            return NO_CAPACITY
        allowed = ceiling.over(capacity, self.until)
        if allowed is None:
            return NO_CLAUSE
        clause_id, ends = allowed
        # It goes on from where it would have ended: what is new of it begins there.
        return HAS_IT if held.valid_to >= ends else GivenRight(capacity, ceiling, held.valid_to, ends, clause_id)
