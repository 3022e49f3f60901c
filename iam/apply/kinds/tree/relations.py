"""Relations of organisations besides the tree: one covers, owns or continues another."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.written import Row, dated
from iam.apply.kind import Kind
from iam.apply.schema.item import Dated, Key
from iam.lifecycle.organisations import commands as organisations


class Relation(Dated):
    """A relation besides the tree."""

    organisation: Key
    kind: Literal["covers", "owns", "continues"]
    other: Key


def _key(organisation: str, kind: str, other: str) -> str:
    """Return the name of a relation."""
    return f"{organisation} {kind} {other}"


def _declare(found: Declaration, items: Items) -> None:
    """State relations by their two ends and their kind."""
    for item, where in items:
        found.gather("relation", _key(item.organisation, item.kind, item.other), "intervals", item, where)


def _stand(session: Session, state: State, things: Things | None) -> None:
    keys = state.keys("organisation")
    for (one, kind, other), intervals in organisations.relations(session).items():
        state.shapes["relation"][_key(keys[one], kind, keys[other])] = {"intervals": sorted(intervals)}


def _check(draft: Draft) -> None:
    """Check that both ends of every relation exist, differ, and that its intervals do not overlap."""
    for one in draft.stated("relation").values():
        item, where = one.items[0]
        draft.organisation(item.organisation, where.at("organisation"))
        draft.organisation(item.other, where.at("other"))
        if item.organisation == item.other:
            draft.wrong(where.at("other"), "An organisation is related to itself.", "Name another organisation.")
        intervals = one.shape["intervals"]
        if any(later[0] < earlier[1] for earlier, later in pairwise(intervals)):
            draft.wrong(where, "This relation is stated for overlapping times.", "Let one end before the next begins.")


def _write(writing: Writing) -> None:
    ids, relations = writing.draft.organisations, {}
    for key, shape in writing.all("relation"):
        item, _ = writing.draft.stated("relation")[key].items[0]
        relations[(ids[item.organisation], item.kind, ids[item.other])] = shape["intervals"]
    if relations:
        organisations.write_relations(writing.session, writing.change, relations)


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in state.shapes["relation"].items():
        organisation, kind, other = key.split(" ")
        for start, end in shape["intervals"]:
            yield {"organisation": organisation, "kind": kind, "other": other} | dated(start, end)


KIND = Kind(
    name="relation",
    section="relations",
    model=Relation,
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    guarded=True,
    derives="everybody",
)
