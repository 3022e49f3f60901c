"""A person's rights with why; granted and ended by hand; the access ended at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import Part, may_touch
from iam.access.commands import by_hand
from iam.access.model.assignment import Assignment
from iam.access.model.role import Application, Role
from iam.access.pages import listing
from iam.api.endpoints.answering import answer, answers, blueprint, unchanged
from iam.api.endpoints.caller import audience
from iam.api.endpoints.persons import opened, require_seen
from iam.api.reading import rights as read
from iam.api.shapes.rights import AccessEnded, RightsQuery, RightsTold, RightWanted, WithReason
from iam.directory.pages.ties import ties
from iam.errors import Invalid, NotFound
from iam.signin import access_end
from iam.web import context, guard

FRESH = guard.recent(lambda: "/")


@blueprint.get("/persons/<uuid:person_id>/rights")
@answers(RightsTold)
@blueprint.input(RightsQuery, location="query")
@guard.requires("persons.read")
def rights(person_id: UUID, query_data: RightsQuery) -> Response:
    """Tell the rights of a person, each with its reasons, now or at noon of another day."""
    require_seen(guard.part(), person_id)
    opened(person_id, "rights")
    return answer(read.of_person(context.db(), guard.part(), person_id, _noon(query_data.on)))


@blueprint.post("/persons/<uuid:person_id>/rights")
@answers(RightsTold, 201, writes=True)
@blueprint.input(RightWanted)
@FRESH
@guard.requires("rights.grant")
def grant(person_id: UUID, json_data: RightWanted) -> Response:
    """Grant a right by hand; the person's rights as they are then come back."""
    session, part = context.db(), guard.part()
    require_seen(part, person_id)
    unchanged(lambda: read.of_person(session, _reads(), person_id))
    role_id, until = _grantable(session, part, person_id, json_data), _end_of(json_data.last_day)
    capacity, place, reason = json_data.capacity, json_data.organisation, json_data.reason
    by_hand.grant(session, person_id, capacity, role_id, place, reason, until, context.actor(), part)
    session.flush()
    headers = {"Location": f"{audience()}/persons/{person_id}/rights"}
    return answer(read.of_person(session, _reads(), person_id), 201, headers)


@blueprint.post("/persons/<uuid:person_id>/rights/<uuid:assignment_id>/end")
@answers(RightsTold, writes=True)
@blueprint.input(WithReason)
@guard.requires("rights.grant")
def end_right(person_id: UUID, assignment_id: UUID, json_data: WithReason) -> Response:
    """End a right that was granted by hand; the person's rights as they are then come back."""
    session, part = context.db(), guard.part()
    require_seen(part, person_id)
    row = session.get(Assignment, assignment_id)
    if row is None or row.person_id != person_id or not may_touch(session, part, row.scope_id):
        raise NotFound(Problem("There is no such right granted by hand.", "Open the person's page again."))
    unchanged(lambda: read.of_person(session, _reads(), person_id))
    by_hand.end(session, assignment_id, json_data.reason, context.actor())
    return answer(read.of_person(session, _reads(), person_id))


@blueprint.post("/persons/<uuid:person_id>/end")
@answers(AccessEnded, writes=True)
@blueprint.input(WithReason)
@guard.requires("access.end")
def end_access(person_id: UUID, json_data: WithReason) -> Response:
    """End the person's access at once, as far as the caller's part goes."""
    require_seen(guard.part(), person_id)
    whole = access_end.end(context.db(), guard.asker(), person_id, json_data.reason, context.actor())
    return answer({"whole": whole})


def _reads() -> Part:
    """The part over which the caller also reads rights: without it, none are told."""
    return guard.asker().part("persons.read")


def _grantable(session: Session, part: Part, person_id: UUID, wanted: RightWanted) -> UUID:
    """Return the role; raises ``Invalid`` with every field that names nothing of the part, and for oneself."""
    problems = []
    role_id = _role(session, part, wanted.role)
    if role_id is None:
        problems.append(Problem("Choose a role.", field="role"))
    if wanted.capacity not in {tied.fact_id for tied in ties(session, part, [person_id])[person_id].affiliations}:
        problems.append(Problem("Choose the position in which the right is used.", field="capacity"))
    if not may_touch(session, part, wanted.organisation):
        problems.append(Problem("Choose an organisation in your part.", field="organisation"))
    if person_id == context.actor().person_id:
        problems.append(Problem("Nobody grants rights to themselves.", "Ask another administrator."))
    if problems or role_id is None:
        raise Invalid(*problems)
    return role_id


def _role(session: Session, part: Part, key: str) -> UUID | None:
    """Return a role in use, of an application that concerns the part."""
    application, _, role = key.replace("\x00", "").partition(":")
    query = listing.roles(part, application=application).where(Role.key == role, ~Role.retired, ~Application.retired)
    found: UUID | None = session.scalar(query.with_only_columns(Role.id))
    return found


def _noon(day: date | None) -> datetime | None:
    zone = context.settings().zone
    if day is None or day == clock.today(zone) or not 1901 <= day.year <= 9000:
        return None
    return clock.day_start(day, zone) + timedelta(hours=12)


def _end_of(day: date) -> datetime:
    """Return the half-open end of a last day; raises ``Invalid`` for one that no calendar of ours has."""
    if not 1901 <= day.year <= 9000:
        raise Invalid(Problem("Choose the last day.", field="last_day"))
    return clock.day_end(day, context.settings().zone)
