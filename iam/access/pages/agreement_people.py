"""Who comes under an agreement, by name: for the grantee always, for the grantor once it is in force, since it must be
able to supervise."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.administration import Part
from iam.access.living import lives
from iam.access.model.assignment import Assignment
from iam.access.model.role import Role
from iam.database.types import UtcDateTime, greatest
from iam.directory.affiliation import Affiliation
from iam.directory.organisation import Organisation
from iam.directory.person import Person
from iam.directory.queries import holds_at

PEOPLE_KEYS = (Person.sort_name, Person.id)


class ComesUnder(NamedTuple):
    """In which position somebody comes under an agreement, from where, and into where."""

    position: str
    home: Organisation
    scope: Organisation


def people(part: Part, clause_ids: Collection[UUID], *, in_force: bool) -> Any:
    """Select the persons who come under these clauses today and of whom the asker may be told; order ``PEOPLE_KEYS``.

    Before the agreement is in force they are those who would.
    """
    under = _under(part, clause_ids, in_force, Assignment.person_id)
    return select(Person).where(Person.id.in_(under))


def places(
    session: Session, part: Part, clause_ids: Collection[UUID], person_ids: Collection[UUID], *, in_force: bool
) -> dict[UUID, list[ComesUnder]]:
    """Return by which positions these persons come under the clauses, as far as the asker may be told; one
    statement."""
    home, scope, found = aliased(Organisation), aliased(Organisation), dict[UUID, list[ComesUnder]]()
    query = _under(part, clause_ids, in_force, Assignment.person_id, Affiliation.occupation, home, scope)
    query = query.join(home, home.id == Affiliation.organisation_id).join(scope, scope.id == Assignment.scope_id)
    query = query.where(Assignment.person_id.in_(person_ids)).order_by(home.key, scope.key, Affiliation.occupation)
    for person_id, position, from_, into in session.execute(query):
        place = ComesUnder(position or "", from_, into)
        if place not in found.setdefault(person_id, []):
            found[person_id].append(place)
    return found


def rights_under(session: Session, part: Part, clause_ids: Collection[UUID], *, in_force: bool) -> Select[Any]:
    """Select the rights of these persons by the clauses, as far as the asker may be told: (person_id, capacity_id,
    application_id, begins), each once; ``begins`` is from when on the clause gave it. One statement beforehand."""
    starts: dict[UUID, datetime] = {}
    for clause_id, life, _ in lives(session, clause_ids):
        starts[clause_id] = min(life.start, starts.get(clause_id, life.start))
    lived = [(Assignment.clause_id == id_, literal(start, UtcDateTime())) for id_, start in starts.items()]
    never = literal(clock.FOREVER, UtcDateTime())
    begins = greatest(Assignment.valid_from, case(*lived, else_=never) if lived else never, type_=UtcDateTime())
    key = Assignment.person_id, Assignment.capacity_id, Role.application_id
    query = _under(part, clause_ids, in_force, *key, func.min(begins, type_=UtcDateTime()).label("begins"))
    return query.join(Role, Role.id == Assignment.role_id).group_by(*key)


def _under(part: Part, clause_ids: Collection[UUID], in_force: bool, *columns: Any) -> Select[Any]:
    a, now = Assignment, clock.now()
    theirs = (a.clause_id.in_(clause_ids), a.closed_by.is_(None), holds_at(a, now))
    query = select(*columns).select_from(a).join(Affiliation, Affiliation.fact_id == a.capacity_id)
    return query.where(Affiliation.closed_by.is_(None), *theirs, _told(part, in_force))


def _told(part: Part, in_force: bool) -> ColumnElement[bool]:
    a, home = Assignment, Affiliation.organisation_id
    own = and_(part.covers(home), part.tells(a.person_id, home), part.tells_right(a))
    return or_(own, and_(part.covers(a.scope_id), part.tells_right(a)) if in_force else false())
