"""Persons at ``/api/v1/persons``: the list with the search and filters of the page, and one person with facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response

from connectors.identity_code import holds_code
from connectors.problem import Problem
from iam.access.administration import Part, knows_protected, may_see
from iam.api.endpoints.answering import answer, answers, blueprint, page
from iam.api.reading import facts, persons as read
from iam.api.shapes.persons import PersonPage, PersonQuery, PersonWhole
from iam.audit import log
from iam.directory import queries
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.directory.pages.listing import PERSON_KEYS, Wanted
from iam.directory.pages.looked_for import kinds
from iam.directory.pages.ties import ties
from iam.directory.queries import Profile
from iam.errors import Invalid, NotFound
from iam.web import context, guard


@blueprint.get("/persons")
@answers(PersonPage)
@blueprint.input(PersonQuery, location="query")
@guard.requires("persons.read")
def persons(query_data: PersonQuery) -> Response:
    """List persons by family name."""
    part, wanted = guard.part(), _wanted(query_data)

    def told(rows: Sequence[Any]) -> Sequence[Any]:
        ids = [row.id for row in rows]
        _seen(ids, wanted.text)
        return read.in_list(context.db(), part, ids, archive_after())

    query = listing.persons(part, wanted, archive_after(), few=listing.are_few(context.db(), part))
    return page(query, PERSON_KEYS, query_data, told)


@blueprint.get("/persons/<uuid:person_id>")
@answers(PersonWhole)
@guard.requires("persons.read")
def person(person_id: UUID) -> Response:
    """Tell one person, with the facts of the caller's part and their sources."""
    session, part = context.db(), guard.part()
    require_seen(part, person_id)
    opened(person_id, "facts")
    profile = queries.profiles(session, [person_id]).get(person_id, Profile())
    told = read.one(person_id, profile, ties(session, part, [person_id])[person_id], archive_after())
    own = facts.about(profile, knows_protected(session, part))
    return answer(told | own | {"facts": facts.of_person(session, part, person_id)})


def require_seen(part: Part, person_id: UUID) -> None:
    """Raise ``NotFound`` where the person is outside a part, as where there is none."""
    if not may_see(context.db(), part, person_id):
        raise NotFound(Problem("There is no such person, or they are outside your part."))


def opened(person_id: UUID, tab: str) -> None:
    """Write that somebody read what is told of a person, as opening the page would."""
    log.write(context.db(), "person:page:opened", context.actor(), subject_id=person_id, envelope={"tab": tab})


def archive_after() -> timedelta:
    """Return how long after the last end a person is archived."""
    return timedelta(days=context.settings().lifecycle.archive_days)


def _wanted(asked: PersonQuery) -> Wanted:
    """Return what is asked for; raises ``Invalid`` for a personal identity code and ``NotFound`` for an organisation
    outside the part."""
    if holds_code(asked.q):
        problem = Problem(
            "A personal identity code never stands in an address.", "Look by a name or a number.", field="q"
        )
        raise Invalid(problem)
    if asked.organisation is not None:
        here = listing.organisations(guard.part()).where(Organisation.id == asked.organisation)
        if context.db().scalars(here).one_or_none() is None:
            raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    return Wanted(asked.q, asked.organisation, asked.kind, asked.state, asked.coming)


def _seen(ids: Sequence[UUID], text: str) -> None:
    """Write whose names were told, and by what they were looked for."""
    if not ids and not text:
        return
    envelope: dict[str, object] = {"page": "api persons", "persons": [str(one) for one in ids]}
    if text:
        envelope["by"] = kinds(context.db(), text, ids)
    log.write(context.db(), "person:list:seen", context.actor(), envelope=envelope)
