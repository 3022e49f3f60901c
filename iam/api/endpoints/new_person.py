"""A person is added by hand at ``/api/v1/persons``, with a first position; nobody is added twice."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam import clock
from iam.api.endpoints.answering import answers, blueprint
from iam.api.endpoints.caller import audience
from iam.api.endpoints.positions import said_of
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.stated import DONE, PREVIEW, outcome
from iam.api.shapes.stated import PersonOutcome, PersonWanted, PreviewQuery
from iam.change import Change
from iam.errors import Conflict, Invalid
from iam.lifecycle.by_hand import act, alike, positions, somebody
from iam.lifecycle.by_hand.act import PERSON_ADDED, Hand
from iam.lifecycle.by_hand.somebody import Somebody
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
    said, sponsor = said_of(wanted.position), wanted.position.sponsor

    def write(change: Change) -> tuple[UUID, set[UUID]]:
        person_id = somebody.add(session, change, vault, who)
        return person_id, positions.add(session, change, part, person_id, said, sponsor)

    told = {"kind": said.kind, "sponsor": str(sponsor)}
    return Hand(write, PERSON_ADDED, wanted.model_dump_json(), said.organisation_id, told)


def _username(session: Session, person_id: UUID) -> str | None:
    login = usernames.suggested(session, person_id)
    return username_by_hand.name(session, person_id, login, context.actor()) if login else None
