"""Opening an organisation of one's own to the source of another owner, and ending that, on the organisation's page."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.organisations import pages as organisations
from admin_ui.parts import frame
from admin_ui.parts.frame import blueprint
from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_touch
from iam.directory.source import Source, SourceOpening
from iam.errors import AvainError, Conflict, Invalid, NotFound
from iam.lifecycle.organisations import openings
from iam.texts import N_
from iam.web import context, guard


@blueprint.post("/organisations/<uuid:organisation_id>/sources")
@guard.requires("sources.accept")
def open_to_source(organisation_id: UUID) -> AnyResponse:
    """Open the organisation to a source, from a day to a last day or until further notice."""
    _in_part(organisation_id)
    try:
        source_id, since, until = _form()
        openings.open_(context.db(), (organisation_id, source_id), (since, until), context.actor())
    except (Invalid, Conflict) as error:
        return _again(organisation_id, error)
    return _done(organisation_id, N_("The organisation is open to the source. What it says is read by its next run."))


@blueprint.post("/organisations/<uuid:organisation_id>/sources/<uuid:opening_id>/close")
@guard.requires("sources.accept")
def close_to_source(organisation_id: UUID, opening_id: UUID) -> AnyResponse:
    """Let what opens the organisation to a source end now."""
    _in_part(organisation_id)
    opening = context.db().get(SourceOpening, opening_id)
    if opening is None or opening.organisation_id != organisation_id:
        raise NotFound
    try:
        openings.close(context.db(), opening, context.actor())
    except Conflict as error:
        return _again(organisation_id, error)
    return _done(
        organisation_id, N_("The organisation is no longer open to the source. What it said ends with its next run.")
    )


def _in_part(organisation_id: UUID) -> None:
    if not may_touch(context.db(), guard.part(), organisation_id):
        raise NotFound


def _form() -> tuple[UUID, datetime, datetime]:
    """Return source, start and half-open end as the form names them; raises ``Invalid`` with every field that lacks
    something."""
    problems = []
    source_id = context.db().scalar(select(Source.id).where(Source.key == request.form.get("source", "").strip()))
    if source_id is None:
        problems.append(
            Problem("There is no such source.", "Ask whoever keeps the source for its exact key.", field="source")
        )
    first, last = _day("since"), _day("until")
    if first is None:
        problems.append(Problem("Choose the first day.", field="since"))
    if last is None and request.form.get("until"):
        problems.append(Problem("Choose the last day.", field="until"))
    if problems or source_id is None or first is None:
        raise Invalid(*problems)
    zone = context.settings().zone
    return source_id, clock.day_start(first, zone), clock.day_end(last, zone) if last else clock.FOREVER


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
    return day if 1901 <= day.year <= 9000 else None


def _again(organisation_id: UUID, error: AvainError) -> AnyResponse:
    context.db().rollback()
    return organisations.show(
        organisation_id, error.status, [(one.field, context.texts().sentence(one)) for one in error.problems]
    )


def _done(organisation_id: UUID, sentence: str) -> AnyResponse:
    return frame.done(context.texts().gettext(sentence), f"{organisations.PATH}/{organisation_id}")
