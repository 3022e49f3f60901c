"""The guard: too many ends at once wait for a second administrator, while starts go through (design 4.9).

Per source x organisation x kind of affiliation, memberships and kind of relationship: ends and moves above max(5, 1 %) summed over
seven days, or above 20 % of a group of five or more, are held. On by default for every source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, update
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.directory.affiliation import RELATIONSHIP_KINDS, Affiliation
from iam.directory.organisation import Organisation
from iam.lifecycle import staged
from iam.plans import lapses
from iam.plans.plan import Plan, PlanEffect
from iam.texts import N_

FEW, SHARE, STEEP, GROUP = 5, 0.01, 0.20, 5
WINDOW = timedelta(days=7)
Cell = tuple[UUID, str]
"""An organisation, and a kind of affiliation or relationship or ``membership``."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why the ends of one organisation and kind are held."""

    organisation_id: UUID
    kind: str
    ends: int
    limit: int
    problem: Problem


def judge(size: int, ends: int, ended_before: int) -> tuple[int, str | None]:
    """Return the limit, and which one ``ends`` breaks (``seven days`` or ``share``), if any; pure.

    ``size`` is the group before the run, ``ended_before`` what ended in the six days before this run.
    """
    limit = max(FEW, int(SHARE * size))
    if ends and ends + ended_before > limit:
        return limit, "seven days"
    if size >= GROUP and ends > STEEP * size:
        return int(STEEP * size), "share"
    return limit, None


def verdicts(session: Session, source_id: UUID, now: datetime) -> list[Verdict]:
    """Return what must be held, each with its reason in words."""
    ends = {**_ends(session), **lapses.ends(session)}
    if not ends:
        return []
    sizes, before = _sizes(session, source_id, now), _before(session, source_id, now)
    names = _names(session, {organisation_id for organisation_id, _ in ends})
    found = []
    for cell, n in sorted(ends.items(), key=lambda item: str(item[0])):
        size, ended = sizes.get(cell, 0), before.get(cell, 0)
        limit, broken = judge(size, n, ended)
        if broken is not None:
            params = {"organisation": names[cell[0]], "size": size, "ends": n, "all": n + ended, "limit": limit}
            found.append(Verdict(cell[0], cell[1], n, limit, _words(cell[1], broken, params)))
    return found


_NEXT = N_("Let a second administrator look at it and accept it.")
_AT_ONCE = {
    "affiliation": N_("%(organisation)s: %(ends)s of %(size)s affiliations would end, the limit is %(limit)s at once. Those that start were applied."),
    "membership": N_("%(organisation)s: %(ends)s of %(size)s memberships would end, the limit is %(limit)s at once. Those that start were applied."),
    "relationship": N_("%(organisation)s: %(ends)s of %(size)s relationships would end, the limit is %(limit)s at once. Those that start were applied."),
}  # fmt: skip
_IN_SEVEN_DAYS = {
    "affiliation": N_("%(organisation)s: %(ends)s affiliations would end, %(all)s in seven days; the limit is %(limit)s. Those that start were applied."),
    "membership": N_("%(organisation)s: %(ends)s memberships would end, %(all)s in seven days; the limit is %(limit)s. Those that start were applied."),
    "relationship": N_("%(organisation)s: %(ends)s relationships would end, %(all)s in seven days; the limit is %(limit)s. Those that start were applied."),
}  # fmt: skip


def _words(kind: str, broken: str, params: Mapping[str, object]) -> Problem:
    what = (
        lapses.MEMBERSHIP
        if kind == lapses.MEMBERSHIP
        else "relationship"
        if kind in RELATIONSHIP_KINDS
        else "affiliation"
    )
    return Problem((_AT_ONCE if broken == "share" else _IN_SEVEN_DAYS)[what], _NEXT, params=params)


def hold(session: Session, held: list[Verdict]) -> None:
    """Mark the effects of these verdicts as held."""
    fx = staged.effect
    for verdict in held:
        session.execute(
            update(fx)
            .where(
                fx.c.kind.in_(("end", "move")),
                fx.c.organisation_id == verdict.organisation_id,
                fx.c.affiliation_kind == verdict.kind,
            )
            .values(held=True)
        )
    r = staged.record
    session.execute(update(r).where(r.c.record_id.in_(select(fx.c.record_id).where(fx.c.held))).values(held=True))
    lapses.hold(session, [(verdict.organisation_id, verdict.kind) for verdict in held])


def hold_everything(session: Session) -> None:
    """Mark every effect as held: a first run is shown before it is applied."""
    session.execute(update(staged.effect).values(held=True))
    session.execute(update(staged.lapse).values(held=True))


def _ends(session: Session) -> Mapping[Cell, int]:
    fx = staged.effect
    ends = or_(fx.c.kind == "end", fx.c.kind == "move")
    rows = session.execute(
        select(fx.c.organisation_id, fx.c.affiliation_kind, func.count())
        .where(ends, ~fx.c.held)
        .group_by(fx.c.organisation_id, fx.c.affiliation_kind)
    )
    return {(organisation_id, kind): n for organisation_id, kind, n in rows}


def _sizes(session: Session, source_id: UUID, now: datetime) -> Mapping[Cell, int]:
    a = Affiliation
    rows = session.execute(
        select(a.organisation_id, a.kind, func.count())
        .where(a.source_id == source_id, *_standing(a, now))
        .group_by(a.organisation_id, a.kind)
    )
    found = {(organisation_id, kind): n for organisation_id, kind, n in rows}
    return found | lapses.sizes_before(session, source_id, lambda model: _standing(model, now))


def _standing(model: Any, now: datetime) -> list[ColumnElement[bool]]:
    return [model.closed_by.is_(None), model.valid_to > now]


def _before(session: Session, source_id: UUID, now: datetime) -> Mapping[Cell, int]:
    e = PlanEffect
    recent = and_(Plan.source_id == source_id, Plan.at > now - WINDOW, Plan.state.in_(("applied", "partly")))
    rows = session.execute(
        select(e.organisation_id, e.affiliation_kind, func.count())
        .join(Plan, Plan.id == e.plan_id)
        .where(
            recent,
            e.kind.in_(("end", "move")),
            e.held == false(),
            e.affiliation_kind.is_not(None),
            Plan.approved_by.is_(None),
        )
        .group_by(e.organisation_id, e.affiliation_kind)
    )
    return {(organisation_id, str(kind)): n for organisation_id, kind, n in rows}


def _names(session: Session, ids: set[UUID]) -> Mapping[UUID, str]:
    return {row.id: row.name_fi for row in session.scalars(select(Organisation).where(Organisation.id.in_(ids)))}
