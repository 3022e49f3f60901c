"""The tree as a page shows it: what lies right under some organisations, the first of each by name, and how many there
are; a country is never read whole."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.directory.organisation import Organisation, OrganisationPlace
from iam.directory.pages.listing import Visible, organisation_keys
from iam.directory.queries import holds_at


def first_under(
    session: Session, visible: Visible, parent_ids: Collection[UUID], language: str, most: int
) -> dict[UUID, list[Organisation]]:
    """Return the first organisations by name right under each of ``parent_ids`` now, at most so many of each; one
    statement."""
    p = OrganisationPlace
    order = func.row_number().over(partition_by=p.parent_id, order_by=organisation_keys(language))
    numbered: Any = (
        select(p.parent_id, p.organisation_id, order.label("n"))
        .join(Organisation, Organisation.id == p.organisation_id)
        .where(*_under(parent_ids), visible.covers(p.organisation_id))
        .subquery()
    )
    query = select(numbered.c.parent_id, Organisation).join(Organisation, Organisation.id == numbered.c.organisation_id)
    found: dict[UUID, list[Organisation]] = {}
    for parent_id, row in session.execute(query.where(numbered.c.n <= most).order_by(numbered.c.n)):
        found.setdefault(parent_id, []).append(row)
    return found


def numbers_under(session: Session, visible: Visible, parent_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many organisations lie right under each of ``parent_ids`` now, but for those with none; one
    statement."""
    p = OrganisationPlace
    query = select(p.parent_id, func.count()).where(*_under(parent_ids), visible.covers(p.organisation_id))
    return {id_: n for id_, n in session.execute(query.group_by(p.parent_id)) if id_ is not None}


def _under(parent_ids: Collection[UUID]) -> tuple[Any, ...]:
    p = OrganisationPlace
    return p.parent_id.in_(parent_ids), p.closed_by.is_(None), holds_at(p, clock.now())
