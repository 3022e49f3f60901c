"""Who may hand a role out: its application's owner always, and as the role says others that use the application.

Whoever hands out is an organisation: a rule's owner, or one over which somebody holds ``rights.grant``. ``Handing``
answers for one of them, over what was loaded; ``may`` is the same as a condition, and ``offered`` for any organisation
of a part. What a role includes is handed out with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, true
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.access.model.role import Application, ApplicationEnabled, Role
from iam.database.statement import Rows
from iam.database.types import UtcDateTime
from iam.directory.organisation import Organisation, OrganisationClosure
from iam.directory.queries import holds_at
from iam.errors import Invalid
from iam.texts import N_

Over = Callable[[UUID, UUID], bool]
"""Whether the first organisation is the second or stands above it."""


@dataclass(frozen=True, slots=True)
class Handing:
    """What a role says of who may hand it out; ``enabled`` are the organisations for which its application is
    enabled."""

    handed_out: str
    owner_id: UUID
    enabled: frozenset[UUID] = frozenset()

    def by(self, organisation_id: UUID, over: Over) -> bool:
        """Whether this organisation may hand the role out."""
        if over(organisation_id, self.owner_id):
            return True
        if self.handed_out == "owner":
            return False
        if organisation_id in self.enabled:
            return True
        return self.handed_out == "parts" and any(over(one, organisation_id) for one in self.enabled)

    def refusal(self, role: str, owner: str, field: str) -> Problem:
        """Return what to tell one who may not hand out ``role``; ``owner`` names the application's owner."""
        message, remedy = _REFUSALS[self.handed_out]
        return Problem(message, remedy, field=field, params={"role": role, "owner": owner})


_REFUSALS = {
    "owner": (
        N_("Only %(owner)s hands out the role %(role)s."),
        N_("Choose another role, or ask %(owner)s to give this one."),
    ),
    "enabled": (
        N_(
            "The role %(role)s is handed out by %(owner)s and by the organisations for which its application "
            "is enabled."
        ),
        N_("Choose another role, or ask one of those organisations to give this one."),
    ),
    "parts": (
        N_(
            "The role %(role)s is handed out by %(owner)s, by the organisations for which its application is "
            "enabled and by those under them."
        ),
        N_("Choose another role, or ask %(owner)s to enable the application for your organisation."),
    ),
}


def above(session: Session, organisation_ids: Collection[UUID]) -> frozenset[tuple[UUID, UUID]]:
    """Return (ancestor, descendant) for these organisations, as the tree is now; one statement.

    An organisation that has not begun yet counts as standing where it will.
    """
    rows = session.execute(_above(), {"at": clock.now(), "organisations": list(organisation_ids)})
    return frozenset((ancestor, descendant) for ancestor, descendant in rows)


@cache
def _above() -> Rows:
    at, c, own = bindparam("at", type_=UtcDateTime()), OrganisationClosure, aliased(OrganisationClosure)
    begun = exists().where(own.ancestor_id == c.descendant_id, own.descendant_id == c.descendant_id, holds_at(own, at))
    theirs = c.descendant_id.in_(bindparam("organisations", expanding=True))
    when = c.valid_to > at, or_(c.valid_from <= at, ~begun)
    query: Rows = select(c.ancestor_id, c.descendant_id)
    return query.where(theirs, *when).distinct()


def offered(part: Part) -> ColumnElement[bool]:
    """The condition that an organisation of the part may hand a role out, in a query over ``Role`` and its
    ``Application``."""
    if part.everything:
        return true()
    e, c = ApplicationEnabled, OrganisationClosure
    of_it = e.application_id == Application.id
    above = select(c.ancestor_id).where(c.descendant_id.in_(part.granted), holds_at(c, clock.now()))
    return or_(
        part.covers(Application.owner_id),
        and_(Role.handed_out != "owner", exists().where(of_it, part.covers(e.organisation_id))),
        and_(Role.handed_out == "parts", exists().where(of_it, e.organisation_id.in_(above))),
    )


def may(organisation_id: Any, role_id: Any, at: Any) -> ColumnElement[bool]:
    """The condition that an organisation may hand a role out at ``at``."""
    e, c, app, role = ApplicationEnabled, aliased(OrganisationClosure), aliased(Application), aliased(Role)
    here = role.id == role_id, app.id == role.application_id
    enabled_, current = e.application_id == app.id, holds_at(c, at)
    over = exists().where(*here, c.ancestor_id == organisation_id, c.descendant_id == app.owner_id, current)
    itself = exists().where(*here, role.handed_out != "owner", enabled_, e.organisation_id == organisation_id)
    under = exists().where(
        *here,
        role.handed_out == "parts",
        enabled_,
        c.ancestor_id == e.organisation_id,
        c.descendant_id == organisation_id,
        current,
    )
    return or_(*(one.correlate_except(e, c, app, role) for one in (over, itself, under)))


def granter(session: Session, part: Part, role_id: UUID) -> UUID:
    """Return the organisation of a part that hands a role out; raises ``Invalid`` when none of it may."""
    query = (
        select(Role, Application, Organisation)
        .join(Application, Application.id == Role.application_id)
        .join(Organisation, Organisation.id == Application.owner_id)
        .where(Role.id == role_id)
    )
    role, application, owner = session.execute(query).one()
    if part.everything:
        return owner.id
    mine = select(Organisation.id).where(
        or_(Organisation.id.in_(part.granted), Organisation.id.in_(part.organisations()))
    )
    found = session.scalars(
        mine.where(may(Organisation.id, role_id, clock.now()))
        .order_by(Organisation.id.in_(part.granted).desc(), Organisation.id)
        .limit(1)
    ).first()
    if found is None:
        raise Invalid(Handing(role.handed_out, owner.id).refusal(f"{application.key}:{role.key}", owner.key, "role"))
    return found
