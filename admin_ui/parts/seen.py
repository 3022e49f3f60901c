"""Whose names a request showed: one event a request, with ids, at most a page of them, written with what the view
wrote.

Every page that names people reads their names by ``profiles`` here. A file has its own event, since it is read after
the answer began.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from flask import Response, g, request
from sqlalchemy.orm import Session

from admin_ui.parts import paging
from admin_ui.parts.frame import blueprint
from iam.audit import log
from iam.directory import queries
from iam.directory.pages.looked_for import kinds
from iam.directory.queries import Profile
from iam.web import context


def profiles(session: Session, person_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Return the shown profile of each person, as ``queries.profiles`` does, and keep in mind that they were shown."""
    if not person_ids:
        return {}
    found = _with_own(session, person_ids)
    noted: dict[UUID, None] = g.setdefault("seen", {})
    for person_id in found:
        if len(noted) == paging.SIZE:
            break
        noted[person_id] = None
    return found


def _with_own(session: Session, person_ids: Collection[UUID]) -> dict[UUID, Profile]:
    """Return the profiles of some persons; the reader's own, which the frame shows, is read with the first of them on a
    page."""
    login = context.login() if session is context.database_session() else None
    if login is None or "own_profile" in g:
        return queries.profiles(session, person_ids)
    read = queries.profiles(session, {*person_ids, login.person_id})
    g.own_profile = read.get(login.person_id, Profile())
    return {person_id: shown for person_id, shown in read.items() if person_id in person_ids}


def looked_for(text: str) -> None:
    """Keep in mind by what somebody was looked for: the event tells of which kind it was, never the text."""
    if text:
        g.searched = text


@blueprint.after_request
def _write(response: Response) -> Response:
    """Write whose names were shown. The person whose own page it is has an event of its own."""
    own = (request.view_args or {}).get("person_id")
    shown = [str(person_id) for person_id in g.get("seen", ()) if person_id != own]
    searched = g.get("searched", "")
    if response.status_code < 500 and (shown or searched):
        envelope: dict[str, object] = {"page": str(request.endpoint).removeprefix("admin."), "persons": shown}
        if searched:
            envelope["by"] = kinds(context.db(), searched, [UUID(one) for one in shown])
        log.write(context.db(), "person:list:seen", context.actor(), envelope=envelope)
    return response
