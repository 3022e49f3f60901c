"""Which organisations let their people use an application: those for which it is enabled, and what is under them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, exists, select, union
from sqlalchemy.orm import Session

from iam.access.model.assignment import Assignment
from iam.access.model.role import ApplicationEnabled
from iam.database.statement import Statement
from iam.database.types import UtcDateTime
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import OrganisationClosure
from iam.directory.queries import holds_at


def lets_in(organisation_id: Any, application_id: Any, at: Any) -> ColumnElement[bool]:
    """The condition that an application is enabled for an organisation, or for one above it, at ``at``."""
    c, e = OrganisationClosure, ApplicationEnabled
    return exists().where(
        e.application_id == application_id,
        c.ancestor_id == e.organisation_id,
        c.descendant_id == organisation_id,
        holds_at(c, at),
    )


def around(session: Session, person_id: UUID, application_id: UUID, at: datetime) -> frozenset[UUID]:
    """Return which of the organisations a person is in, or has a right in, let their people use the application; one
    statement."""
    return frozenset(_AROUND.all(session, of_person=person_id, of_application=application_id, at=at))


def _around() -> Any:
    person, c = bindparam("of_person", type_=Uuid()), OrganisationClosure
    application, at = bindparam("of_application", type_=Uuid()), bindparam("at", type_=UtcDateTime())
    theirs = union(
        select(Affiliation.organisation_id).where(Affiliation.person_id == person, Affiliation.closed_by.is_(None)),
        select(Assignment.scope_id).where(Assignment.person_id == person, Assignment.closed_by.is_(None)),
    )
    return (
        select(c.descendant_id)
        .join(ApplicationEnabled, ApplicationEnabled.organisation_id == c.ancestor_id)
        .where(ApplicationEnabled.application_id == application, c.descendant_id.in_(theirs), holds_at(c, at))
    )


_AROUND: Statement[UUID] = Statement(_around, lambda organisation_id: organisation_id)
