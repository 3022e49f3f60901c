"""What changes of definitions gave and took without a second person, remembered as plans: the guard sums it over seven
days."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.commands.effects import Effects
from iam.change import Actor
from iam.database.types import uuid7
from iam.plans.plan import Plan, PlanEffect

KIND = "definition"
WINDOW = timedelta(days=7)
_WORDS = {True: "gain", False: "lose"}


def remember(session: Session, effects: Effects, owner_id: UUID, change_id: UUID, actor: Actor) -> None:
    """Remember the effects of a change of definitions that went through by itself."""
    if not effects.rows:
        return
    counts = {word: len(effects.persons(gains=gains)) for gains, word in _WORDS.items()}
    plan = Plan(
        kind=KIND,
        author_id=actor.person_id,
        owner_id=owner_id,
        state="applied",
        basis={},
        digest=effects.digest,
        counts=counts,
        reasons=[],
        at=clock.now(),
        change_id=change_id,
    )
    session.add(plan)
    session.flush()
    rows = [
        {
            "plan_id": plan.id,
            "id": uuid7(),
            "kind": _WORDS[row.gains],
            "held": False,
            "person_id": row.person_id,
            "organisation_id": row.organisation_id,
            "role_id": row.role_id,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
        }
        for row in effects.rows
    ]
    session.execute(insert(PlanEffect), rows)


def lately(session: Session, organisations: Collection[UUID]) -> Mapping[tuple[UUID, bool], int]:
    """Return how many people of each organisation gained (True) and lost in the past seven days by what nobody else
    looked at."""
    e, recent = PlanEffect, (Plan.kind == KIND, Plan.at > clock.now() - WINDOW, Plan.approved_by.is_(None))
    rows = session.execute(
        select(e.organisation_id, e.kind, func.count(e.person_id.distinct()))
        .join(Plan, Plan.id == e.plan_id)
        .where(*recent, e.organisation_id.in_(organisations))
        .group_by(e.organisation_id, e.kind)
    )
    return {(organisation_id, kind == _WORDS[True]): count for organisation_id, kind, count in rows}
