"""How many people hold something, counted so far that a page costs the same in a town and in a country."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.model.assignment import Assignment
from iam.access.model.role import RoleClosure
from iam.access.model.rule import RuleVersion
from iam.access.right import held

COUNTED = 5000
"""So many rights are looked at, alike for each that is counted; of more it is told that there are more."""


class Count(NamedTuple):
    """How many people; with ``more`` there may be more than that, who were not counted."""

    n: int
    more: bool


NOBODY = Count(0, False)


def of_roles(session: Session, part: Part, role_ids: Collection[UUID]) -> dict[UUID, Count]:
    """Return how many people of the part hold each role now, by itself or through another role; three statements."""
    c, including = RoleClosure, dict[UUID, list[UUID]]()
    for role_id, included_id in session.execute(select(c.role_id, c.included_id).where(c.included_id.in_(role_ids))):
        including.setdefault(included_id, []).append(role_id)
    return _counts(session, part, {one: Assignment.role_id.in_(ids) for one, ids in including.items()})


def of_rule(session: Session, part: Part, rule_id: UUID) -> Count:
    """Return how many people of the part hold something by a rule now; three statements."""
    versions = list(session.scalars(select(RuleVersion.id).where(RuleVersion.rule_id == rule_id)))
    return _counts(session, part, {rule_id: Assignment.rule_version_id.in_(versions)}).get(rule_id, NOBODY)


def _counts(session: Session, part: Part, which: Mapping[UUID, ColumnElement[bool]]) -> dict[UUID, Count]:
    """Counts by key; ``which`` are the conditions on ``Assignment`` whose rows count for each."""
    if not which:
        return {}
    most = max(1, COUNTED // len(which))
    looked_at = union_all(*(_some(key, condition, most) for key, condition in which.items())).cte("looked_at")
    sizes: dict[UUID, int] = dict(
        session.execute(select(looked_at.c.key, func.count()).group_by(looked_at.c.key)).all()
    )
    people = held(clock.now()).join(looked_at, looked_at.c.id == Assignment.id).where(part.lists(Assignment))
    counted = people.with_only_columns(looked_at.c.key, func.count(Assignment.person_id.distinct()))
    found: dict[UUID, int] = dict(session.execute(counted.group_by(looked_at.c.key)).all())
    return {key: Count(found.get(key, 0), size > most) for key, size in sizes.items()}


def _some(key: UUID, condition: ColumnElement[bool], most: int) -> Any:
    a = Assignment
    some = select(literal(key).label("key"), a.id).where(condition, a.closed_by.is_(None)).limit(most + 1).subquery()
    return select(some.c.key, some.c.id)
