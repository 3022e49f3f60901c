"""Standing over a person: whether a part of the tree holds all that the person is, present and coming; the past does
not count.

What gives somebody a person's account asks for it (a code, a reset of the factors, giving the access back); what takes
away does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session, aliased

from connectors.problem import Problem
from iam import clock
from iam.access.administration import PERMISSIONS, WHOLE, Part
from iam.access.asker import Asker
from iam.access.model.assignment import AdminGrant
from iam.directory.affiliation import Affiliation, Relationship
from iam.directory.person import Person

# None of these conditions stands inside another: the aliases are made once, not at every request.
_OWN, _CHILD = aliased(Affiliation), aliased(Affiliation)

OUTRANKED = Problem("This person is an administrator of more than you are.", "Ask an administrator of the whole.")


@dataclass(frozen=True, slots=True)
class Over:
    """What of a person a part holds: ``capacities`` all of them, ``grants`` every administrator's grant."""

    capacities: bool
    grants: bool

    @property
    def all(self) -> bool:
        """Whether the part holds all of the person."""
        return self.capacities and self.grants


def over(session: Session, part: Part, person_id: UUID) -> Over:
    """Return what of a person a part holds; one statement, and none for a part that is the whole."""
    if part.everything:
        return Over(True, True)
    beyond = select(~_capacity_beyond(part, Person.id), ~_grant_beyond(part, Person.id)).where(Person.id == person_id)
    row = session.execute(beyond).one_or_none()
    return Over(bool(row[0]), bool(row[1])) if row is not None else Over(False, False)


def holds_all(part: Part, person_id: Any) -> ColumnElement[bool]:
    """The condition that a part holds all of a person: every present and coming capacity and administrator's grant."""
    return ~or_(_capacity_beyond(part, person_id), _grant_beyond(part, person_id))


@dataclass(frozen=True, slots=True)
class Stand:
    """How somebody stands towards a person with one permission: ``holds`` every capacity of the person, is
    ``outranked`` by them."""

    holds: bool
    outranked: bool


def stand(session: Session, asker: Asker, permissions: Collection[str], person_id: UUID) -> dict[str, Stand]:
    """Return how an asker stands towards a person with each of the permissions; who does not exist outranks everybody.
    One statement."""
    asked = list(permissions)
    columns = [
        column
        for one in asked
        for column in (~_capacity_beyond(asker.part(one), Person.id), outranks(asker, one, Person.id))
    ]
    query: Any = select(*columns)
    row = session.execute(query.where(Person.id == person_id)).one_or_none()
    if row is None:
        return dict.fromkeys(asked, Stand(False, True))
    return {one: Stand(bool(row[2 * n]), bool(row[2 * n + 1])) for n, one in enumerate(asked)}


def outranks(asker: Asker, permission: str, person_id: Any) -> ColumnElement[bool]:
    """The condition that a person administers, or will, what the asker does not: a place beyond the asker's part for
    ``permission``, or a permission that the asker does not hold over that place. Nobody is given such a person's
    account by less."""
    held: dict[Part, list[str]] = {}
    for name in PERMISSIONS:
        held.setdefault(asker.part(name), []).append(name)
    place = AdminGrant.organisation_id
    lacks = [
        and_(AdminGrant.permission.in_(names), ~part.covers(place))
        for part, names in held.items()
        if not part.everything
    ]
    own = asker.part(permission)
    return exists().where(*_standing(AdminGrant, person_id), or_(false(), *lacks, ~own.covers(place)))


def may_be_given(asker: Asker, permission: str, person_id: Any) -> ColumnElement[bool]:
    """The condition that an asker may alone do what gives somebody a person's account and needs ``permission``."""
    return and_(holds_all(asker.part(permission), person_id), ~outranks(asker, permission, person_id))


def together(parts: Iterable[Part]) -> Part:
    """Return the part that several administrators hold together."""
    found = list(parts)
    if any(part.everything for part in found):
        return WHOLE
    return Part(False, frozenset().union(*(part.granted for part in found)))


def is_in(part: Part, person_id: Any) -> ColumnElement[bool]:
    """The condition that a present or coming capacity of a person lies in a part."""
    return or_(
        exists().where(*_standing(_OWN, person_id), part.covers(_OWN.organisation_id)),
        exists().where(*_guards(person_id), part.covers(_CHILD.organisation_id)),
    )


def holds_grants(part: Part, person_id: Any) -> ColumnElement[bool]:
    """The condition that every administrator's grant of a person, present and coming, lies in a part."""
    return ~_grant_beyond(part, person_id)


def _capacity_beyond(part: Part, person_id: Any) -> ColumnElement[bool]:
    """The condition that a capacity of a person lies, now or from a known day on, outside a part."""
    if part.everything:
        return false()
    return or_(
        exists().where(*_standing(_OWN, person_id), ~part.covers(_OWN.organisation_id)),
        exists().where(*_guards(person_id), ~part.covers(_CHILD.organisation_id)),
    )


def _grant_beyond(part: Part, person_id: Any) -> ColumnElement[bool]:
    if part.everything:
        return false()
    return exists().where(*_standing(AdminGrant, person_id), ~part.covers(AdminGrant.organisation_id))


def _guards(person_id: Any) -> tuple[ColumnElement[bool], ...]:
    guards = and_(*_standing(Relationship, person_id), Relationship.kind == "guardian_of")
    return guards, *_standing(_CHILD, Relationship.other_person_id)


def _standing(model: Any, person_id: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions that a row of a person holds or will."""
    return model.person_id == person_id, model.closed_by.is_(None), model.valid_to > clock.now()
