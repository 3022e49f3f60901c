"""What clauses and roles allow in the reader's words: data groups and positions by their names."""

from __future__ import annotations

from collections import Counter
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
    """Return the name of each code of a position; one without has the title before it that people of the reader's part
    bear with it. One statement."""
    found = titles(session, frame.part_of("persons.read"), codes, context.texts().language)
    alike = Counter(found.names.values())
    names = {code: name if alike[name] == 1 else f"{name} ({code})" for code, name in found.names.items()}
    borne = {code: f"{title} ({code})" if title != code else code for code, title in found.titles.items()}
    return {code: code for code in codes} | borne | names
