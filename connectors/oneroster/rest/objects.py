"""JSON objects as rows with the columns of a bundle's file, so that one column matching reads both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.oneroster.files import FILES
from connectors.roster.files import BundleFile
from connectors.roster.keys import joined, prefix
from connectors.signs import composed

Object = Mapping[str, Any]
BY_KIND: dict[str, BundleFile] = {file.kind: file for file in FILES if file.kind}


class Unreadable(Exception):
    """A value is not what the standard has there; ``field`` is the column."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def row(kind: str, one: Object) -> dict[str, str]:
    """Return an object as a row of its file: its own columns in their order, ``status`` and ``dateLastModified`` empty
    as in a file that is whole. Raises ``Unreadable``."""
    layout = BY_KIND[kind].layout
    read = {name: _READERS.get(name, _plain(name)) for name in layout.columns if name not in layout.dropped}
    fields = {}
    for name, value_of in read.items():
        try:
            fields[name] = composed(value_of(one))
        except (TypeError, ValueError):
            raise Unreadable(name) from None
    return fields | {"status": "", "dateLastModified": ""}


def role_rows(user: str, one: Object) -> list[dict[str, str]]:
    """Return the roles of a user as rows; raises ``Unreadable`` where one cannot be told.

    A role has no id of its own in JSON. Its key is made of what it is: the user, the role and the organisation, and a
    number where the same comes again.
    """
    roles = one.get("roles") or []
    if not isinstance(roles, list):
        raise Unreadable("roles")
    rows, counted = [], dict[str, int]()
    for role in roles:
        if not isinstance(role, dict):
            raise Unreadable("roles")
        fields = row("role", {**role, "sourcedId": user}) | {"userSourcedId": user, "userProfileSourcedId": ""}
        if not fields["role"] or not fields["orgSourcedId"]:
            raise Unreadable("role" if fields["orgSourcedId"] else "orgSourcedId")
        key = joined(user, fields["role"].strip().lower(), fields["orgSourcedId"])
        rows.append(fields | {"sourcedId": key})
    # In an order of their own, so that the number of one that comes twice does not hang on the server's.
    rows.sort(key=lambda fields: tuple(fields.values()))
    for fields in rows:
        key = fields["sourcedId"]
        counted[key] = counted.get(key, 0) + 1
        fields["sourcedId"] = key if counted[key] == 1 else f"{key}/{counted[key]}"
    return rows


def role_prefix(user: str) -> str:
    """Return how the keys of all roles of a user begin, and of nobody else's."""
    return prefix(user)


def _plain(name: str) -> Callable[[Object], str]:
    return lambda one: _text(one.get(name))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, str):
        raise TypeError
    return value


def _first(*names: str) -> Callable[[Object], str]:
    """Read the first of several names that says something: the bindings do not call it the same."""
    return lambda one: next((text for name in names if (text := _text(one.get(name)))), "")


def _listed(name: str) -> Callable[[Object], str]:
    def read(one: Object) -> str:
        value = one.get(name)
        return ",".join(map(_text, value)) if isinstance(value, list) else _text(value)

    return read


def _reference(name: str) -> Callable[[Object], str]:
    def read(one: Object) -> str:
        value = one.get(name)
        return "" if value is None else _named(value)

    return read


def _references(name: str) -> Callable[[Object], str]:
    def read(one: Object) -> str:
        ids = [_named(value) for value in one.get(name) or ()]
        # The column is a list parted by commas: an id with one would name two others.
        if any("," in each for each in ids):
            raise ValueError
        return ",".join(ids)

    return read


def _named(value: Any) -> str:
    if not isinstance(value, dict):
        raise TypeError
    return _text(value.get("sourcedId"))


def _user_ids(one: Object) -> str:
    parts = []
    for each in one.get("userIds") or ():
        if not isinstance(each, dict):
            raise TypeError
        kind, value = _text(each.get("type")), _text(each.get("identifier"))
        # What parts one id from the next in the column may not be within one.
        if any(sign in text for text in (kind, value) for sign in ",{}") or ":" in kind:
            raise ValueError
        parts.append(f"{{{kind}:{value}}}")
    return ",".join(parts)


_READERS: Mapping[str, Callable[[Object], str]] = {
    "parentSourcedId": _reference("parent"),
    "userIds": _user_ids,
    "agentSourcedIds": _references("agents"),
    "grades": _listed("grades"),
    "preferredGivenName": _first("preferredFirstName", "preferredGivenName"),
    "preferredFamilyName": _first("preferredLastName", "preferredFamilyName"),
    "primaryOrgSourcedId": _reference("primaryOrg"),
    "orgSourcedId": _reference("org"),
    "userSourcedId": _reference("user"),
    "classSourcedId": _reference("class"),
    "courseSourcedId": _reference("course"),
    "schoolSourcedId": _reference("school"),
    "termSourcedIds": _references("terms"),
    "subjects": _listed("subjects"),
    "subjectCodes": _listed("subjectCodes"),
    "periods": _listed("periods"),
}
