"""Organisations at ``/api/v1/organisations``: the tree of the caller's part on a day."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part
from iam.api.endpoints.answering import answer, answers, blueprint, page
from iam.api.reading import organisations as read
from iam.api.reading.organisations import ORGANISATION_KEYS, Told
from iam.api.shapes.organisations import OrganisationPage, OrganisationQuery, OrganisationTold
from iam.directory.organisation import Organisation
from iam.errors import NotFound
from iam.web import context, guard


@blueprint.get("/organisations")
@answers(OrganisationPage)
@blueprint.input(OrganisationQuery, location="query")
@guard.requires("organisations.read")
def organisations(query_data: OrganisationQuery) -> Response:
    """List the organisations that stand in the tree that day, by key."""
    day, zone = query_data.on, context.settings().zone
    at = clock.now() if day is None or not 1901 <= day.year <= 9000 else clock.day_start(day, zone)
    query = read.organisations(guard.part(), at, query_data.q, query_data.kind)
    return page(query, ORGANISATION_KEYS, query_data, lambda rows: [read.told(row) for row in rows])


@blueprint.get("/organisations/<uuid:organisation_id>")
@answers(OrganisationTold)
@guard.requires("organisations.read")
def organisation(organisation_id: UUID) -> Response:
    """Tell one organisation."""
    return answer(told_now(guard.part(), organisation_id))


def told_now(part: Part, organisation_id: UUID) -> Told:
    """Return what is told of an organisation now; raises ``NotFound`` outside the part."""
    query = read.organisations(part, clock.now()).where(Organisation.id == organisation_id)
    row = context.db().execute(query).one_or_none()
    if row is None:
        raise NotFound(Problem("There is no such organisation, or it is outside your part."))
    return read.told(row)
