"""The log of a person: what happened to them and who looked at them, the newest first; reading it is an event
itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from admin_ui.parts import events, exports, paging
from admin_ui.parts.frame import blueprint
from admin_ui.parts.seen import profiles
from admin_ui.people.view import Subject, names, subject_of
from iam.audit import log
from iam.texts import N_
from iam.web import context, guard

SIZE = 50


@blueprint.get("/persons/<uuid:person_id>/log.csv")
@guard.requires("audit.search")
def log_file(person_id: UUID) -> Response:
    """Take home the whole log of a person."""
    subject_of(person_id)
    log.write(context.db(), "admin:log:searched", context.actor(), subject_id=person_id)
    header = N_("When"), N_("What happened"), N_("Event type"), N_("Who")
    return exports.csv_file("log", header, lambda session: _lines(session, person_id), {"person": str(person_id)})


def _lines(session: Session, person_id: UUID) -> Iterator[Sequence[object]]:
    last: UUID | None = None
    while found := log.search(session, subject_ids=[person_id], before_id=last, limit=exports.BATCH):
        actors = profiles(session, {event.actor_id for event in found if event.actor_id})
        for event in found:
            who = actors[event.actor_id].display_name if event.actor_id in actors else ""
            yield context.texts().moment(event.at), events.word(event.type), event.type, who
        last = found[-1].id
        session.expunge_all()


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows."""
    session, actor = context.db(), context.actor()
    log.write(session, "admin:log:searched", actor, subject_id=subject.id)
    found = log.search(
        session, subject_ids=[subject.id], before_id=paging.as_id(request.args.get("after")), limit=SIZE + 1
    )
    shown = found[:SIZE]
    actors = names({event.actor_id for event in shown if event.actor_id})
    rows = [
        {
            "at": event.at,
            "what": events.word(event.type),
            "type": event.type,
            "who": actors.get(event.actor_id) if event.actor_id else None,
        }
        for event in shown
    ]
    export_url = f"/admin/persons/{subject.id}/log.csv"
    return {
        "rows": rows,
        "export_url": export_url,
        "next": paging.address(after=shown[-1].id) if len(found) > SIZE else None,
    }
