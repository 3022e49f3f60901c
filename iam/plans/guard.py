"""The guard: what takes much from many at once waits for a second administrator, while starts go through (design 4.9).

Per source x organisation x kind of affiliation, of relationship, memberships, and names, e-mail addresses and identity
codes that change: losses from now on above max(5, 1 %) summed over seven days, or above 20 % of a group of five or
more, are held. An absence counts in the share only: July is no accident. On by default for every source.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.directory.affiliation import RELATIONSHIP_KINDS
from iam.directory.organisation import Organisation
from iam.lifecycle import feed, staged
from iam.lifecycle.facts import profiles
from iam.lifecycle.facts.difference import ABSENT
from iam.lifecycle.facts.kinds import MEMBERSHIP
from iam.plans.group_sizes import WINDOW, Cell, judged
from iam.plans.plan import Plan, PlanEffect
from iam.texts import N_

FEW, SHARE, STEEP, GROUP = 5, 0.01, 0.20, 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the losses of one organisation and label are held; ``absences``: those too, or only what is no absence."""

    organisation_id: UUID
    label: str
    absences: bool
    problem: Problem


@dataclass(frozen=True, slots=True)
class Losses:
    """What one group would lose: for good, and by an absence."""

    lasting: int
    absent: int

    @property
    def all(self) -> int:
        """Both together."""
        return self.lasting + self.absent


def judge(size: int, losses: int, lost_before: int, absent: int = 0) -> tuple[int, str | None]:
    """Return the limit, and which one the losses break (``seven days`` or ``share``), if any; pure.

    ``size`` is the group before the run, ``losses`` what it takes for good, ``lost_before`` what was lost in the six
    days before, ``absent`` what an absence takes.
    """
    limit = max(FEW, int(SHARE * size))
    if losses and losses + lost_before > limit:
        return limit, "seven days"
    if size >= GROUP and losses + absent > STEEP * size:
        return int(STEEP * size), "share"
    return limit, None


def verdicts(session: Session, source_id: UUID, now: datetime) -> list[Verdict]:
    """Return what must be held, each with its reason in words."""
    losses = _losses(session)
    if not losses:
        return []
    sizes = judged(session, source_id, {cell: one.all for cell, one in losses.items()}, _of_others, now)
    before, names = (
        _before(session, source_id, now),
        _names(session, {organisation_id for organisation_id, _ in losses}),
    )
    found = []
    for cell, one in sorted(losses.items(), key=lambda item: str(item[0])):
        size, lost = sizes.get(cell, 0), before.get(cell, 0)
        limit, broken = judge(size, one.lasting, lost, one.absent)
        if broken is not None:
            ends = one.all if broken == "share" else one.lasting
            params = {"organisation": names[cell[0]], "size": size, "ends": ends, "all": ends + lost, "limit": limit}
            found.append(Verdict(*cell, broken == "share", _words(cell[1], broken, params)))
    return found


_NEXT = N_("Let a second administrator look at it and accept it.")
_AT_ONCE = {
    "affiliation": N_(
        "%(organisation)s: %(ends)s of %(size)s affiliations would lose something, the limit is %(limit)s at "
        "once. Those that start were applied."
    ),
    "membership": N_(
        "%(organisation)s: %(ends)s of %(size)s memberships would end, the limit is %(limit)s at once. Those "
        "that start were applied."
    ),
    "relationship": N_(
        "%(organisation)s: %(ends)s of %(size)s relationships would end, the limit is %(limit)s at once. "
        "Those that start were applied."
    ),
    "name": N_("%(organisation)s: %(ends)s of %(size)s people would get another name, the limit is %(limit)s at once."),
    "email": N_(
        "%(organisation)s: %(ends)s of %(size)s people would get another e-mail address, the limit is "
        "%(limit)s at once."
    ),
    "identity-code": N_(
        "%(organisation)s: %(ends)s of %(size)s people would get another personal identity code, the limit is "
        "%(limit)s at once."
    ),
}
_IN_SEVEN_DAYS = {
    "affiliation": N_(
        "%(organisation)s: %(ends)s affiliations would lose something, %(all)s in seven days; the limit is "
        "%(limit)s. Those that start were applied."
    ),
    "membership": N_(
        "%(organisation)s: %(ends)s memberships would end, %(all)s in seven days; the limit is %(limit)s. "
        "Those that start were applied."
    ),
    "relationship": N_(
        "%(organisation)s: %(ends)s relationships would end, %(all)s in seven days; the limit is %(limit)s. "
        "Those that start were applied."
    ),
    "name": N_(
        "%(organisation)s: %(ends)s people would get another name, %(all)s in seven days; the limit is %(limit)s."
    ),
    "email": N_(
        "%(organisation)s: %(ends)s people would get another e-mail address, %(all)s in seven days; the limit "
        "is %(limit)s."
    ),
    "identity-code": N_(
        "%(organisation)s: %(ends)s people would get another personal identity code, %(all)s in seven days; "
        "the limit is %(limit)s."
    ),
}


