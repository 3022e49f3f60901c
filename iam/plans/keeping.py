"""How long plans are kept: names in their effects, and declarations and undoings that nobody decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from iam import clock
from iam.access.model.proposal import Proposal, waiting
from iam.audit import log
from iam.change import SYSTEM
from iam.directory.source import KeptReading, Run, Source
from iam.plans.plan import Plan, PlanEffect

DISCARDED = ("apply", "bulk", "undo")
"""Kinds of proposals that wait by themselves; of the others something stands on a page of its own."""
_SOME = 20


@dataclass(frozen=True, slots=True)
class Keeping:
    """A chore: whom a plan touched is forgotten ``names_days`` after it, its counts and digest stay; what nobody
    decided in ``discard_days`` waits no longer, and what a run read that waits is not kept longer."""

    names_days: int
    discard_days: int

    def __call__(self, session: Session) -> int:
        """Forget some that are due; return of how many plans."""
        return self._forget_names(session) + self._discard(session) + self._forget_readings(session)

    def _forget_names(self, session: Session) -> int:
        old = Plan.at < clock.now() - timedelta(days=self.names_days)
        due = select(Plan.id).where(old, exists().where(PlanEffect.plan_id == Plan.id)).limit(_SOME)
        plans = list(session.scalars(due))
        if plans:
            session.execute(delete(PlanEffect).where(PlanEffect.plan_id.in_(plans)))
        return len(plans)

    def _forget_readings(self, session: Session) -> int:
        old = select(Run.id).where(Run.started_at < clock.now() - timedelta(days=self.discard_days))
        query = delete(KeptReading).where(KeptReading.run_id.in_(old)).returning(KeptReading.source_id)
        done = set(session.scalars(query))
        for source_id in done:
            source = session.get_one(Source, source_id)
            told = {"kind": "source run", "key": source.key}
            log.write(session, "plan:change:discarded", SYSTEM, organisation_id=source.owner_id, envelope=told)
        return len(done)

    def _discard(self, session: Session) -> int:
        now = clock.now()
        old = Proposal.proposed_at < now - timedelta(days=self.discard_days)
        query = update(Proposal).where(Proposal.kind.in_(DISCARDED), waiting(), old)
        done = session.execute(
            query.values(withdrawn_at=now, sealed=None, shown=None).returning(
                Proposal.kind, Proposal.key, Proposal.digest, Proposal.owner_id
            )
        ).all()
        for kind, key, digest, owner_id in done:
            told = {"kind": kind, "key": key, "digest": digest}
            log.write(session, "plan:change:discarded", SYSTEM, organisation_id=owner_id, envelope=told)
        return len(done)
