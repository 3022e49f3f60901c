"""Values that Active Directory gives in parts (``member;range=0-1499``; [MS-ADTS] 3.1.1.3.1.3.3): the rest is asked
for.

A member left out would lose what the group gives, so a range that does not join onto the one before is an error.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

import ldap3

from connectors.contract import Malformed, TimedOut, Unreachable
from connectors.ldap.entries import Entry, entries_of
from connectors.ldap.settings import LdapSettings
from connectors.ldap.wire.session import Session
from connectors.network.deadline import Deadline
from connectors.problem import Problem

_RANGED = re.compile(r"(?P<name>[^;]+);range=(?P<first>[0-9]{1,9})-(?P<last>[0-9]{1,9}|\*)")


@dataclass(frozen=True, slots=True)
class _Part:
    """Values ``first`` to ``last`` (counted from 0, inclusive) of an attribute; ``last`` is None at the end."""

    name: str
    first: int
    last: int | None
    values: list[bytes]


def whole(session: Session, settings: LdapSettings, entry: Entry) -> Entry:
    """Return the entry with all values of the attributes that came in part, read within one deadline for the entry.

    Raises ``Malformed`` for ranges that go back, repeat, or leave something out, ``TimedOut`` when they do not end in
    time, and ``Unreachable`` when the entry was moved or removed meanwhile.
    """
    parts = _parts(entry)
    if not parts:
        return entry
    deadline = Deadline(settings.deadline_seconds)
    values = dict(entry.values)
    for part in parts:
        values[part.name] = _joined(session, settings, entry, part, deadline)
    return replace(entry, values=values)


def _joined(session: Session, settings: LdapSettings, entry: Entry, part: _Part, deadline: Deadline) -> list[bytes]:
    values: dict[bytes, None] = {}
    while True:
        read = len(values)
        values.update(dict.fromkeys(part.values))
        whole_part = part.last is None or 0 < len(part.values) == part.last - part.first + 1
        if part.first != read or len(values) != read + len(part.values) or not whole_part:
            raise Malformed(_disjoint())
        if part.last is None:
            return list(values)
        part = _next(session, settings, entry, part, deadline)


def _next(session: Session, settings: LdapSettings, entry: Entry, part: _Part, deadline: Deadline) -> _Part:
    try:
        _, response = session.search(
            deadline,
            search_base=entry.dn,
            search_filter="(objectClass=*)",
            search_scope=ldap3.BASE,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=[settings.id_attribute, f"{part.name};range={(part.last or 0) + 1}-*"],
            time_limit=math.ceil(settings.deadline_seconds),
        )
    except TimedOut as error:
        raise TimedOut(_endless()) from error
    found = entries_of(response, settings.id_attribute)
    if [each.uuid for each in found] != [entry.uuid]:
        raise Unreachable(_moved())
    for following in _parts(found[0]):
        if following.name == part.name:
            return following
    raise Malformed(_disjoint())


def _parts(entry: Entry) -> list[_Part]:
    """Return the attributes that came in part. The name without a range comes beside it, empty."""
    return [_part(name, values) for name, values in entry.values.items() if ";range=" in name]


def _part(name: str, values: list[bytes]) -> _Part:
    match = _RANGED.fullmatch(name)
    if match is None:
        raise Malformed(_disjoint())
    last = None if match["last"] == "*" else int(match["last"])
    return _Part(match["name"], int(match["first"]), last, values)


def _disjoint() -> Problem:
    return Problem(
        "The directory gives a group's members in parts that do not join: one repeats, goes back, or leaves some out.",
        (
            "Run the source again. If it goes on, have the directory checked (range retrieval), or raise "
            "MaxValRange in its LDAP policy."
        ),
        field="group_filter",
    )


def _endless() -> Problem:
    return Problem(
        "The members of a group did not come to an end in time.",
        "Check that the directory is well; a very large group may need a longer deadline_seconds.",
        field="deadline_seconds",
    )


def _moved() -> Problem:
    return Problem(
        "A group was moved or removed while its members were read.", "Run the source again.", field="group_filter"
    )
