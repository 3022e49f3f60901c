"""The tree of the reader's part as nested lists: a page of its top, or of what lies right under one, with some of what
is below; the rest opens by link."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from admin_ui.parts import paging, words
from admin_ui.parts.lists import Listed
from iam.access.administration import Part
from iam.directory.organisation import Organisation
from iam.directory.pages import listing
from iam.directory.pages.tree import first_under, numbers_under
from iam.web import context

MOST = 20
"""So many are shown right under one; all of them are a page of their own."""
DEEPER = 60
"""Where at most so many are shown below the page's own, what is under them is read, too."""


@dataclass(slots=True)
class Branch:
    """An organisation with what is shown under it; ``under`` is how many there are right under it."""

    id: Any
    name: str
    kind: str
    under: int = 0
    below: list[Branch] = field(default_factory=list)


def page(part: Part, query: Any) -> paging.Shown[Branch]:
    """Return a page of what ``query`` selects as branches; four statements, however large the tree is."""
    keys = listing.organisation_keys(context.texts().language)
    found: paging.Shown[Branch] = Listed(query, keys, lambda session, rows: _branches(session, part, rows)).page()
    return found


def _branches(session: Session, part: Part, rows: Any) -> list[Branch]:
    made = [_branch(row) for row in rows]
    every, level = list(made), made
    while level and (level is made or len(level) <= DEEPER) and len(every) <= paging.SIZE + DEEPER:
        level = _grow(session, part, level)
        every += level
    numbers = numbers_under(session, part, [one.id for one in every])
    for one in every:
        one.under = numbers.get(one.id, 0)
    return made


def _grow(session: Session, part: Part, level: list[Branch]) -> list[Branch]:
    under = first_under(session, part, [one.id for one in level], context.texts().language, MOST)
    for one in level:
        one.below = [_branch(row) for row in under.get(one.id, ())]
    return [below for one in level for below in one.below]


def _branch(row: Organisation) -> Branch:
    return Branch(row.id, row.name(context.texts().language), words.word(words.ORGANISATIONS, row.kind))
