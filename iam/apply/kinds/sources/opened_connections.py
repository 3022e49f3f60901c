"""Organisations that let a connection of another owner sign their people in."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.written import Row
from iam.apply.kind import Kind
from iam.apply.kinds.sources import openings
from iam.apply.schema.item import Dated, Key
from iam.signin.federation import openings as connection_openings

OF = "connection"
"""What they are opened to."""


class OpenedConnection(Dated):
    """An organisation, with those under it, lets a connection of another owner sign its people in, for a time."""

    organisation: Key
    connection: Key


def _declare(found: Declaration, items: Items) -> None:
    openings.declare(OF, found, items)


def _stand(session: Session, state: State, things: Things | None) -> None:
    owners, keys = state.keys("organisation"), state.keys("connection")
    for (connection_id, organisation_id), intervals in connection_openings.standing(session).items():
        name = openings.opened_key(owners[organisation_id], keys[connection_id])
        state.shapes["opened connection"][name] = {"opened": intervals}


def _check(draft: Draft) -> None:
    """Check that organisation and connection of every opening exist, and that its intervals do not overlap."""
    openings.check(draft, OF)


def _write(writing: Writing) -> None:
    """Write the openings that differ."""
    stated = {}
    for key, shape in writing.all("opened connection"):
        item, _ = writing.draft.stated("opened connection")[key].items[0]
        pair = writing.id_of("connection", item.connection), writing.draft.organisations[item.organisation]
        stated[pair] = shape["opened"]
    connection_openings.state(writing.session, writing.change, stated, writing.actor)


def _export(session: Session, state: State) -> Iterator[Row]:
    return openings.export(OF, state)


KIND = Kind(
    name="opened connection",
    section="opened_connections",
    model=OpenedConnection,
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    history=frozenset({"opened"}),
)
