"""How long names are kept in plans, and how long a declaration may wait."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.proposal import Proposal
from iam.audit.log import AuditEvent
from iam.directory.source import KeptReading, Run
from iam.plans.keeping import Keeping
from iam.plans.plan import Plan, PlanEffect
from tests.kit.factories import facts

KEEPING = Keeping(names_days=90, discard_days=14)
DAY = timedelta(days=1)


@pytest.fixture
def town(session: Session) -> UUID:
    return facts.tree(session, ("kunta", "municipality", None, True))["kunta"]


def plan(session: Session, town: UUID, at: datetime, people: int = 3) -> UUID:
    made = Plan(
        kind="definition",
        owner_id=town,
        state="applied",
        basis={},
        digest="d",
        counts={"gain": people},
        reasons=[],
        at=at,
    )
    session.add(made)
    session.flush()
    for _ in range(people):
        session.add(
            PlanEffect(plan_id=made.id, kind="gain", held=False, person_id=facts.person(session), organisation_id=town)
        )
    session.flush()
    return made.id


def proposal(session: Session, town: UUID, kind: str, at: datetime) -> UUID:
    made = Proposal(
        kind=kind,
        key="x",
        digest=f"{kind} {at}",
        owner_id=town,
        counts={"gain": 1, "lose": 0},
        reasons=[],
        sealed=b"sealed",
        proposed_at=at,
    )
    session.add(made)
    session.flush()
    return made.id


def test_whom_a_plan_touched_is_forgotten_after_90_days_and_how_many_is_not(session: Session, town: UUID) -> None:
    now = clock.now()
    old, new = plan(session, town, now - 91 * DAY), plan(session, town, now - 89 * DAY)
    assert KEEPING(session) == 1
    assert set(session.scalars(select(PlanEffect.plan_id))) == {new}
    assert session.get_one(Plan, old).counts == {"gain": 3}
    assert KEEPING(session) == 0


def test_what_nobody_decides_in_14_days_waits_no_longer_and_its_texts_are_gone(session: Session, town: UUID) -> None:
    now = clock.now()
    due = {proposal(session, town, kind, now - 15 * DAY) for kind in ("apply", "undo")}
    kept = {proposal(session, town, "apply", now - 13 * DAY), proposal(session, town, "agreement", now - 15 * DAY)}
    assert KEEPING(session) == 2
    session.expire_all()
    gone = session.execute(select(Proposal.id, Proposal.sealed).where(Proposal.withdrawn_at.is_not(None))).all()
    assert dict(map(tuple, gone)) == dict.fromkeys(due)
    assert set(session.scalars(select(Proposal.id).where(Proposal.withdrawn_at.is_(None)))) == kept
    query = select(func.count()).where(AuditEvent.type == "plan:change:discarded")
    assert session.scalar(query) == 2


def test_what_a_run_read_is_not_kept_longer_than_it_may_wait(session: Session, town: UUID) -> None:
    source = facts.source(session, owner_id=town)
    for days in (15, 13):
        run = Run(
            source_id=source.id,
            state="held",
            dry_run=False,
            started_at=clock.now() - days * DAY,
            phases={},
            counts={},
            reasons=[],
        )
        session.add(run)
        session.flush()
        session.add_all(KeptReading(source_id=source.id, run_id=run.id, n=n, sealed=b"sealed") for n in range(2))
    session.flush()
    assert KEEPING(session) == 1
    assert len(set(session.scalars(select(KeptReading.run_id)))) == 1
    (event,) = session.scalars(select(AuditEvent).where(AuditEvent.type == "plan:change:discarded"))
    assert event.envelope["kind"] == "source run"
    assert KEEPING(session) == 0
