"""Which rights come and go by what is done by hand to one person, as the form shows it before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin_ui.people.effects import sealed
from iam.access.commands.publish import Preview
from iam.access.pages import listing
from iam.directory.organisation import Organisation
from iam.texts import N_
from iam.web import context

_WORDS = {True: N_("gains"), False: N_("loses")}


@dataclass(frozen=True, slots=True)
class HandLine:
    """A right that comes or goes: what, which role, where and for how long."""

    word: str
    role: str
    scope: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class HandView:
    """What the form shows before it is saved; ``digest`` is sent back with it."""

    lines: Sequence[HandLine]
    digest: str

    @property
    def is_seen(self) -> bool:
        """Whether the form that was sent was shown with just these effects."""
        return compare_digest(self.digest.encode(), request.form.get("seen", "").encode())


def view(session: Session, found: Preview) -> HandView:
    """Return the effects as the reader may see them; two statements."""
    texts, rows = context.texts(), found.rows()
    roles = listing.role_names(session, {row.role_id for row in rows}) if rows else {}
    query = select(Organisation).where(Organisation.id.in_({row.scope_id for row in rows}))
    places = {one.id: one.name(texts.language) for one in session.scalars(query)} if rows else {}
    lines = [
        HandLine(
            texts.gettext(_WORDS[row.gains]),
            roles[row.role_id].said(texts.language),
            places[row.scope_id],
            texts.first_day(row.valid_from),
            texts.day(row.valid_to),
        )
        for row in sorted(rows, key=lambda row: not row.gains)
    ]
    return HandView(lines, sealed(found.effects.digest))
