"""What the pages on sources and runs read: queries narrowed to the asker's part, and a constant number of statements a
page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam import clock
from iam.database.types import least_uuid7
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.pages.listing import Visible
from iam.directory.queries import known
from iam.directory.source import Ambiguity, Run, RunReject, Source, SourceOpening
from iam.errors import NotFound
from iam.plans import group_sizes
from iam.plans.plan import Plan, PlanEffect

GOOD = ("done", "partial")
WAITING = ("held", "stopped")
SOURCE_KEYS = (Source.key, Source.id)
RUN_KEYS = (Run.id,)
AMBIGUITY_KEYS = (Ambiguity.id,)
BATCH = 1000
MOST_RUNS = 10_000
_JUST_BEFORE = timedelta(microseconds=1)
_NO_SOURCE = Problem("There is no such source, or it is outside your part.")
_NO_RUN = Problem("There is no such run, or it is outside your part.")


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run does to the people of one organisation and kind; ``size`` is how many the source had there before
    it."""

    organisation_id: UUID
    kind: str
    starts: int
    ends: int
    moves: int
    changes: int
    losses: int
    held: int
    size: int

    @property
    def share(self) -> float:
        """The share of the group that loses something, 0 to 1; all of it when the group was empty and still something
        is lost."""
        return min(1.0, self.losses / self.size) if self.size else float(self.losses > 0)


@dataclass(frozen=True, slots=True)
class RightTally:
    """How many people gain and lose a role in an organisation by a run."""

    organisation_id: UUID
    role_id: UUID
    gained: int
    lost: int


def newest_real() -> Any:
    """The id of a source's newest run that was no dry run, inside a query of sources."""
    run = aliased(Run)
    of_source = select(run.id).where(run.source_id == Source.id, ~run.dry_run)
    return of_source.order_by(run.id.desc()).limit(1).correlate(Source).scalar_subquery()


def last_good() -> Any:
    """When a source's last good run ended, inside a query of sources."""
    run = aliased(Run)
    good = select(run.ended_at).where(run.source_id == Source.id, run.state.in_(GOOD), ~run.dry_run)
    return good.order_by(run.id.desc()).limit(1).correlate(Source).scalar_subquery()


def sources(visible: Visible) -> Any:
    """Select the sources of the asker's part with owner, last run and the end of the last good run; order
    ``SOURCE_KEYS``."""
    last = (
        select(Run.id)
        .where(Run.source_id == Source.id)
        .order_by(Run.id.desc())
        .limit(1)
        .correlate(Source)
        .scalar_subquery()
    )
    query: Any = (
        select(Source, Organisation, Run, last_good().label("good"))
        .select_from(Source)
        .join(Organisation, Organisation.id == Source.owner_id)
        .outerjoin(Run, Run.id == last)
        .where(visible.covers(Source.owner_id))
    )
    return query


def source_of(session: Session, visible: Visible, key: str) -> Any:
    """Return a source as ``sources`` does: the row (source, owner, last run, last good); raises ``NotFound``."""
    row = session.execute(sources(visible).where(Source.key == key)).one_or_none()
    if row is None:
        raise NotFound(_NO_SOURCE)
    return row


def opened(session: Session, organisation_id: UUID) -> list[tuple[SourceOpening, Source, Organisation]]:
    """Return what opens an organisation to sources now or later, at it or above it, with the source and its owner; by
    the source's key."""
    o, now = SourceOpening, clock.now()
    query = (
        select(o, Source, Organisation)
        .join(Source, Source.id == o.source_id)
        .join(Organisation, Organisation.id == Source.owner_id)
        .where(o.closed_by.is_(None), o.valid_to > now, _over(o.organisation_id, organisation_id))
        .order_by(Source.key, o.valid_from)
    )
    return [(row, source, owner) for row, source, owner in session.execute(query)]


def beyond(session: Session, visible: Visible, organisation_id: UUID, most: int) -> list[tuple[Source, Organisation]]:
    """Return the first sources of the asker's part that do not speak in an organisation by their owner, with their
    owners; by key."""
    query = (
        select(Source, Organisation)
        .join(Organisation, Organisation.id == Source.owner_id)
        .where(visible.covers(Source.owner_id), ~_over(Source.owner_id, organisation_id))
        .order_by(Source.key)
        .limit(most)
    )
    return [(source, owner) for source, owner in session.execute(query)]


