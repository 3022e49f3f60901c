"""What a run would end besides affiliations: memberships and relationships. Computed, like the effects, before anything is written.

A fact lapses when its record no longer tells it, or tells an earlier end. One whose end has come as it was announced does not: nothing
in it changes. A membership belongs to its group's organisation, a relationship to the organisation that owns the source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    and_,
    case,
    exists,
    false,
    func,
    insert,
    literal,
    null,
    select,
    true,
    union,
    update,
)
from sqlalchemy.orm import Session

from iam.database.types import UtcDateTime, greatest
from iam.directory.affiliation import Group, Membership, Relationship
from iam.directory.organisation import Organisation
from iam.directory.source import Record, Source
from iam.lifecycle import staged
from iam.plans.plan import Plan, PlanEffect

MEMBERSHIP = "membership"
"""The kind under which memberships are counted; relationships are counted under their own kinds."""
Standing = Callable[[Any], list[ColumnElement[bool]]]
"""Returns the conditions that a version of a model stands."""
_NAMES = ("record_id", "person_id", "organisation_id", "kind", "valid_from", "valid_to", "held")


def compute(session: Session, source_id: UUID, now: datetime) -> None:
    """Fill ``st_lapse`` with the standing memberships and relationships of this source that would end."""
    session.execute(insert(staged.lapse).from_select(_NAMES, _memberships(source_id, now)))
    session.execute(insert(staged.lapse).from_select(_NAMES, _relationships(source_id, now)))


def _memberships(source_id: UUID, now: datetime) -> Select[Any]:
    m, g, st = Membership, Group, staged.membership
    same = and_(
        st.c.record_id == m.record_id, st.c.person_id == m.person_id, st.c.group_kind == g.kind, st.c.group_key == g.record_key,
    )  # fmt: skip
    return (
        select(m.record_id, m.person_id, g.organisation_id, literal(MEMBERSHIP), m.valid_from, _end(m, st, same, now), false())
        .join(g, g.id == m.group_id)
        .where(_told(m, source_id, now), ~_goes_on(m, st, same))
    )  # fmt: skip


def _relationships(source_id: UUID, now: datetime) -> Select[Any]:
    r, st = Relationship, staged.relationship
    same = and_(
        st.c.record_id == r.record_id, st.c.person_id == r.person_id, st.c.kind == r.kind, st.c.other_id == r.other_person_id
    )  # fmt: skip
    return (
        select(r.record_id, r.person_id, Source.owner_id, r.kind, r.valid_from, _end(r, st, same, now), false())
        .join(Source, Source.id == r.source_id)
        .where(_told(r, source_id, now), ~_goes_on(r, st, same))
    )


def _told(model: Any, source_id: UUID, now: datetime) -> Any:
    """The condition that this run says something of a fact that has not ended."""
    records = union(
        select(staged.record.c.record_id).where(staged.record.c.fresh.is_(False)), select(staged.gone.c.record_id)
    )
    return and_(
        model.closed_by.is_(None), model.source_id == source_id, model.valid_to > now,
        model.record_id.in_(select(records.subquery().c.record_id)),
    )  # fmt: skip


def _goes_on(model: Any, st: Any, same: Any) -> Exists:
    return exists().where(same, st.c.valid_to >= model.valid_to)


def _end(model: Any, st: Any, same: Any, now: datetime) -> Any:
    """The end that is told now; without one ``now``, or the start of what had not begun."""
    at_once = greatest(model.valid_from, literal(now, UtcDateTime()), type_=UtcDateTime())
    return func.coalesce(select(func.max(st.c.valid_to)).where(same).scalar_subquery(), at_once, type_=UtcDateTime())


def hold(session: Session, cells: list[tuple[UUID, str]]) -> None:
    """Mark the lapses of these organisations and kinds as held, and all those of a record of which an affiliation is held."""
    x, fx, r = staged.lapse, staged.effect, staged.record
    for organisation_id, kind in cells:
        session.execute(
            update(x).where(x.c.organisation_id == organisation_id, x.c.kind == kind).values(held=True)
        )  # fmt: skip
    session.execute(update(x).where(x.c.record_id.in_(select(fx.c.record_id).where(fx.c.held))).values(held=True))
    session.execute(update(r).where(r.c.record_id.in_(select(x.c.record_id).where(x.c.held))).values(held=True))


def ends(session: Session) -> Mapping[tuple[UUID, str], int]:
    """Return how many would end in each organisation, by kind."""
    x = staged.lapse
    rows = session.execute(
        select(x.c.organisation_id, x.c.kind, func.count()).where(~x.c.held).group_by(x.c.organisation_id, x.c.kind)
    )
    return {(organisation_id, kind): n for organisation_id, kind, n in rows}


def sizes(
    session: Session, source_id: UUID, standing: Standing, organisation_ids: Collection[UUID] | None = None
) -> dict[tuple[UUID, str], int]:
    """Return how many memberships and relationships of a source stand in each organisation, by kind.

    ``organisation_ids`` narrows it to some organisations.
    """
    m, r = Membership, Relationship
    of_groups = (
        select(Group.organisation_id, literal(MEMBERSHIP), func.count())
        .join(m, m.group_id == Group.id)
        .where(m.source_id == source_id, *standing(m))
        .group_by(Group.organisation_id)
    )
    of_persons = (
        select(Source.owner_id, r.kind, func.count())
        .join(r, r.source_id == Source.id)
        .where(Source.id == source_id, *standing(r))
        .group_by(Source.owner_id, r.kind)
    )
    if organisation_ids is not None:
        of_groups = of_groups.where(Group.organisation_id.in_(organisation_ids))
        of_persons = of_persons.where(Source.owner_id.in_(organisation_ids))
    rows = [*session.execute(of_groups), *session.execute(of_persons)]
    return {(organisation_id, kind): n for organisation_id, kind, n in rows}


def sizes_before(session: Session, source_id: UUID, standing: Standing) -> dict[tuple[UUID, str], int]:
    """Return ``sizes`` as they were before what would end now began to be replaced.

    Of a record that loses something only that counts: what came in its place, perhaps days ago while the end was held, would make the
    group look larger, and the loss smaller.
    """
    x = staged.lapse
    found = sizes(session, source_id, lambda model: [*standing(model), model.record_id.not_in(select(x.c.record_id))])
    for cell, n in ends(session).items():
        found[cell] = found.get(cell, 0) + n
    return found


def remember(session: Session, plan: Plan) -> None:
    """Keep the lapses as effects of the plan."""
    x = staged.lapse
    rows = select(
        func.uuid7(), literal(plan.id, PlanEffect.plan_id.type), literal("end"), x.c.held, x.c.person_id, x.c.organisation_id, x.c.kind,
        x.c.valid_from, x.c.valid_to,
    )  # fmt: skip
    names = [
        "id",
        "plan_id",
        "kind",
        "held",
        "person_id",
        "organisation_id",
        "affiliation_kind",
        "valid_from",
        "valid_to",
    ]
    session.execute(insert(PlanEffect).from_select(names, rows))


def counts(session: Session) -> dict[str, int]:
    """Return how many memberships and relationships would end: ``link_end``, and ``held_link_end`` of those that are held."""
    x = staged.lapse
    rows = session.execute(select(x.c.held, func.count()).group_by(x.c.held))
    return {"held_link_end" if held else "link_end": n for held, n in rows}


def lines(session: Session, now: datetime, *, held_only: bool) -> list[tuple[object, ...]]:
    """Return what a digest of the effects says of the lapses: of what ends ``now``, just that."""
    x = staged.lapse
    end = case((x.c.valid_to == literal(now, UtcDateTime()), null()), else_=x.c.valid_to)
    rows = session.execute(
        select(literal("end"), Record.key, Organisation.key, x.c.kind, x.c.valid_from, end)
        .join(Record, Record.id == x.c.record_id)
        .join(Organisation, Organisation.id == x.c.organisation_id)
        .where(x.c.held if held_only else true())
    )
    return [tuple(row) for row in rows]
