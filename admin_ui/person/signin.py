"""The tab of sign-in: the username, second factors, where the person is signed in, and a one-time code for who cannot
get in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from admin_ui.parts import frame
from admin_ui.people.view import Subject
from admin_ui.person import help as person_help
from iam.access.standing import over
from iam.signin import step_up
from iam.signin.accounts import device
from iam.signin.passwords import credentials
from iam.signin.usernames import give as usernames
from iam.texts import N_
from iam.tokens import session as login_sessions
from iam.web import context

WAYS = {"password": N_("password"), "directory": N_("the organisation's own directory")}


def read(subject: Subject) -> Mapping[str, Any]:
    """Return what the tab shows."""
    session, texts = context.db(), context.texts()
    known, factors = credentials.of_person(session, subject.id), step_up.held(session, subject.id)
    return {
        "login": known.login if known else None,
        "in_directory": known is not None and known.data("directory") is not None,
        "suggested": "" if known else usernames.suggested(session, subject.id),
        "ways": [texts.gettext(WAYS.get(kind, kind)) for kind in known.credentials] if known else [],
        "factors": factors,
        "has_own": bool(factors),
        "mailed": context.settings().mail.host is not None,
        "together": False,
        **person_help.read(subject),
        "may_end": "sessions.end" in subject.allowed
        and over(session, frame.part_of("sessions.end"), subject.id).grants,
        "sessions": [
            {"id": row.id, "started": row.started_at, "last_seen": row.seen_at, "agent": device.describe(row.agent)}
            for row in login_sessions.living(session, subject.id)
        ],
    }