def _over(above: Any, organisation_id: UUID) -> ColumnElement[bool]:
    """The condition that an organisation stands over another now, or is it."""
    c, now = OrganisationClosure, clock.now()
    stands = c.ancestor_id == above, c.descendant_id == organisation_id, c.valid_from <= now, c.valid_to > now
    return exists().where(*stands)


def runs(source_id: UUID) -> Select[Any]:
    """Select the runs of a source; order ``RUN_KEYS``, newest first."""
    return select(Run).where(Run.source_id == source_id)


def run_of(session: Session, visible: Visible, run_id: UUID) -> tuple[Run, Source]:
    """Return a run and its source; raises ``NotFound``, also when the source lies outside the part."""
    query = (
        select(Run, Source)
        .join(Source, Source.id == Run.source_id)
        .where(Run.id == run_id, visible.covers(Source.owner_id))
    )
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(_NO_RUN)
    return row[0], row[1]


def previous(session: Session, run: Run) -> Run | None:
    """Return the last good run before this one."""
    query = (
        runs(run.source_id).where(Run.id < run.id, Run.state.in_(GOOD), ~Run.dry_run).order_by(Run.id.desc()).limit(1)
    )
    return session.scalars(query).first()


def rows_of_last_good(session: Session, key: str) -> int | None:
    """Return how many rows the last good run of a source had; None: there was none."""
    good = select(Run.counts).join(Source, Source.id == Run.source_id)
    query = good.where(Source.key == key, Run.state.in_(GOOD), ~Run.dry_run).order_by(Run.id.desc()).limit(1)
    counts = session.scalars(query).first()
    return None if counts is None else counts.get("rows")


def waiting(session: Session, source_id: UUID) -> Run | None:
    """Return the last real run when something of it waits for a second administrator."""
    last = session.scalars(runs(source_id).where(~Run.dry_run).order_by(Run.id.desc()).limit(1)).first()
    return last if last is not None and last.state in WAITING and last.digest is not None else None


def ran_since(
    session: Session, source_ids: Collection[UUID], since: datetime
) -> Sequence[tuple[UUID, datetime, str, dict[str, Any]]]:
    """Return the ended real runs of these sources since an instant, the oldest first: source, start, state, counts; of
    very many the newest. One statement."""
    query = (
        select(Run.source_id, Run.started_at, Run.state, Run.counts)
        .where(Run.source_id.in_(source_ids), Run.id >= least_uuid7(since), Run.started_at >= since)
        .where(~Run.dry_run, Run.state != "running")
        .order_by(Run.id.desc())
        .limit(MOST_RUNS)
    )
    return [(row[0], row[1], row[2], row[3]) for row in reversed(session.execute(query).all())]


def newest(session: Session, source_id: UUID) -> UUID | None:
    """Return the id of the newest run of a source, a dry run too."""
    return session.scalar(select(Run.id).where(Run.source_id == source_id).order_by(Run.id.desc()).limit(1))


def rejects(session: Session, run_id: UUID, after: int, size: int) -> list[RunReject]:
    """Return ``size`` rejected rows with numbers above ``after``; they are numbered from 1 without gaps."""
    query = select(RunReject).where(RunReject.run_id == run_id, RunReject.n > after).order_by(RunReject.n).limit(size)
    return list(session.scalars(query))


def places(visible: Visible, plan_id: UUID, *, rights: bool) -> Select[Any]:
    """Select the organisations of the asker's part in which a plan has effects: on affiliations, or with ``rights`` on
    rights."""
    e = PlanEffect
    here = exists().where(e.plan_id == plan_id, e.organisation_id == Organisation.id, _about(rights), _told(visible))
    return select(Organisation).where(here, visible.covers(Organisation.id))


def _told(visible: Visible) -> ColumnElement[bool]:
    """The condition that an effect may be told of: nobody protected is, and no child of whom it speaks through a
    guardian."""
    return visible.tells_kin(PlanEffect.person_id, PlanEffect.organisation_id)


