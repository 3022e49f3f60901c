"""What clients may do by the API for nobody: grants of their own, in which part of the tree, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlalchemy.orm import Session

from iam import clock
from iam.access.client_asker import CLIENT_PERMISSIONS
from iam.access.commands import delegation
from iam.access.commands.delegation import Caller, Permit
from iam.apply.comparison.difference import Difference
from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Declaration, Items, Things
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import interval
from iam.apply.declared.written import Row, granted
from iam.apply.kind import Kind
from iam.apply.schema.item import Dated, Key, Sorted, one_of
from iam.oidc.programs import OWN_GRANT
from iam.plans.definition_guard import Touched


class ClientGrants(Dated):
    """What a client may do for nobody in a part of the tree; a permission that is left out ends. ``owner`` is the
    organisation that answers for it."""

    client: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,100}$")]
    organisation: Key
    owner: Key
    permissions: Annotated[list[Annotated[str, one_of(*sorted(CLIENT_PERMISSIONS))]], Sorted, Field(min_length=1)]


def _declare(found: Declaration, items: Items) -> None:
    """Bring together what a client may do in one part of the tree; it has one owner there."""
    for item, where in items:
        shape = found.merge("client grant", f"{item.client} in {item.organisation}", item, where).shape
        shape["permissions"] = sorted({*shape.get("permissions", ()), *_permits(item)})
        if shape.setdefault("owner", item.owner) != item.owner:
            message = "This client has two owners in one organisation."
            found.problems.append(where.at("owner").problem(message, "State the same owner in both."))


def _permits(item: ClientGrants) -> list[Permit]:
    return [(permission, *interval(item)) for permission in item.permissions]


def _stand(session: Session, state: State, things: Things | None) -> None:
    """Put in what clients may; where another answered for it before, what was then is not told."""
    keys = state.keys("organisation")
    for (client_id, organisation_id, owner_id), permits in sorted(
        delegation.client_grants(session).items(), key=lambda one: _ends(one[1].values())
    ):
        shape = {"owner": keys[owner_id], "permissions": sorted(permits.values())}
        state.shapes["client grant"][f"{client_id} in {keys[organisation_id]}"] = shape


def _ends(permits: Any) -> datetime:
    return max((end for _, _, end in permits), default=clock.LONG_AGO)


def _check(draft: Draft) -> None:
    """Check that the client gets tokens for itself, and that the organisations are there."""
    clients = draft.overlaid("client")
    for one in draft.stated("client grant").values():
        for item, where in one.items:
            draft.organisation(item.organisation, where.at("organisation"))
            draft.organisation(item.owner, where.at("owner"))
            if "applications" not in draft.declaration.broken:
                _check_client(draft, clients.get(item.client), item.client, where.at("client"))


def _check_client(draft: Draft, client: Any, client_id: str, where: Where) -> None:
    if client is None or client.get("self_registered"):
        draft.wrong(where, "There is no client %(name)s.", "State it with its application.", name=client_id)
    elif OWN_GRANT not in client["grants"]:
        message = "The client %(name)s gets no tokens for itself."
        draft.wrong(where, message, "Add client_credentials to its grants.", name=client_id)


def _write(writing: Writing) -> None:
    known, stated = writing.draft.organisations, dict[Caller, list[Permit]]()
    for key, shape in writing.all("client grant"):
        item, _ = writing.draft.stated("client grant")[key].items[0]
        stated[(item.client, known[item.organisation], known[item.owner])] = shape["permissions"]
    if stated:
        delegation.set_client_grants(writing.session, writing.change, _of_others(writing.session, stated) | stated)


def _of_others(session: Session, stated: dict[Caller, list[Permit]]) -> dict[Caller, list[Permit]]:
    """What others answered for there until now, as it ends."""
    now, here = clock.now(), {one[:2] for one in stated}
    return {
        holder: [permit for permit in permits.values() if permit[2] <= now]
        for holder, permits in delegation.client_grants(session, {one[0] for one in stated}).items()
        if holder[:2] in here and holder not in stated
    }


def _export(session: Session, state: State) -> Iterator[Row]:
    for key, shape in sorted(state.shapes["client grant"].items()):
        client, _, organisation = key.rpartition(" in ")
        whose = {"client": client, "organisation": organisation, "owner": shape["owner"]}
        yield from granted(whose, shape["permissions"])


def _touches(draft: Draft, one: Difference) -> Touched:
    return Touched(programs=True)


KIND = Kind(
    name="client grant",
    section="client_grants",
    model=ClientGrants,
    declare=_declare,
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    touches=_touches,
    history=frozenset({"permissions"}),
    guarded=True,
)
