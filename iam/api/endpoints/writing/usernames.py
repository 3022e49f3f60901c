"""The username of a person at ``/api/v1/persons/ID/username``: told, given, and changed for another. It lets nobody in
by itself: a one-time code or a password does, and neither is ever told to a program."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from connectors.problem import Problem
from iam.api.endpoints.answering import answer, answers, blueprint, unchanged
from iam.api.endpoints.persons import require_seen
from iam.api.endpoints.rights import FRESH
from iam.api.endpoints.writing.stated import DONE, PREVIEW
from iam.api.shapes.stated import PreviewQuery
from iam.api.shapes.usernames import UsernameOutcome, UsernameTold, UsernameWanted
from iam.errors import Invalid
from iam.signin.accounts import reset_standing as standing
from iam.signin.passwords import credentials
from iam.signin.usernames import by_hand, give as usernames
from iam.web import context, guard


@blueprint.get("/persons/<uuid:person_id>/username")
@answers(UsernameTold)
@guard.requires("codes.issue")
def username(person_id: UUID) -> Response:
    """Tell the username of a person, or which they would get."""
    require_seen(guard.part(), person_id)
    return answer(_told(context.db(), person_id))


@blueprint.post("/persons/<uuid:person_id>/username")
@answers(UsernameOutcome, writes=True)
@blueprint.input(PreviewQuery, location="query")
@blueprint.input(UsernameWanted)
@FRESH
@guard.requires("codes.issue")
def give_username(person_id: UUID, query_data: PreviewQuery, json_data: UsernameWanted) -> Response:
    """Give a person a username, or another one than they have; what they had stays theirs."""
    session = context.db()
    require_seen(guard.part(), person_id)
    unchanged(lambda: _told(session, person_id))
    wanted = json_data.username or _told(session, person_id)["suggested"]
    if wanted is None:
        raise Invalid(Problem("Write the username that the person is to have.", field="username"))
    trial = session.begin_nested()
    allowed = standing.use(session, guard.asker(), standing.USERNAME, person_id)
    login = by_hand.name(session, person_id, wanted, context.actor(), allowed.told)
    if query_data.preview:
        trial.rollback()
        session.expire_all()
        return answer({"state": PREVIEW, "username": login})
    trial.commit()
    return answer({"state": DONE, "username": login})


def _told(session: Session, person_id: UUID) -> dict[str, Any]:
    known = credentials.of_person(session, person_id)
    suggested = None if known else usernames.suggested(session, person_id) or None
    return {"username": known and known.login, "suggested": suggested}
