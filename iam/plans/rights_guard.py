"""The guard of rights: whoever would lose a role in an organisation by a run, judged by organisation and role like any
group.

Facts are judged before anything is written; which rights rest on them is known only when they were derived. So a run is
written, judged and, where too many lose a role, taken back and written again without what those people lose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role, RoleVersion
from iam.access.right import version_known
from iam.access.rules.sentence import role_label
from iam.change import Change
from iam.directory.affiliation import Relationship
from iam.directory.organisation import Organisation
from iam.directory.queries import holds_at
from iam.lifecycle import feed, staged
from iam.plans.apply import Right
from iam.plans.group_sizes import WINDOW, known_then, of_both
from iam.plans.guard import judge
from iam.plans.plan import Plan, PlanEffect
from iam.texts import N_

Cell = tuple[UUID, UUID]
"""An organisation and a role."""
_SOME = 10_000
_NEXT = N_("Let a second administrator look at it and accept it.")
_WORDS = {
    "share": N_(
        "%(organisation)s: %(ends)s of %(size)s people would lose the role %(role)s, the limit is %(limit)s at once."
    ),
    "seven days": N_(
        "%(organisation)s: %(ends)s people would lose the role %(role)s, %(all)s in seven days; the limit is %(limit)s."
    ),
}


def verdicts(session: Session, source_id: UUID, lost: Sequence[Right], now: datetime) -> dict[Cell, Problem]:
    """Return the cells in which too many lose a role, each with its reason in words; the run is written and derived."""
    counts = Counter((one.scope_id, one.role_id) for one in lost)
    if not counts:
        return {}
    a, then = Assignment, now - WINDOW
    left = _holders(session, counts, a.closed_by.is_(None), holds_at(a, now))
    once, before = _holders(session, counts, *_stood(then)), _before(session, source_id, counts, now)
    found: dict[Cell, tuple[str, dict[str, object]]] = {}
    gone = Counter((one.scope_id, one.role_id) for one in lost if one.valid_from <= now)
    for cell, n in counts.items():
        # Who loses it later is still among those who hold it.
        size = max(min(left.get(cell, 0) + gone[cell], once.get(cell, 0)), n)
        limit, broken = judge(size, n, before.get(cell, 0))
        if broken is not None:
            found[cell] = broken, {"size": size, "ends": n, "all": n + before.get(cell, 0), "limit": limit}
    names = _names(session, found)
    return {
        cell: Problem(_WORDS[broken], _NEXT, params={**params, **names[cell]})
        for cell, (broken, params) in found.items()
    }


def hold(session: Session, persons: Iterable[UUID]) -> None:
    """Hold whatever the run does to what these people have, or to those they are guardians of; what begins for them
    begins."""
    fx, r, whose = staged.effect, Relationship, sorted(set(persons))
    for n in range(0, len(whose), _SOME):
        part = whose[n : n + _SOME]
        children = select(r.other_person_id).where(r.person_id.in_(part), r.closed_by.is_(None))
        some = or_(fx.c.person_id.in_(part), fx.c.person_id.in_(children))
        session.execute(update(fx).where(some, or_(fx.c.kind != "start", fx.c.loss.is_not(None))).values(held=True))
    feed.hold_records(session)


def _stood(then: datetime) -> tuple[ColumnElement[bool], ...]:
    """What was held then, or that something else than a run has given since: a definition has a guard of its own."""
    a, opened, closed = Assignment, aliased(Change), aliased(Change)
    given = exists().where(opened.id == a.opened_by, opened.run_id.is_(None))
    lasted = or_(a.closed_by.is_(None), exists().where(closed.id == a.closed_by, closed.at > then))
    return of_both(a), or_(known_then(a, then), and_(given, lasted)), a.valid_to > then


def _holders(session: Session, cells: Collection[Cell], *which: ColumnElement[bool]) -> Mapping[Cell, int]:
    a, places, roles = Assignment, {place for place, _ in cells}, {role for _, role in cells}
    rows: Any = session.execute(
        select(a.scope_id, a.role_id, func.count(a.person_id.distinct()))
        .where(a.scope_id.in_(places), a.role_id.in_(roles), *which)
        .group_by(a.scope_id, a.role_id)
    )
    return {(scope_id, role_id): n for scope_id, role_id, n in rows}


def _before(session: Session, source_id: UUID, cells: Iterable[Cell], now: datetime) -> Mapping[Cell, int]:
    e, places = PlanEffect, {place for place, _ in cells}
    recent = (
        Plan.source_id == source_id,
        Plan.at > now - WINDOW,
        Plan.state.in_(("applied", "partly")),
        Plan.undone_by.is_(None),
        Plan.approved_by.is_(None),
    )
    rows: Any = session.execute(
        select(e.organisation_id, e.role_id, func.count())
        .join(Plan, Plan.id == e.plan_id)
        .where(*recent, e.organisation_id.in_(places), e.role_id.is_not(None), e.kind == "lose", ~e.held)
        .group_by(e.organisation_id, e.role_id)
    )
    return {(scope_id, role_id): n for scope_id, role_id, n in rows}


def _names(session: Session, cells: Iterable[Cell]) -> dict[Cell, dict[str, dict[str, str]]]:
    told = list(cells)
    rows = session.scalars(select(Organisation).where(Organisation.id.in_({one for one, _ in told})))
    places = {row.id: row.names for row in rows}
    query = (
        select(Role.id, Application.key, Application.name, Role.key, RoleVersion.name)
        .join(Application, Application.id == Role.application_id)
        .join(RoleVersion, and_(RoleVersion.role_id == Role.id, RoleVersion.n == version_known(Role.id)))
        .where(Role.id.in_({one for _, one in told}))
    )
    roles = {id_: role_label(*row) for id_, *row in session.execute(query)}
    return {cell: {"organisation": places[cell[0]], "role": roles[cell[1]]} for cell in told}
