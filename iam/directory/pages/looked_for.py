"""By what somebody was looked for: the event of a search tells of which kind it was, never the text."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.directory.person import Identifier


def kinds(session: Session, text: str, shown: Collection[UUID]) -> list[str]:
    """Return the kinds of the identifiers of those shown that the text is; a text that is none of them was a name."""
    if not any(map(str.isdigit, text)):
        return ["name"]
    i = Identifier
    query = select(i.kind).distinct().where(i.closed_by.is_(None), i.value == text, i.person_id.in_(shown))
    return sorted(session.scalars(query)) or ["name"]