def _about(rights: bool) -> ColumnElement[bool]:
    return PlanEffect.role_id.is_not(None) if rights else PlanEffect.affiliation_kind.is_not(None)


def tallies(session: Session, visible: Visible, plan: Plan, organisation_ids: Collection[UUID]) -> list[Tally]:
    """Return what a plan does in these organisations, by kind of affiliation or relationship, and for memberships; four
    statements."""
    e = PlanEffect
    counts: list[ColumnElement[Any]] = [_count(e.kind == kind) for kind in ("start", "end", "move", "change")]
    counts.append(_count(or_(e.loss.is_not(None), e.kind.in_(("end", "move")))))
    rows: Sequence[Any] = session.execute(
        select(e.organisation_id, e.affiliation_kind, *counts, _count(e.held))
        .where(e.plan_id == plan.id, _about(False), e.organisation_id.in_(organisation_ids), _told(visible))
        .group_by(e.organisation_id, e.affiliation_kind)
        .order_by(e.affiliation_kind)
    ).all()
    sizes = _sizes(session, visible, plan, organisation_ids)
    return [Tally(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], sizes.get((r[0], r[1]), 0)) for r in rows]


def _count(condition: Any) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _sizes(
    session: Session, visible: Visible, plan: Plan, organisation_ids: Collection[UUID]
) -> dict[tuple[UUID, str], int]:
    """How many the source had there just before the plan, by what was known then."""
    if plan.source_id is None:
        return {}

    def which(model: Any) -> list[ColumnElement[bool]]:
        told = [visible.tells(model.person_id, model.organisation_id)] if model is Affiliation else []
        return [*_stood(model, plan), *told]

    return group_sizes.stated(session, plan.source_id, which, organisation_ids)


def _stood(model: Any, plan: Plan) -> list[ColumnElement[bool]]:
    return [model.valid_to > plan.at, known(model, plan.at - _JUST_BEFORE)]


def right_tallies(
    session: Session, visible: Visible, plan_id: UUID, organisation_ids: Collection[UUID]
) -> list[RightTally]:
    """Return the rights a plan gives and takes in these organisations, by role; one statement."""
    e = PlanEffect
    rows: Sequence[Any] = session.execute(
        select(e.organisation_id, e.role_id, _count(e.kind == "gain"), _count(e.kind == "lose"))
        .where(e.plan_id == plan_id, _about(True), e.organisation_id.in_(organisation_ids), _told(visible))
        .group_by(e.organisation_id, e.role_id)
    ).all()
    return [RightTally(*row) for row in rows]


def effects(session: Session, visible: Visible, plan_id: UUID) -> Iterator[list[tuple[PlanEffect, Organisation]]]:
    """Yield all effects of a plan that may be told in the asker's part with their organisation, in batches of
    ``BATCH``."""
    last: UUID | None = None
    while True:
        query = (
            select(PlanEffect, Organisation)
            .join(Organisation, Organisation.id == PlanEffect.organisation_id)
            .where(PlanEffect.plan_id == plan_id, visible.covers(Organisation.id), _told(visible))
            .order_by(PlanEffect.id)
            .limit(BATCH)
        )
        rows = session.execute(query if last is None else query.where(PlanEffect.id > last))
        batch = [(effect, organisation) for effect, organisation in rows]
        if batch:
            last = batch[-1][0].id
            yield batch
        if len(batch) < BATCH:
            return


def ambiguities(source_id: UUID, *, undecided: bool) -> Select[Any]:
    """Select the records of a source whose person cannot be told; the undecided, or the decided ones."""
    decided = Ambiguity.decided_person_id
    return select(Ambiguity).where(
        Ambiguity.source_id == source_id, decided.is_(None) if undecided else decided.is_not(None)
    )


def undecided(session: Session, source_id: UUID) -> int:
    """Return how many records of a source wait for somebody to say whose they are."""
    query = select(func.count()).where(Ambiguity.source_id == source_id, Ambiguity.decided_person_id.is_(None))
    return session.scalar(query) or 0
