"""Organisations that are opened to what others own, sources or connections: what both kinds of opening share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.declared.declaration import Declaration, Items
from iam.apply.declared.written import Row, dated


def opened_key(organisation: str, other: str) -> str:
    """Return the name of an organisation opened to a source, or to a connection."""
    return f"{organisation} to {other}"


def declare(kind: str, found: Declaration, items: Items) -> None:
    """State what organisations are opened to: sources, or connections."""
    for item, where in items:
        key = opened_key(item.organisation, getattr(item, kind))
        found.gather(f"opened {kind}", key, "opened", item, where)


def check(draft: Draft, kind: str) -> None:
    """Check what organisations are opened to: sources, or connections."""
    known = draft.standing(kind).keys() | draft.stated(kind).keys()
    for one in draft.stated(f"opened {kind}").values():
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        key = getattr(item, kind)
        if key not in known and f"{kind}s" not in draft.declaration.broken:
            draft.wrong(
                where.at(kind), f"There is no {kind} %(key)s.", f"Check the key, or add the {kind} first.", key=key
            )
        if any(later[0] < earlier[1] for earlier, later in pairwise(one.shape["opened"])):
            draft.wrong(where, "This is stated for overlapping times.", "Let one end before the next begins.")


def export(kind: str, state: State) -> Iterator[Row]:
    """Yield what organisations are opened to, an item for each time."""
    for key, shape in state.shapes[f"opened {kind}"].items():
        organisation, _, other = key.partition(" to ")
        for start, end in shape["opened"]:
            yield {"organisation": organisation, kind: other} | dated(start, end)
