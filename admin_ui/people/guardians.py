"""Who waits for the school to confirm that they may know where a protected child is, and what the child's page shows of
it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from admin_ui.parts import words
from admin_ui.people.view import PATH, Subject, names
from iam.access.administration import Part
from iam.lifecycle import guardians
from iam.texts import N_
from iam.web import context

SOME = 20
"""So many who wait are named on the overview; the count tells of all."""


def of_child(subject: Subject) -> list[Mapping[str, Any]]:
    """Return the guardians of a protected child as the tab of facts shows them; none where the reader may not
    confirm."""
    if not subject.profile.protected or "rights.grant" not in subject.allowed:
        return []
    found = guardians.of_child(context.db(), subject.id)
    called = names({guardian for guardian, _ in found})
    return [
        {
            "id": guardian,
            "name": called.get(guardian) or context.texts().gettext(N_("No name")),
            "confirmed": until is not None,
            "until": words.end(until) if until else None,
        }
        for guardian, until in found
    ]


def waiting(session: Session, part: Part) -> Mapping[str, Any]:
    """Return how many guardians of protected children wait in a part, and some of them, those who sign in first; three
    statements."""
    if not part:
        return {"count": 0, "some": []}
    rows = session.execute(guardians.waiting(part).limit(SOME)).all()
    called = names({id_ for row in rows for id_ in row[:2]}, session) if rows else {}
    t = context.texts().gettext
    some = [
        {
            "href": f"{PATH}/{child}?tab=facts",
            "guardian": called.get(guardian) or t(N_("No name")),
            "child": called.get(child) or t(N_("No name")),
            "signed_in": signed_in,
        }
        for guardian, child, signed_in in rows
    ]
    return {"count": guardians.count_waiting(session, part)[0] if len(rows) == SOME else len(rows), "some": some}
