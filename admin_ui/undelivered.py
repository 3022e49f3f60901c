"""Undelivered logouts at /admin/undelivered: which application could not be told that a sign-in ended, why, and trying again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from admin_ui import applications, exports, frame, paging
from admin_ui.every import batches
from admin_ui.frame import blueprint
from admin_ui.roles import named
from iam.database.keyset import keyset
from iam.oidc import undelivered as logouts
from iam.texts import N_
from iam.web import context, guard

PATH = "/admin/undelivered"


@dataclass(frozen=True, slots=True)
class Line:
    """A logout as the list shows it; whose sign-in it was is not told."""

    id: UUID
    path: str
    application: str
    client: str
    ended_at: datetime
    given_up_at: datetime
    attempts: int
    reason: str


@blueprint.get("/undelivered")
@guard.requires("applications.read")
def undelivered() -> Response:
    """Show a page of the list, the newest first."""
    session = context.db()
    found = keyset(session, logouts.listed(guard.part()), logouts.KEYS, paging.cursor(), newest_first=True)
    mine = logouts.of_part(session, frame.part_of("applications.write"), [message.id for message, _ in found.rows])
    above = [(applications.PATH, context.texts().gettext(N_("Applications")))]
    return frame.render(
        "applications/undelivered.html", section=applications.SECTION, breadcrumb=above, page=paging.shown(found, lines(found.rows)),
        export_url=f"{PATH}.csv", again_action=PATH, mine=mine,
    )  # fmt: skip


@blueprint.get("/undelivered.csv")
@guard.requires("applications.read")
def undelivered_file() -> Response:
    """Take home the list."""
    part, texts = guard.part(), context.texts()
    header = [N_("Application"), N_("Client"), N_("Sign-in ended"), N_("Given up"), N_("Tries"), N_("Reason")]

    def rows(session: Session) -> Iterator[Sequence[object]]:
        for batch in batches(session, logouts.listed(part), logouts.KEYS, newest_first=True):
            for one in lines(batch):
                moments = texts.moment(one.ended_at), texts.moment(one.given_up_at)
                yield one.application, one.client, *moments, one.attempts, one.reason

    return exports.csv_file("undelivered", [texts.gettext(name) for name in header], rows)


@blueprint.post("/undelivered/<uuid:message_id>/again")
@guard.requires("applications.write")
def try_again(message_id: UUID) -> AnyResponse:
    """Have a logout sent again, at once."""
    logouts.again(context.db(), guard.part(), message_id, context.actor())
    return frame.done(context.texts().gettext(N_("The logout is being sent again.")), PATH)


def lines(rows: Sequence[Any]) -> list[Line]:
    """Return messages as lists show them."""
    language = context.texts().language
    return [
        Line(
            message.id, f"{applications.PATH}/{app.key}", named(app.name, language, app.key), message.target, message.created_at,
            message.given_up_at, message.attempts, reason(message.last_error or ""),
        )
        for message, app in rows
    ]  # fmt: skip


def reason(error: str) -> str:
    """Return in the reader's words why a logout did not arrive."""
    t = context.texts().gettext
    kind, _, rest = error.partition(" ")
    if kind == "address:":
        return t(N_("Its address may not be contacted: %(why)s")) % {"why": rest}
    if error == "status 400":
        return t(N_("It refused the logout (status 400)"))
    if kind == "status":
        return t(N_("It answered with an error (status %(status)s)")) % {"status": rest}
    return t(N_("It did not answer: %(why)s")) % {"why": error}
