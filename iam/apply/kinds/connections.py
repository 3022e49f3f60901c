"""Upstream connections in a declaration: what stands, what is wrong with what is stated, and writing what differs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from iam.apply.comparison.draft import Draft
from iam.apply.comparison.writing import Writing
from iam.apply.declared.declaration import Stated
from iam.apply.declared.place import Where
from iam.apply.declared.shapes import Shape
from iam.apply.kinds import check_sources
from iam.apply.schema import inbound
from iam.delivery import destination
from iam.signin.federation import connections, openings as connection_openings
from iam.signin.federation.connection import Connection, sealed_row

_OURS = ("link", "unknown", "unlink")
"""Pages of our own beside those of the connections."""
_LEADS = ("domains", "applications")
"""What leads people to a connection."""
_EVERYBODYS = ("common", "consumers", "organizations")
"""What Entra ID writes in place of a tenant for all of them."""


def check(draft: Draft) -> None:
    """Check connections; a secret that is not stated, or is the same, stays as it is."""
    stated = draft.stated("connection")
    if not stated:
        return
    others = {key: shape for key, shape in draft.standing("connection").items() if key not in stated}
    led: dict[tuple[str, str], str] = {}
    for key, shape in others.items():
        led |= {(field, name): key for field in _LEADS for name in shape[field] if not shape["retired"]}
    sealed = {row.key: row.secret for row in draft.session.execute(select(Connection.key, Connection.secret))}
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


def check_openings(draft: Draft) -> None:
    """Check that organisation and connection of every opening exist, and that its intervals do not overlap."""
    check_sources.check_opened(draft, "connection")


def _owner(draft: Draft, key: str, item: inbound.Connection, where: Where) -> None:
    """A connection proves people of its owner's organisations; one from before owners keeps what it has until one is
    stated."""
    if item.owner is not None:
        draft.organisation(item.owner, where.at("owner"))
    elif key not in draft.standing("connection"):
        draft.wrong(
            where.at("owner"), "This is missing.", "State the organisation whose people this connection proves."
        )


def _issuer(draft: Draft, item: inbound.Connection, where: Where) -> None:
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


def _applications(draft: Draft, item: inbound.Connection, where: Where) -> None:
    known = draft.standing("application").keys() | draft.stated("application").keys()
    for key in sorted(item.applications.keys() - known):
        draft.wrong(
            where.at("applications"),
            "There is no application %(key)s.",
            "Check the key, or add the application first.",
            key=key,
        )


def _identifier(draft: Draft, item: inbound.Connection, where: Where) -> None:
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


def write(writing: Writing) -> None:
    """Write the connections that differ."""
    connections.add(writing.session, [_row(writing, *one) for one in writing.some("connection", "create")])
    connections.amend(
        writing.session, [_row(writing, *one) for one in writing.some("connection", "change")], writing.actor
    )


def write_openings(writing: Writing) -> None:
    """Write the openings that differ."""
    stated = {}
    for key, shape in writing.all("opened connection"):
        item, _ = writing.draft.stated("opened connection")[key].items[0]
        pair = writing.id_of("connection", item.connection), writing.draft.organisations[item.organisation]
        stated[pair] = shape["opened"]
    connection_openings.state(writing.session, writing.change, stated, writing.actor)


def _row(writing: Writing, key: str, shape: Shape) -> dict[str, Any]:
    said = {name: value for name, value in shape.items() if name != "owner"}
    owner = {"owner_id": writing.draft.organisations[shape["owner"]]} if "owner" in shape else {}
    return {"id": writing.id_of("connection", key), "key": key} | said | owner
