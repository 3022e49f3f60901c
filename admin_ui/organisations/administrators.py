"""Who administers an organisation: by name, as far as the reader sees people, with what they may do and until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from admin_ui.parts import frame, words
from admin_ui.parts.seen import profiles
from admin_ui.people.listing import listed_name
from iam.access.administrator_roles import in_words
from iam.access.pages import administered
from iam.directory.queries import Profile
from iam.web import context

MOST = 200


class StandingLine(NamedTuple):
    """Somebody who administers an organisation by a grant over it or over one above."""

    person_id: UUID
    name: str
    over: str
    permissions: Sequence[str]
    until: datetime | None


class Administering(NamedTuple):
    """Those whom the reader may know, and how many others there are."""

    lines: Sequence[StandingLine]
    others: int


def of_organisation(session: Session, organisation_id: UUID) -> Administering:
    """Return who administers an organisation; three statements at most."""
    texts, part, people = context.texts(), frame.part_of("organisations.read"), frame.part_of("persons.read")
    found, others = administered.over(session, (part, people), organisation_id, MOST)
    shown = profiles(session, {one.person_id for one in found})
    lines = [
        StandingLine(
            one.person_id,
            listed_name(shown.get(one.person_id, Profile()), texts),
            one.organisation.name(texts.language),
            [texts.gettext(word) for word in in_words(one.permissions)],
            words.end(one.until),
        )
        for one in found
    ]
    return Administering(sorted(lines, key=lambda one: (one.name, one.over)), others)
