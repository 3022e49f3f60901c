"""A whole collection, page by page, to a proved end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.contract import ConnectorError, Malformed, Retryable
from connectors.oneroster.rest import failure
from connectors.oneroster.rest.client import Client, Page
from connectors.problem import Problem

MOST_PAGES = 20_000
"""Of one collection."""
Object = dict[str, Any]


@dataclass
class Count:
    """How much of a collection came: ``proved`` once as many came as the server says there are."""

    objects: int = 0
    proved: bool = False


def collection(
    client: Client, name: str, page_size: int, count: Count, condition: str | None = None
) -> Iterator[Object]:
    """Yield every object of a collection once, those that ``condition`` filters; raises ``ConnectorError``, and
    ``FilterRefused`` before the first.

    The end is a page without objects, the last object of those that the server says there are when it names no next
    page, or, where it states no number, a page that names no next one when earlier ones did.
    """
    seen: set[str] = set()
    total, named = None, False
    query = {"limit": str(page_size), "sort": "sourcedId", "orderBy": "asc"}
    query |= {"filter": condition} if condition is not None else {}
    for n in range(MOST_PAGES):
        page = client.get(name, {**query, "offset": str(count.objects)})
        objects = _objects(page, name)
        if n and page.total != total:
            raise Retryable(_moved(name))
        total = page.total
        _note(objects, seen, name)
        yield from objects
        count.objects += len(objects)
        named = named or page.more
        if not objects or (not page.more and (named if total is None else count.objects >= total)):
            if total not in (None, count.objects):
                raise Malformed(_lies(name, total or 0, count.objects))
            count.proved = total is not None
            return
    raise Malformed(
        Problem(
            "The list %(name)s does not end.", "Ask the server's keeper; set a larger page_size.", params={"name": name}
        )
    )


def _objects(page: Page, name: str) -> list[Object]:
    objects = page.told.get(name) if isinstance(page.told, dict) else None
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        raise failure.no_json("url")
    return objects


def _note(objects: list[Object], seen: set[str], name: str) -> None:
    """Remember which objects came; raises ``ConnectorError`` for one that came before: then another one may lack."""
    ids = [one["sourcedId"] for one in objects if isinstance(one.get("sourcedId"), str)]
    again = sum(one in seen for one in ids) + len(ids) - len(set(ids))
    if again and again == len(ids):
        raise Malformed(
            Problem(
                "The server gives the same page of %(name)s again.",
                "Ask its keeper: limit and offset must be heeded.",
                params={"name": name},
            )
        )
    if again:
        raise _twice(name)
    seen.update(ids)


def _twice(name: str) -> ConnectorError:
    return Retryable(
        Problem(
            "The list %(name)s has one object twice, so another one may be missing.",
            "Run the source again, in case the list was changed while it was read; else ask the server's keeper.",
            params={"name": name},
        )
    )


def _moved(name: str) -> Problem:
    return Problem(
        "The list %(name)s grew or shrank while it was read.",
        "Run the source again, at an hour when nobody works in the school system.",
        params={"name": name},
    )


def _lies(name: str, total: int, found: int) -> Problem:
    return Problem(
        "The server says that %(name)s has %(total)d objects, but %(found)d came.",
        "Run the source again; if it stays so, ask the server's keeper.",
        params={"name": name, "total": total, "found": found},
    )
