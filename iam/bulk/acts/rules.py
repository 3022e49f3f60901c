"""Withdraws many rules, or gives them to another owner: one plan for what people lose and gain by all of them.

What is chosen here are rules, by their ids. A rule goes to an owner as if that one published it now: what that one may
not give is left out, with why.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.access.administration import smallest_over
from iam.access.commands.catalogue import give_rules, withdraw_rules
from iam.access.derivation import turns
from iam.access.model.rule import Rule, RuleVersion
from iam.access.rules.naming import load
from iam.access.rules.resolve import check
from iam.audit import log
from iam.audit.log import Told
from iam.bulk.acts import act
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields, SortedPeople, WrittenAct
from iam.change import Change
from iam.directory.organisation import Organisation
from iam.texts import N_

NOT_IN_FORCE = Problem("The rule is not in force.")
IS_THEIRS = Problem(N_("It is theirs already."))
_Published = Row[UUID, str, UUID, Any, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfRules(BulkAct, ABC):
    permission = "rules.write"
    people = False

    def _published(self, session: Session, who: BulkAsker, ids: Sequence[UUID]) -> dict[UUID, _Published]:
        """The rules of the part that are in force: id, key, owner, pattern and role; one statement."""
        mine = Rule.id.in_(ids), who.part(self.permission).covers(Rule.__table__.c.owner_id)
        query = select(Rule.id, Rule.key, Rule.owner_id, RuleVersion.pattern, RuleVersion.role_id)
        query = query.join(RuleVersion, RuleVersion.rule_id == Rule.id)
        rows = session.execute(query.where(*mine, RuleVersion.state == "published"))
        return {row[0]: row for row in rows}


def _sorted(ids: Sequence[UUID], found: dict[UUID, _Published], left: dict[UUID, Problem]) -> SortedPeople:
    done = [one for one in ids if one in found and one not in left]
    rows = [found[one] for one in done]
    missing = {one: NOT_IN_FORCE for one in ids if one not in found}
    return SortedPeople(done, missing | left, rows, frozenset(row[4] for row in rows))


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawRules(_OfRules):
    """Withdraws rules: they give nothing any more."""

    key = "withdraw-rules"
    label = N_("Withdraw the rules")

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        why = act.reason(said, problems)
        act.refuse(problems)
        return cls(said=said, reason=why)

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        if change is not None:
            turns.of_definitions(session, change)
        return _sorted(ids, self._published(session, who, ids), {})

    def whose(self, session: Session, found: SortedPeople) -> UUID | None:
        """The smallest organisation that holds all who own the rules; None: the whole."""
        return smallest_over(session, {row[2] for row in found.rows})

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        withdraw_rules(session, found.done)
        told = [Told(None, row[2], {"rule": row[1]}) for row in found.rows]
        log.write_all(session, "rule:version:withdrawn", who.actor, told, change_id=change.id)
        return WrittenAct(rules=found.done)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveRules(_OfRules):
    """Gives rules to another organisation of the part, which then answers for them."""

    key = "give-rules"
    label = N_("Give the rules to another owner")
    fields = ("organisation", "reason")

    @classmethod
    def read(cls, session: Session, who: BulkAsker, said: Fields) -> Self:
        """See ``BulkAct``."""
        problems: list[Problem] = []
        place_id = act.place(session, who.part(cls.permission), said, "organisation", problems)
        why = act.reason(said, problems)
        act.refuse(problems)
        return cls(said=said, place_id=place_id, reason=why)

    def sort(self, session: Session, who: BulkAsker, ids: Sequence[UUID], change: Change | None) -> SortedPeople:
        """See ``BulkAct``."""
        if change is not None:
            turns.of_definitions(session, change)
        found, names = self._published(session, who, ids), load(session)
        owner = session.get_one(Organisation, self.place_id).key
        left = dict[UUID, Problem]()
        for rule_id, row in found.items():
            if row[2] == self.place_id:
                left[rule_id] = IS_THEIRS
            elif problems := check(row[3], owner, names)[1]:
                left[rule_id] = problems[0]
        return _sorted(ids, found, left)

    def write(self, session: Session, who: BulkAsker, change: Change, found: SortedPeople) -> WrittenAct:
        """See ``BulkAct``."""
        assert self.place_id is not None
        give_rules(session, change, dict.fromkeys(found.done, self.place_id), who.actor)
        return WrittenAct(rules=found.done)
