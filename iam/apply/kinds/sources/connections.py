"""Upstream connections: who proves at sign-in who somebody is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.state import State
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Stated, Things, one_each
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape
from iam.apply.declared.written import live
from iam.apply.kind import Kind
from iam.apply.schema.item import Code, Item, Key, Names, Sorted, Text
from iam.delivery import destination
from iam.signin.federation import connections
from iam.signin.federation.connection import Connection as ConnectionRow, sealed_row

_OURS = ("link", "unknown", "unlink")
"""Pages of our own beside those of the connections."""
_LEADS = ("domains", "applications")
"""What leads people to a connection."""
_EVERYBODYS = ("common", "consumers", "organizations")
"""What Entra ID writes in place of a tenant for all of them."""


class Recognised(Item):
    """How an account at a connection is recognised at its first sign-in: a claim's value among identifiers of a kind
    and issuer."""

    claim: Code
    kind: Code
    issuer: str = ""


class Connection(Item):
    """An upstream OpenID provider; logins of its ``domains`` are sent there, and people on the way to its
    ``applications``.

    It proves people of its ``owner``'s organisations, which a new one must have.
    """

    key: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    owner: Key | None = None
    name: Names
    issuer: Text
    client_id: Text
    secret: SecretStr | None = None
    secret_file: str | None = None
    scope: Annotated[str, StringConstraints(pattern=r"^(.* )?openid( .*)?$")] = "openid profile"
    domains: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$")]], Sorted] = []
    applications: dict[Key, Literal["first", "only"]] = {}
    identifier: Recognised | None = None
    retired: bool = False


def _shape(item: Connection) -> Shape:
    """Return the shape of a connection without its secret, and without an owner where none is stated."""
    left_out = {"key", "secret", "secret_file"} | ({"owner"} if item.owner is None else set())
    return item.model_dump(exclude=left_out) | {"identifier": item.identifier.model_dump() if item.identifier else {}}


def _stand(session: Session, state: State, things: Things | None) -> None:
    fields = ("name", "issuer", "client_id", "scope", "domains", "applications", "identifier", "retired")
    owners = state.keys("organisation")
    for row in session.execute(select(ConnectionRow.__table__).order_by(ConnectionRow.key)):
        said = {"owner": owners[row.owner_id] if row.owner_id else None}
        state.put("connection", row.key, row.id, said | {name: getattr(row, name) for name in fields})


def _check(draft: Draft) -> None:
    """Check connections; a secret that is not stated, or is the same, stays as it is."""
    stated = draft.stated("connection")
    if not stated:
        return
    others = {key: shape for key, shape in draft.standing("connection").items() if key not in stated}
    led: dict[tuple[str, str], str] = {}
    for key, shape in others.items():
        led |= {(field, name): key for field in _LEADS for name in shape[field] if not shape["retired"]}
    sealed = {row.key: row.secret for row in draft.session.execute(select(ConnectionRow.key, ConnectionRow.secret))}
    for key, one in stated.items():
        item, where = one.items[0]
        if key in _OURS:
            draft.wrong(where.at("key"), "This key stands for a page of our own.", "Choose another key.")
        _owner(draft, key, item, where)
        _issuer(draft, item, where)
        _identifier(draft, item, where)
        _applications(draft, item, where)
        for field in () if item.retired else _LEADS:
            for name in getattr(item, field):
                if led.setdefault((field, name), key) != key:
                    draft.wrong(
                        where.at(field),
                        "%(name)s leads to %(key)s already.",
                        "A domain or an application leads to one connection.",
                        name=name,
                        key=led[(field, name)],
                    )
        _secret(draft, one, sealed.get(key))


def _owner(draft: Draft, key: str, item: Connection, where: Where) -> None:
    """A connection proves people of its owner's organisations; one from before owners keeps what it has until one is
    stated."""
    if item.owner is not None:
        draft.organisation(item.owner, where.at("owner"))
    elif key not in draft.standing("connection"):
        draft.wrong(
            where.at("owner"), "This is missing.", "State the organisation whose people this connection proves."
        )


def _issuer(draft: Draft, item: Connection, where: Where) -> None:
    place = where.at("issuer")
    if "{" in item.issuer or urlsplit(item.issuer).path.strip("/").partition("/")[0] in _EVERYBODYS:
        draft.wrong(
            place,
            "This issuer stands for many tenants, and anybody can open one.",
            "Write the issuer of one tenant, as its own metadata name it.",
        )
        return
    try:
        destination.place_of(item.issuer, [urlsplit(item.issuer).hostname or ""])
        wrong = "?" in item.issuer
    except destination.PlaceRefused:
        wrong = True
    if wrong:
        draft.wrong(place, "This is no issuer.", "Write the address that the provider's metadata name as issuer.")


def _applications(draft: Draft, item: Connection, where: Where) -> None:
    known = draft.standing("application").keys() | draft.stated("application").keys()
    for key in sorted(item.applications.keys() - known):
        draft.wrong(
            where.at("applications"),
            "There is no application %(key)s.",
            "Check the key, or add the application first.",
            key=key,
        )


def _identifier(draft: Draft, item: Connection, where: Where) -> None:
    if item.identifier is not None and item.identifier.claim in connections.NOT_WHO:
        draft.wrong(
            where.at("identifier", "claim"),
            "This claim does not tell who somebody is: it may hold another person's address.",
            "Name a claim that the provider gives to one person and never again, as oid.",
        )


def _secret(draft: Draft, one: Stated, sealed: bytes | None) -> None:
    item, where = one.items[0]
    text, row = draft.secret(item, "secret", where), sealed_row(item.key)
    if text is not None and (sealed is None or draft.vault.unwrap(sealed, row) != text.encode()):
        one.shape["secret"] = draft.vault.wrap(text.encode(), row)


def _write(writing: Writing) -> None:
    """Write the connections that differ."""
    connections.add(writing.session, [_row(writing, *one) for one in writing.some("connection", "create")])
    connections.amend(
        writing.session, [_row(writing, *one) for one in writing.some("connection", "change")], writing.actor
    )


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    said = {name: value for name, value in shape.items() if name != "owner"}
    owner = {"owner_id": writing.draft.organisations[shape["owner"]]} if "owner" in shape else {}
    return {"id": writing.id_of("connection", key), "key": key} | said | owner


def _export(session: Session, state: State) -> Iterator[dict[str, Any]]:
    return ({"key": key} | live(shape) for key, shape in state.shapes["connection"].items())


KIND = Kind(
    name="connection",
    section="connections",
    model=Connection,
    declare=one_each("connection", "key", _shape),
    stand=_stand,
    check=_check,
    write=_write,
    export=_export,
    quiet=frozenset({"secret"}),
)
