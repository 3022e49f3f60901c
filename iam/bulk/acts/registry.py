"""Every act for many people, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.bulk.acts.accounts import EndSessions, GiveUsernames, PrintCodes, TakeHome
from iam.bulk.acts.act import BulkAct, BulkAsker, Fields
from iam.bulk.acts.give_right import GiveRight
from iam.bulk.acts.groups import IntoGroup, OutOfGroup
from iam.bulk.acts.positions import AddPosition, EndPosition
from iam.bulk.acts.rights import EndRight, LengthenRight
from iam.bulk.acts.rules import GiveRules, WithdrawRules
from iam.errors import NotFound
from iam.texts import N_

ACTS: Mapping[str, type[BulkAct]] = {
    one.key: one
    for one in (
        GiveRight,
        LengthenRight,
        EndRight,
        AddPosition,
        EndPosition,
        IntoGroup,
        OutOfGroup,
        GiveUsernames,
        PrintCodes,
        EndSessions,
        TakeHome,
        WithdrawRules,
        GiveRules,
    )
}


def of(who: BulkAsker, key: str) -> type[BulkAct]:
    """Return an act that the asker may do over some part; raises ``NotFound``."""
    found = ACTS.get(key)
    if found is None or not who.part(found.permission):
        raise NotFound(Problem(N_("There is no such act for many people, or you may not do it.")))
    return found


def read(session: Session, who: BulkAsker, key: str, said: Fields) -> BulkAct:
    """Return the act that fields say; raises ``NotFound``, and ``Invalid`` with everything that is wrong."""
    kind = of(who, key)
    return kind.read(session, who, {name: said.get(name, "") for name in kind.fields})
