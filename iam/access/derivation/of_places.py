"""Whose rights may be others once the tree is another.

A right rests on paths up the tree: from where each of its facts lies to the rule's owner, from its scope and its
holder's place to their legal entities, from whoever hands the role out. A path is another one only where its lower end
was moved, or lies under what was. So it concerns those who have a fact there, those who are related to them, and those
who hold a right there or by somebody there; and everybody only where a rule names such a place as its scope, or gives a
role of such an owner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, literal_column, or_, select, union
from sqlalchemy.orm import Session

from iam.access.derivation.derive import patterns
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role
from iam.access.model.rule import published
from iam.access.rules.names import Names
from iam.access.rules.naming import of_rules
from iam.access.rules.pattern import Pattern
from iam.database.bulk import among
from iam.directory.affiliation import Affiliation, Group, Membership, Relationship
from iam.directory.organisation import OrganisationClosure, OrganisationRelation

PLACES, PERSONS = 1_000, 50_000
"""Of more moved places, and of more persons, everybody is looked at: it would take as long."""


def whom(session: Session, moved: Collection[UUID]) -> set[UUID] | None:
    """Return the persons whose rights may differ once organisations stand elsewhere, or are of another kind; None:
    everybody's may. At most a dozen statements, whatever the size of the tree."""
    if len(moved) > PLACES:
        return None
    c = OrganisationClosure
    here = {*moved, *session.scalars(select(c.descendant_id).where(c.ancestor_id.in_(moved)).distinct())}
    if len(here) > PLACES or _for_everybody(session, here):
        return None
    found = set(session.scalars(union(*_concerned(session, here)).limit(PERSONS + 1)))
    return found if len(found) <= PERSONS else None


def _for_everybody(session: Session, here: Collection[UUID]) -> bool:
    read = patterns(published(session))
    names = of_rules(session, [(rule.owner_id, pattern) for rule, pattern in read])
    if any(_reaches(pattern, names, here) for _, pattern in read):
        return True
    areas = {pattern.scope.covers_of for _, pattern in read if pattern.scope.covers_of is not None}
    ids = [names.organisations[key] for key in areas if key in names.organisations]
    r = OrganisationRelation
    covered = exists().where(
        r.organisation_id.in_(ids), r.kind == "covers", r.closed_by.is_(None), r.other_id.in_(here)
    )
    return bool(ids) and bool(session.scalar(select(covered)))


def _reaches(pattern: Pattern, names: Names, here: Collection[UUID]) -> bool:
    """Whether a rule may give somebody who is not here another right now."""
    handing, scope = names.handing.get(pattern.role), pattern.scope.organisation
    named = scope is not None and names.organisations.get(scope) in here
    return named or (handing is not None and handing.owner_id in here)


def _concerned(session: Session, here: Collection[UUID]) -> Iterator[Select[Any]]:
    a, m, g, r, held, app = Affiliation, Membership, Group, Relationship, Assignment, Application

    def is_here(column: Any) -> ColumnElement[bool]:
        return among(session, column, here)

    placed = and_(a.closed_by.is_(None), is_here(a.organisation_id))
    yield select(a.person_id).where(placed)
    yield select(m.person_id).join(g, g.id == m.group_id).where(m.closed_by.is_(None), is_here(g.organisation_id))
    yield select(r.person_id).join(a, a.person_id == r.other_person_id).where(r.closed_by.is_(None), placed)
    # Of every role: so the index of role and scope is walked.
    scoped = held.role_id.in_(select(Role.id)), is_here(held.scope_id)
    yield select(held.person_id).where(held.closed_by.is_(None), *scoped)
    theirs = select(Role.id).join(app, app.id == Role.application_id).where(is_here(app.owner_id))
    by_hand = held.closed_by.is_(None), held.origin == literal_column("'hand'")
    yield select(held.person_id).where(*by_hand, or_(is_here(held.granter_id), held.role_id.in_(theirs)))
