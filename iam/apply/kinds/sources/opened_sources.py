"""Organisations that let the source of another owner state facts in them, and in what is under them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.written import Row
from iam.apply.kind import Kind
from iam.apply.kinds.sources import moves, openings
from iam.apply.schema.item import Dated, Key
from iam.lifecycle.organisations import openings as source_openings

OF = "source"
"""What they are opened to."""


class OpenedSource(Dated):
    """An organisation, with those under it, lets the source of another owner state facts there."""

    organisation: Key
    source: Key


def _declare(found: Declaration, items: Items) -> None:
    openings.declare(OF, found, items)


def _stand(session: Session, state: State, things: Things | None) -> None:
    organisations, sources = state.keys("organisation"), state.keys("source")
    for (organisation_id, source_id), intervals in source_openings.standing(session).items():
        key = openings.opened_key(organisations[organisation_id], sources[source_id])
        state.shapes["opened source"][key] = {"opened": intervals}


def _check(draft: Draft) -> None:
    """Check that organisation and source of every opening exist; organisations that move take their sources along."""
    openings.check(draft, OF)
    moves.keep_sources(draft)


def _write(writing: Writing) -> None:
    """Write the openings that differ, those that a move adds too: no item states them, so the key tells of what."""
    ids = writing.draft.organisations
    opened = {}
    for key, shape in writing.all("opened source"):
        organisation, _, source_key = key.partition(" to ")
        opened[(ids[organisation], writing.id_of("source", source_key))] = shape["opened"]
    source_openings.state(writing.session, writing.change, opened, writing.actor)


def _export(session: Session, state: State) -> Iterator[Row]:
    return openings.export(OF, state)


KIND = Kind(
    name="opened source",
    section="opened_sources",
    model=OpenedSource,
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    history=frozenset({"opened"}),
    guarded=True,
    derives="everybody",
)
