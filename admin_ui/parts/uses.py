"""What clauses and roles allow in the reader's words: data groups by their names, positions by their titles."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from admin_ui.parts import frame, words
from iam.access.pages.called import groups_anywhere
from iam.access.pages.code_lists import titles
from iam.web import context


def uses_said(session: Session, rights: Collection[str]) -> dict[str, str]:
    """Return how people say each use of data (data group:operation); one statement."""
    called = groups_anywhere(session, {one.partition(":")[0] for one in rights}, context.texts().language)
    return {one: words.use(one, called) for one in rights}


def positions_said(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Return each code of a position behind the title that people of the reader's part bear with it; one statement."""
    named = titles(session, frame.part_of("persons.read"), codes)
    return {code: f"{named[code]} ({code})" if named.get(code, code) != code else code for code in codes}
