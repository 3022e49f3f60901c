"""A person's positions by hand: one is added, given another end, or ended."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_see
from iam.api.endpoints.answering import answers, blueprint
from iam.api.endpoints.persons import require_seen
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.stated import by_hand, day_of
from iam.api.shapes.stated import Outcome, PositionEnded, PositionWanted, PreviewQuery
from iam.change import Change
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.errors import Invalid
from iam.lifecycle.by_hand import positions
from iam.lifecycle.by_hand.act import POSITION_ADDED, POSITION_ENDED, Hand
from iam.lifecycle.persons import StatedAffiliation
from iam.web import context, guard


@blueprint.post("/persons/<uuid:person_id>/positions")
@answers(Outcome, writes=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(PositionWanted)
@FRESH
@guard.requires("persons.write")
def add_position(person_id: UUID, query_data: PreviewQuery, json_data: PositionWanted) -> Response:
    """Add a position, for which somebody answers."""
    session, part = context.db(), guard.part()
    require_seen(part, person_id)
    said, sponsor = said_of(json_data), json_data.sponsor

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        return person_id, positions.add(session, change, part, person_id, said, sponsor)

    told = {"kind": said.kind, "sponsor": str(sponsor)}
    hand = Hand(write, POSITION_ADDED, json_data.model_dump_json(), said.organisation_id, told)
    return by_hand(hand, json_data.reason, part, preview=query_data.preview)


@blueprint.post("/persons/<uuid:person_id>/positions/<uuid:fact_id>/end")
@answers(Outcome, writes=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(PositionEnded)
@FRESH
@guard.requires("persons.write")
def end_position(person_id: UUID, fact_id: UUID, query_data: PreviewQuery, json_data: PositionEnded) -> Response:
    """Give a position by hand another last day, or end it now."""
    session, part, last = context.db(), guard.part(), json_data.last_day
    require_seen(part, person_id)
    row = positions.standing(session, part, person_id, fact_id)
    until = clock.now() if last is None else clock.day_end(day_of(last, "last_day"), context.settings().zone)

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        return person_id, positions.end(session, change, part, person_id, fact_id, until)

    told = "now" if last is None else str(last)
    hand = Hand(write, POSITION_ENDED, f"{row.version_id}\n{told}", row.organisation_id, {"until": told})
    return by_hand(hand, json_data.reason, part, preview=query_data.preview)


def said_of(wanted: PositionWanted) -> StatedAffiliation:
    """Return the position as it is written; raises ``Invalid`` with every field that names nothing of the part."""
    zone, problems = context.settings().zone, list[Problem]()
    if wanted.kind not in AFFILIATION_KINDS:
        problems.append(Problem("Choose the kind of the position.", field="kind"))
    if not may_see(context.db(), guard.part(), wanted.sponsor):
        problems.append(Problem("Nobody in your part is called so.", field="sponsor"))
    if problems:
        raise Invalid(*problems)
    first = day_of(wanted.first_day, "first_day", past=True) if wanted.first_day else clock.today(zone)
    end = clock.day_end(day_of(wanted.last_day, "last_day"), zone) if wanted.last_day else clock.FOREVER
    names = wanted.occupation or None, wanted.title or None
    return StatedAffiliation(wanted.organisation, wanted.kind, *names, clock.day_start(first, zone), end)
