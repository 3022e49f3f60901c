"""How many people hold something, counted so far that a page costs the same in a town and in a country."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.model.assignment import Assignment
from iam.access.model.role import RoleClosure
from iam.access.model.rule import RuleVersion
from iam.access.pages.listing import theirs
from iam.access.right import held
from iam.directory.pages.listing import are_few

COUNTED = 5000
"""So many rights are looked at, alike for each that is counted; of more it is told that there are more."""


class Count(NamedTuple):
    """How many people; with ``more`` there may be more than that, who were not counted."""

    n: int
    more: bool


NOBODY = Count(0, False)


def of_roles(session: Session, part: Part, role_ids: Collection[UUID], *, few: bool | None = None) -> dict[UUID, Count]:
    """Return how many people of the part hold each role now, by itself or through another role; four statements, three
    where it is known whether there ``are_few``."""
    c, including = RoleClosure, dict[UUID, list[UUID]]()
    for role_id, included_id in session.execute(select(c.role_id, c.included_id).where(c.included_id.in_(role_ids))):
        including.setdefault(included_id, []).append(role_id)
    return _counts(session, part, {one: Assignment.role_id.in_(ids) for one, ids in including.items()}, few)


def of_rule(session: Session, part: Part, rule_id: UUID) -> Count:
    """Return how many people of the part hold something by a rule now; four statements."""
    versions = list(session.scalars(select(RuleVersion.id).where(RuleVersion.rule_id == rule_id)))
    return _counts(session, part, {rule_id: Assignment.rule_version_id.in_(versions)}).get(rule_id, NOBODY)


def _counts(
    session: Session, part: Part, which: Mapping[UUID, ColumnElement[bool]], few: bool | None = None
) -> dict[UUID, Count]:
    """Counts by key; ``which`` are the conditions on ``Assignment`` whose rows count for each.

    What is looked at is gathered first: all at once, the planner would ask of every right of the country whether it
    holds.
    """
    if not which:
        return {}
    if are_few(session, part) if few is None else few:
        return {key: Count(n, False) for key, n in _held(session, _of_few(part, which), part.lists(Assignment))}
    most = max(1, COUNTED // len(which))
    some = [_some(key, and_(condition, part.lists(Assignment)), most) for key, condition in which.items()]
    looked_at = union_all(*some).cte("looked_at").prefix_with("MATERIALIZED", dialect="postgresql")
    sizes: dict[UUID, int] = dict(
        session.execute(select(looked_at.c.key, func.count()).group_by(looked_at.c.key)).all()
    )
    found = dict(_held(session, looked_at))
    return {key: Count(found.get(key, 0), size > most) for key, size in sizes.items()}


def _held(session: Session, looked_at: CTE, *told: ColumnElement[bool]) -> list[tuple[UUID, int]]:
    """How many people there are by key, of what is looked at, holds now and may be ``told``."""
    people = held(clock.now()).join(looked_at, looked_at.c.id == Assignment.id).where(*told)
    counted = people.with_only_columns(looked_at.c.key, func.count(Assignment.person_id.distinct()))
    return [(key, n) for key, n in session.execute(counted.group_by(looked_at.c.key))]


def _of_few(part: Part, which: Mapping[UUID, ColumnElement[bool]]) -> CTE:
    """Everything that people of a small part have: they are few, and each has little."""
    a, some = Assignment, theirs(part)
    each = [
        select(literal(key).label("key"), a.id).join(some, some.c.id == a.id).where(of) for key, of in which.items()
    ]
    return union_all(*each).cte("looked_at").prefix_with("MATERIALIZED", dialect="postgresql")


def _some(key: UUID, condition: ColumnElement[bool], most: int) -> Any:
    a = Assignment
    some = select(literal(key).label("key"), a.id).where(condition, a.closed_by.is_(None)).limit(most + 1).subquery()
    return select(some.c.key, some.c.id)
