"""The page of one person at /admin/persons/ID: rights and why, facts and sources, timeline, sign-in, log.

Opening it is one event. A person outside the reader's part is answered as one who does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, request

from admin_ui.parts import frame, words
from admin_ui.parts.frame import blueprint
from admin_ui.people.view import PATH, Subject, subject_of
from admin_ui.person import (
    facts as person_facts,
    log as person_log,
    rights as person_rights,
    seen_by as person_seen_by,
    signin as person_signin,
    timeline as person_timeline,
)
from admin_ui.trace import pages as sign_in_trace
from iam.audit import log
from iam.texts import N_
from iam.web import context, guard

Errors = list[tuple[str | None, str]]


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: its name in the address, its label, the permission it needs over the person, and what reads it."""

    key: str
    label: str
    permission: str
    read: Callable[[Subject], Mapping[str, Any]]


TABS = (
    Tab("rights", N_("Rights"), "persons.read", person_rights.read),
    Tab("facts", N_("Facts and sources"), "persons.read", person_facts.read),
    Tab("timeline", N_("Timeline"), "persons.read", person_timeline.read),
    Tab("signin", N_("Sign-in"), "persons.read", person_signin.read),
    Tab("trace", N_("Why not in?"), "persons.read", sign_in_trace.read),
    Tab("seen", N_("Who sees the data?"), "persons.read", person_seen_by.read),
    Tab("log", N_("Log"), "audit.search", person_log.read),
)


@blueprint.get("/persons/<uuid:person_id>")
@guard.requires("persons.read")
def person(person_id: UUID) -> Response:
    """Show the page, and write that it was opened."""
    subject = subject_of(person_id)
    return show(subject, request.args.get("tab", "rights"))


def show(subject: Subject, tab: str, status: int = 200, errors: Errors | None = None, **values: Any) -> Response:
    """Return the page with one tab open; ``errors`` and ``values`` come from a form that was sent to it."""
    texts = context.texts()
    tabs = [one for one in TABS if one.permission in subject.allowed]
    current = next((one for one in tabs if one.key == tab), tabs[0])
    log.write(context.db(), "person:page:opened", context.actor(), subject_id=subject.id, envelope={"tab": current.key})
    here = f"{PATH}/{subject.id}"
    return frame.render(
        f"person/{current.key}.html",
        status,
        section="persons",
        breadcrumb=[(PATH, texts.gettext(N_("Persons")))],
        subject=subject,
        here=here,
        tab=current.key,
        errors=errors or [],
        wrong={field: sentence for field, sentence in errors or [] if field},
        tab_links=[(f"{here}?tab={one.key}", texts.gettext(one.label), one is current) for one in tabs],
        words=words,
        until_end=words.end,
        **{**current.read(subject), **values},
    )
