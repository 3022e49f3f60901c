"""Entries to records: attributes as text, and what makes an entry unfit. No value ever gets into a message."""

from __future__ import annotations

import re

from connectors.csv_inspection import CONTROL, misplaced_code
from connectors.identity_code import holds_code
from connectors.ldap.entries import Entry
from connectors.ldap.wire.times import readable
from connectors.problem import Problem
from connectors.records import Record, Rejected, Value, digest_of

ID = "entryUUID"
GROUP_ATTRIBUTES = ("cn", "description")
ENABLED = "accountEnabled"
"""The column that says whether an account may be used."""
_CONTROL_ATTRIBUTE = "useraccountcontrol"
_ACCOUNTDISABLE = 0x2
_FLAGS = re.compile("-?[0-9]{1,10}")


def row(kind: str, entry: Entry, attributes: tuple[str, ...]) -> Record | Rejected:
    """Return the entry as a record with ``dn``, ``entryUUID`` (its id, whichever attribute that is) and ``attributes``.

    One value is text, several are a sorted tuple, none is ``""``; moments are ``times.readable``. With
    ``userAccountControl`` of Active Directory comes ``accountEnabled``.
    """
    fields: dict[str, Value] = {"dn": entry.dn, ID: entry.uuid}
    for name in attributes:
        if name.lower() == entry.id_attribute.lower():
            continue
        try:
            values = sorted(readable(name, value.decode("utf-8")) for value in entry.values.get(name.lower(), ()))
        except UnicodeDecodeError:
            return Rejected(kind, entry.uuid, _binary(name))
        fields[name] = values[0] if len(values) == 1 else tuple(values) if values else ""
        if name.lower() == _CONTROL_ATTRIBUTE:
            fields[ENABLED] = _enabled(values)
    problem = _problem(fields)
    if problem is not None:
        return Rejected(kind, entry.uuid, problem)
    return Record(kind, entry.uuid, fields, digest_of(_texts(fields)))


def membership(group: str, person: str) -> Record:
    """Return the record of a person in a group."""
    fields = {"group": group, "person": person}
    return Record("membership", f"{group}/{person}", fields, digest_of(fields.values()))


def _enabled(control: list[str]) -> str:
    """Return ``true`` or ``false`` by the flags of an account ([MS-ADTS] 2.2.16); ``""``, which suspends nobody, where
    there are none. One that is locked for a while after wrong passwords (LOCKOUT) is enabled."""
    if len(control) != 1 or not _FLAGS.fullmatch(control[0]):
        return ""
    return "false" if int(control[0]) & _ACCOUNTDISABLE else "true"


def _texts(fields: dict[str, Value]) -> list[str]:
    texts: list[str] = []
    for name, value in fields.items():
        texts += [name, value] if isinstance(value, str) else [name, str(len(value)), *value]
    return texts


def _problem(fields: dict[str, Value]) -> Problem | None:
    for name, value in fields.items():
        text = value if isinstance(value, str) else "\n".join(value)
        if CONTROL.search(text):
            return Problem("The attribute holds a control character.", "Remove it in the directory.", field=name)
        if holds_code(text):
            return misplaced_code(None, None, name, None)
    return None


def _binary(name: str) -> Problem:
    return Problem(
        "The attribute holds no text.", "Leave it out of person_attributes, or correct it in the directory.", field=name
    )
