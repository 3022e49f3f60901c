"""Who is meant: people ticked in a list, everybody whom its filter shows, a paste of what they are called, or whoever
holds a role.

Whatever a form says, only people of the asker's part come of it: those whom the list would show, and of a paste those
of whom it may be told that they are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, null, select
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import COMING, GONE, Part
from iam.access.pages import listing as holding
from iam.directory.affiliation import Affiliation
from iam.directory.pages import listing
from iam.directory.pages.listing import PERSON_KEYS, Wanted
from iam.directory.person import Person
from iam.errors import Invalid
from iam.signin.accounts import found as finding, username_rules
from iam.signin.accounts.found import Found
from iam.texts import N_

MOST = finding.MOST
"""So many people at once."""


@dataclass(frozen=True, slots=True)
class BulkChoice:
    """Who is meant; the first that is given counts: ``ids``, a ``paste``, holders of the role ``role_id``, or everybody
    of a filter (``wanted``, of them only those who lack a username when ``nameless``)."""

    ids: tuple[UUID, ...] = ()
    paste: str = ""
    role_id: UUID | None = None
    wanted: Wanted | None = None
    nameless: bool = False

    def __bool__(self) -> bool:
        return bool(self.ids or self.paste.strip() or self.role_id or self.wanted is not None)


@dataclass(frozen=True, slots=True)
class ChosenPeople:
    """Who they are, in the order of lists, and of a paste what was nobody's or more than one person's."""

    ids: Sequence[UUID]
    found: Found = field(default_factory=Found)


def resolve(session: Session, choice: BulkChoice, read: Part, act: Part, archive_after: timedelta) -> ChosenPeople:
    """Return who is meant, of the part over which the asker reads persons (``read``) and that of the ``act``; a few
    statements.

    Raises ``Invalid`` when they are more than ``MOST``.
    """
    found, ids = Found(), choice.ids
    if not ids and choice.paste.strip():
        found = _found(session, choice.paste, read)
        ids = tuple(found.ids.values())
    is_named = bool(ids or choice.paste.strip())
    query = _these(ids, read) if is_named else _wanted(session, choice, read, archive_after)
    query = query.where(act.shows(Person.id)).order_by(*PERSON_KEYS).limit(MOST + 1)
    here = list(session.scalars(query.with_only_columns(Person.id)))
    if len(here) > MOST:
        raise Invalid(_too_many())
    return ChosenPeople(here, _without(found, here))


def _found(session: Session, paste: str, read: Part) -> Found:
    asked = finding.written(paste)
    if len(asked) > MOST:
        raise Invalid(_too_many("paste"))
    return finding.find(session, read, asked, _where_told(read))


def _where_told(part: Part) -> Any:
    """An organisation in which a person of the part may be told to be, though protected; NULL where there is none."""
    codes, a, now = part.codes, Affiliation, clock.now()
    if codes is None or not codes:
        return null()
    near = a.closed_by.is_(None), a.valid_from <= now + COMING, a.valid_to > now - GONE
    told = part.covers(a.organisation_id), codes.covers(a.organisation_id)
    query = select(a.organisation_id).where(a.person_id == Person.id, *near, *told).limit(1)
    return query.correlate(Person).scalar_subquery()


def _without(found: Found, here: Sequence[UUID]) -> Found:
    """Whom the act's own part does not hold is as good as not found."""
    kept, ids = set(here), found.ids
    gone = [written for written, id_ in ids.items() if id_ not in kept]
    inside = {written: id_ for written, id_ in ids.items() if id_ in kept}
    return Found(inside, [*found.missing, *gone], found.several, found.codes)


def _these(ids: Sequence[UUID], read: Part) -> Select[Any]:
    return select(Person).where(Person.id.in_(ids), Person.merged_into.is_(None), read.shows(Person.id))


def _wanted(session: Session, choice: BulkChoice, read: Part, archive_after: timedelta) -> Select[Any]:
    if choice.role_id is not None:
        few = listing.are_few(session, read)
        held = holding.holders(read, holding.including(session, choice.role_id), few=few).with_only_columns(Person.id)
        return select(Person).where(Person.id.in_(held), Person.merged_into.is_(None), read.shows(Person.id))
    few = listing.are_few(session, read)
    query = listing.persons(read, choice.wanted or Wanted(), archive_after, few=few)
    return query.where(username_rules.lacks_one(read, Person.id)) if choice.nameless else query


def _too_many(field_: str | None = None) -> Problem:
    told, remedy = N_("At most %(n)s people at once."), N_("Narrow the list by a filter, and do it in parts.")
    return Problem(told, remedy, field=field_, params={"n": MOST})
