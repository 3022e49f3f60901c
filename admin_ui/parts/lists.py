"""Lists: a page of one and the whole of it as a file say the same, in the same order, because both read it here."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import Response, request
from sqlalchemy.orm import Session

from admin_ui.parts import exports, paging
from iam.database.keyset import Cursor, keyset
from iam.web import context

Line = TypeVar("Line")
LONGEST = 200
"""Characters of what may be looked for in a list."""


@dataclass(frozen=True, slots=True)
class Listed(Generic[Line]):
    """A list: what it selects in which order (``keyset``), and how rows are shown, some at a time.

    It is made in the view, while it is known who asks; a file is read afterwards.
    """

    query: Any
    keys: tuple[Any, ...]
    lines: Callable[[Session, Sequence[Any]], Sequence[Line]]
    newest_first: bool = False

    def page(self, cursor: Cursor | None = None) -> paging.Shown[Line]:
        """Return the page that the address asks for, or the one at ``cursor``."""
        place = cursor or paging.cursor()
        found = keyset(context.db(), self.query, self.keys, place, newest_first=self.newest_first)
        return paging.shown(found, self.lines(context.db(), found.rows))

    def each(self, session: Session) -> Iterator[Line]:
        """Yield the whole list; some statements for each ``exports.BATCH`` rows, and the session keeps none of them."""
        last = None
        while True:
            place = Cursor(after=last, size=exports.BATCH)
            found = keyset(session, self.query, self.keys, place, newest_first=self.newest_first)
            yield from self.lines(session, found.rows)
            if not found.later:
                return
            last = found.last
            session.expunge_all()

    def file(
        self,
        name: str,
        header: Sequence[str],
        cells: Callable[[Line], Sequence[object]],
        filters: Mapping[str, Any] | None = None,
    ) -> Response:
        """Return the list as a file, a row of ``cells`` for each line; the rest as ``exports.csv_file`` says."""
        return exports.csv_file(name, header, lambda session: map(cells, self.each(session)), filters)


def text() -> str:
    """Return what the address looks for (``?q=``), as far as it is read; PostgreSQL takes no NUL."""
    return tidied(request.args.get("q", ""))


def tidied(given: str) -> str:
    """Return what somebody looks for as it is looked for: in NFC, as names and keys are kept."""
    return unicodedata.normalize("NFC", given[:LONGEST]).replace("\x00", "").strip()
