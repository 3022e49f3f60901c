"""Pages of a list by key: the address names the last row seen by its id, never by what it holds, and no page is
counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from iam.database.keyset import Cursor, Slice
from iam.web.forms.kept import AGAIN

Row = TypeVar("Row")
SIZE = 50
_PLACES = ("after", "before")


@dataclass(frozen=True, slots=True)
class Shown(Generic[Row]):
    """The rows of a page, with the addresses of its neighbours (None: there is none) and of its export."""

    rows: list[Row]
    previous: str | None
    next: str | None


def cursor(size: int = SIZE) -> Cursor:
    """Return the place in the list that the address names: ``?after=ID`` or ``?before=ID``; anything else is the
    start."""
    return Cursor(as_id(request.args.get("after")), as_id(request.args.get("before")), size)


def shown(part: Slice[Any], rows: Sequence[Row]) -> Shown[Row]:
    """Return a page of ``rows`` (made from the rows of ``part``) with links to its neighbours that keep the filters."""
    previous = address(before=part.first) if part.earlier else None
    return Shown(list(rows), previous, address(after=part.last) if part.later else None)


def address(path: str | None = None, **changed: Any) -> str:
    """Return this page's address with some of its query changed; the place in the list is left out unless it is
    given."""
    kept = {name: value for name, value in request.args.items() if name not in (*_PLACES, "lang", AGAIN) and value}
    query = {name: value for name, value in {**kept, **changed}.items() if value is not None}
    here = path or request.path
    return f"{here}?{urlencode(query)}" if query else here


def as_id(text: str | None) -> UUID | None:
    """Return the id that ``text`` writes out; None when it is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
