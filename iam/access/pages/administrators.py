"""Who administers what in a part of the tree, for lists: a row for all that one was given together over one part and
time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from iam import clock
from iam.access.administration import Part
from iam.access.model.assignment import AdminGrant
from iam.directory.name_words import LONGEST_WORD, typed_words
from iam.directory.organisation import Organisation
from iam.directory.person import Person, PersonNameWord

ADMINISTRATOR_KEYS = (Person.sort_name, AdminGrant.id)
_LAST = "\U0010ffff"
"""A sign that stands in no word, after all that do."""
_FIRST = aliased(AdminGrant)


def administrators(part: Part, text: str = "", person_id: UUID | None = None) -> Select[Any]:
    """Select what stands and is coming in a part: of a person, or what ``text`` finds by the person's shown names or
    the organisation's; the order is ``ADMINISTRATOR_KEYS``."""
    g = AdminGrant
    query: Any = (
        select(g, Organisation)
        .join(Person, Person.id == g.person_id)
        .join(Organisation, Organisation.id == g.organisation_id)
        .where(g.closed_by.is_(None), g.valid_to > clock.now(), ~_is_led(g))
        .where(part.covers(g.organisation_id), part.tells(g.person_id, g.organisation_id))
    )
    if person_id is not None:
        query = query.where(g.person_id == person_id)
    found: Select[Any] = query.where(_found(text)) if text.strip() else query
    return found


def in_view(session: Session, part: Part, grant_id: UUID) -> AdminGrant | None:
    """Return the grant by which a list of the part names what was given together; None where it has no such."""
    found = session.execute(administrators(part).where(AdminGrant.id == grant_id)).first()
    return None if found is None else found[0]


def permissions_with(session: Session, rows: Collection[AdminGrant]) -> dict[UUID, list[str]]:
    """Return by the id of each row what was given together with it; one statement."""
    g = AdminGrant
    people = {row.person_id for row in rows}
    found: dict[tuple[Any, ...], list[str]] = {}
    for one in session.scalars(select(g).where(g.person_id.in_(people), g.closed_by.is_(None)).order_by(g.permission)):
        found.setdefault(_together(one), []).append(one.permission)
    return {row.id: found.get(_together(row), []) for row in rows}


def people_in(session: Session, organisation_id: UUID) -> int:
    """Return how many people belong to the part that begins at an organisation; one statement."""
    here = Part(everything=False, granted=frozenset({organisation_id}))
    query = select(func.count()).select_from(Person).where(Person.merged_into.is_(None), here.shows(Person.id))
    return session.scalars(query).one()


def _together(row: AdminGrant) -> tuple[Any, ...]:
    return row.person_id, row.organisation_id, row.valid_from, row.valid_to


def _is_led(row: type[AdminGrant]) -> ColumnElement[bool]:
    """The condition that another row of what was given together stands for it."""
    same = (
        getattr(_FIRST, name) == getattr(row, name)
        for name in ("person_id", "organisation_id", "valid_from", "valid_to")
    )
    return exists().where(_FIRST.closed_by.is_(None), _FIRST.id < row.id, *same)


def _found(text: str) -> ColumnElement[bool]:
    names = (Organisation.key, Organisation.name_fi, Organisation.name_sv, Organisation.name_en)
    forms = {text.strip(), text.strip().lower(), text.strip().capitalize(), text.strip().upper()}
    place = or_(*(name.icontains(form, autoescape=True) for name in names for form in forms))
    typed = ["".join(parts)[:LONGEST_WORD] for parts in typed_words(text)]
    return or_(place, and_(*map(_is_called, typed))) if typed else place


def _is_called(start: str) -> ColumnElement[bool]:
    word = PersonNameWord
    return exists().where(word.person_id == Person.id, word.shown, word.word >= start, word.word < f"{start}{_LAST}")
