"""What a request asks of a collection: filter, sort, and which page (OneRoster 1.2 REST binding, section 3.4)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from connectors.simulators.oneroster.roster import Object

_CONDITION = re.compile(r"([A-Za-z.]+)(>=|<=|!=|=|>|<|~)'([^']*)'")
_PREDICATES: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": operator.contains,
}
USUAL_LIMIT = 100


class NotUnderstood(Exception):
    """A parameter is not as the standard has it; the text is the code of the standard for that."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of one request for a collection."""

    limit: int
    offset: int
    conditions: tuple[tuple[str, str, str], ...]
    sort: str
    descending: bool

    def of(self, objects: list[Object]) -> list[Object]:
        """Return all the objects that are asked for, in their order, not yet in pages."""
        found = [one for one in objects if all(_meets(one, *condition) for condition in self.conditions)]
        return sorted(found, key=lambda one: _text(one, self.sort), reverse=self.descending) if self.sort else found


def parse(query: Mapping[str, str], largest: int) -> Asked:
    """Return what a query string asks, of at most ``largest`` objects; raises ``NotUnderstood``."""
    try:
        limit, offset = int(query.get("limit", USUAL_LIMIT)), int(query.get("offset", 0))
    except ValueError:
        raise NotUnderstood("invaliddata") from None
    if limit < 1 or offset < 0 or query.get("orderBy", "asc") not in ("asc", "desc"):
        raise NotUnderstood("invaliddata")
    told = query.get("filter", "")
    conditions = [_CONDITION.fullmatch(each.strip()) for each in told.split(" AND ")] if told else []
    if not all(conditions):
        raise NotUnderstood("invalidfilterfield")
    found = tuple((each[1], each[2], each[3]) for each in conditions if each)
    return Asked(min(limit, largest), offset, found, query.get("sort", ""), query.get("orderBy") == "desc")


def links(address: str, query: Mapping[str, str], asked: Asked, total: int) -> str:
    """Return the Link header of a page: first and last, and next and previous where there are such."""
    last = (total - 1) // asked.limit * asked.limit if total else 0
    offsets = {"first": 0, "last": last}
    if asked.offset + asked.limit < total:
        offsets["next"] = asked.offset + asked.limit
    if asked.offset:
        offsets["prev"] = max(asked.offset - asked.limit, 0)
    pages = {name: urlencode({**query, "limit": asked.limit, "offset": at}) for name, at in offsets.items()}
    return ", ".join(f'<{address}?{page}>; rel="{name}"' for name, page in pages.items())


def _meets(one: Object, field: str, predicate: str, value: str) -> bool:
    return _PREDICATES[predicate](_text(one, field), value)


def _text(one: Object, field: str) -> str:
    value: Any = one
    for part in field.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return str(value)
