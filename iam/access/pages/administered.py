"""Who administers an organisation, as far as who asks may know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from iam import clock
from iam.access.administration import Part
from iam.access.model.assignment import AdminGrant
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.protected import is_protected
from iam.directory.queries import holds_at


class Administrator(NamedTuple):
    """Somebody with the permissions they hold over an organisation until the same day."""

    person_id: UUID
    organisation: Organisation
    permissions: Sequence[str]
    until: datetime


def over(
    session: Session, parts: tuple[Part, Part], organisation_id: UUID, most: int
) -> tuple[list[Administrator], int]:
    """Return who administers an organisation now by a grant over it or one above it, and how many others there are; two
    statements.

    ``parts`` are those in which who asks sees organisations and people: a grant over what lies above the first, and
    people outside the second, are only counted, and so are protected persons.
    """
    organisations, people = parts
    g, c = AdminGrant, OrganisationClosure
    above = select(c.ancestor_id).where(c.descendant_id == organisation_id, holds_at(c, clock.now()))
    held = g.closed_by.is_(None), holds_at(g, clock.now()), g.organisation_id.in_(above)
    if not people:
        return [], session.scalar(select(func.count(g.person_id.distinct())).where(*held)) or 0
    known = organisations.covers(g.organisation_id) & people.shows(g.person_id) & ~is_protected(g.person_id)
    rows: Any = session.execute(
        select(g.person_id, Organisation, g.permission, g.valid_to)
        .join(Organisation, Organisation.id == g.organisation_id)
        .where(*held, known)
        .order_by(g.person_id, g.permission)
        .limit(most)
    )
    found: dict[tuple[UUID, UUID, date], Administrator] = {}
    for person_id, organisation, permission, until in rows:
        place = person_id, organisation.id, clock.last_day(until)
        line = found.get(place) or Administrator(person_id, organisation, [], until)
        found[place] = line._replace(permissions=[*line.permissions, permission])
    everybody = session.scalar(select(func.count(g.person_id.distinct())).where(*held)) or 0
    return list(found.values()), everybody - len({one.person_id for one in found.values()})
