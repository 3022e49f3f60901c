"""The log of a person: what happened to them and who looked at them, the newest first; reading it is an event itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from admin_ui import events, paging
from admin_ui.person_view import Subject, names
from iam.audit import log
from iam.web import context

SIZE = 50


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows."""
    session, actor = context.db(), context.actor()
    log.write(session, "admin:log:searched", actor, subject_id=subject.id)
    found = log.search(session, subject_ids=[subject.id], before_id=paging.as_id(request.args.get("after")), limit=SIZE + 1)
    shown = found[:SIZE]
    actors = names({event.actor_id for event in shown if event.actor_id})
    rows = [
        {"at": event.at, "what": events.word(event.type), "type": event.type, "who": actors.get(event.actor_id) if event.actor_id else None}
        for event in shown
    ]
    return {"rows": rows, "next": paging.address(after=shown[-1].id, tab="log") if len(found) > SIZE else None}