def _words(label: str, broken: str, params: Mapping[str, object]) -> Problem:
    known = label == MEMBERSHIP or label in profiles.LABELS
    what = label if known else "relationship" if label in RELATIONSHIP_KINDS else "affiliation"
    return Problem((_AT_ONCE if broken == "share" else _IN_SEVEN_DAYS)[what], _NEXT, params=params)


def hold(session: Session, held: list[Verdict]) -> None:
    """Hold the losses of these verdicts, and every other loss of the same records."""
    fx = staged.effect
    for one in held:
        which = [fx.c.loss.is_not(None), fx.c.organisation_id == one.organisation_id, fx.c.label == one.label]
        if not one.absences:
            which.append(fx.c.loss != ABSENT)
        session.execute(update(fx).where(*which).values(held=True))
    if held:
        _with_their_records(session)


def _with_their_records(session: Session) -> None:
    fx, other = staged.effect, staged.effect.alias()
    whose = select(other.c.record_id).where(other.c.held, other.c.record_id.is_not(None))
    session.execute(update(fx).where(fx.c.loss.is_not(None), fx.c.record_id.in_(whose)).values(held=True))
    # A description is of a person, who is held in every organisation or in none.
    person = select(other.c.person_id).where(other.c.held, other.c.fact == profiles.FACT, other.c.label == fx.c.label)
    session.execute(update(fx).where(fx.c.fact == profiles.FACT, fx.c.person_id.in_(person)).values(held=True))
    feed.hold_records(session)


def held(session: Session) -> bool:
    """Whether an effect is held."""
    return bool(session.scalar(select(exists().where(staged.effect.c.held))))


def hold_everything(session: Session) -> None:
    """Hold every effect: a first run is shown before it is applied."""
    session.execute(update(staged.effect).values(held=True))


def _losses(session: Session) -> Mapping[Cell, Losses]:
    fx = staged.effect.c
    absent = func.sum(case((fx.loss == ABSENT, 1), else_=0))
    rows = session.execute(
        select(fx.organisation_id, fx.label, func.count(), absent)
        .where(fx.loss.is_not(None), ~fx.held, fx.organisation_id.is_not(None))
        .group_by(fx.organisation_id, fx.label)
    )
    return {(organisation_id, label): Losses(n - gone, gone) for organisation_id, label, n, gone in rows}


def _of_others(model: Any) -> Collection[ColumnElement[bool]]:
    fx = staged.effect.c
    losing = select(fx.record_id).where(fx.loss.is_not(None), fx.record_id.is_not(None))
    return [or_(model.record_id.is_(None), model.record_id.not_in(losing))]


def _before(session: Session, source_id: UUID, now: datetime) -> Mapping[Cell, int]:
    e = PlanEffect
    stands = and_(Plan.state.in_(("applied", "partly")), Plan.undone_by.is_(None))
    recent = and_(Plan.source_id == source_id, Plan.at > now - WINDOW, stands)
    lasting = or_(and_(e.loss.is_not(None), e.loss != ABSENT), and_(e.loss.is_(None), e.kind.in_(("end", "move"))))
    rows = session.execute(
        select(e.organisation_id, e.affiliation_kind, func.count())
        .join(Plan, Plan.id == e.plan_id)
        .where(recent, lasting, e.held == false(), e.affiliation_kind.is_not(None), Plan.approved_by.is_(None))
        .group_by(e.organisation_id, e.affiliation_kind)
    )
    return {(organisation_id, str(kind)): n for organisation_id, kind, n in rows}


def _names(session: Session, ids: set[UUID]) -> Mapping[UUID, Mapping[str, str]]:
    return {row.id: row.names for row in session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
