"""People by hand: one is added, with a first position, nobody twice; a position is added, given another end, or
ended."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_see
from iam.api.endpoints.answering import answers, blueprint
from iam.api.endpoints.caller import audience
from iam.api.endpoints.persons import require_seen
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.writing.stated import DONE, PREVIEW, by_hand, day_of, outcome
from iam.api.shapes.stated import Outcome, PersonOutcome, PersonWanted, PositionEnded, PositionWanted, PreviewQuery
from iam.change import Change
from iam.directory.affiliation import AFFILIATION_KINDS
from iam.errors import Conflict, Invalid
from iam.lifecycle.by_hand import act, alike, positions, somebody
from iam.lifecycle.by_hand.act import PERSON_ADDED, POSITION_ADDED, POSITION_ENDED, Hand
from iam.lifecycle.by_hand.somebody import Somebody
from iam.lifecycle.persons import StatedAffiliation
from iam.signin.usernames import by_hand as username_by_hand, give as usernames
from iam.web import context, guard


@blueprint.post("/persons")
@answers(PersonOutcome, 201, writes=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(PersonWanted)
@FRESH
@guard.requires("persons.write")
def add_person(query_data: PreviewQuery, json_data: PersonWanted) -> Response:
    """Add a person by hand, with a first position and the username that the names make."""
    session, part, actor = context.db(), guard.part(), context.actor()
    who = _who(json_data)
    if not json_data.another and alike.by_name(session, part, who):
        told = "Somebody of this name was born the same day."
        raise Conflict(Problem(told, "Open the person, or say that this is somebody else.", field="another"))
    hand = _hand(who, json_data)
    would = act.preview(session, hand, actor, part)
    if query_data.preview:
        return outcome(PREVIEW, would, person=None, username=None)
    person_id = act.do(session, hand, actor, json_data.position.reason)
    username = _username(session, person_id)
    response = outcome(DONE, would, status=201, person=str(person_id), username=username)
    response.headers["Location"] = f"{audience()}/persons/{person_id}"
    return response


def _who(said: PersonWanted) -> Somebody:
    """Return who it is; raises ``Invalid`` with every field that lacks something."""
    problems = [
        Problem("A name is needed.", field=name) for name in ("given_names", "family_name") if not getattr(said, name)
    ]
    if not said.birth_date.year >= 1880 or said.birth_date > clock.today():
        problems.append(Problem("This day is still to come.", field="birth_date"))
    if said.email and ("@" not in said.email or " " in said.email):
        problems.append(Problem("This is not an e-mail address.", "Write it as name@place.", field="email"))
    if problems:
        raise Invalid(*problems)
    return Somebody(said.given_names, said.family_name, said.email or None, said.birth_date)


def _hand(who: Somebody, wanted: PersonWanted) -> Hand:
    session, part, vault = context.db(), guard.part(), context.vault()
    said, sponsor = _said(wanted.position), wanted.position.sponsor

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        person_id = somebody.add(session, change, vault, who)
        return person_id, positions.add(session, change, part, person_id, said, sponsor)

    told = {"kind": said.kind, "sponsor": str(sponsor)}
    return Hand(write, PERSON_ADDED, wanted.model_dump_json(), said.organisation_id, told)


def _username(session: Session, person_id: UUID) -> str | None:
    login = usernames.suggested(session, person_id)
    return username_by_hand.name(session, person_id, login, context.actor()) if login else None


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
    said, sponsor = _said(json_data), json_data.sponsor

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


def _said(wanted: PositionWanted) -> StatedAffiliation:
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
