"""Who is in which group, over any depth of nesting, from the names and logins that groups hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.ldap.names import normal, prepared

MEMBER_ATTRIBUTES = ("member", "uniqueMember")
"""Of a group, the names of its members (RFC 4519)."""
LOGIN_ATTRIBUTE = "memberUid"
"""Of a posixGroup (RFC 2307), the ``uid`` of its members."""
_UID = re.compile(r"#'[01]*'B$")


@dataclass(slots=True)
class Groups:
    """The persons and groups of one reading, and what each group holds directly.

    A name or login that two entries share, as ``normal`` and ``prepared`` compare them, is nobody's.
    """

    persons: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    members: dict[str, list[str]] = field(default_factory=dict)
    logins: dict[str, list[str]] = field(default_factory=dict)
    named: dict[str, str | None] = field(default_factory=dict)
    known_as: dict[str, str | None] = field(default_factory=dict)

    def add_person(self, dn: str, uuid: str, logins: Iterable[str] = ()) -> None:
        """Note a person and the logins by which a group may name them."""
        self.note_person(uuid, normal(dn), map(prepared, logins))

    def note_person(self, uuid: str, name: str, logins: Iterable[str]) -> None:
        """Note a person by the comparable forms of their name and logins."""
        self.persons.add(uuid)
        _note(self.named, name, uuid)
        for login in logins:
            _note(self.known_as, login, uuid)

    def add_group(self, dn: str, uuid: str, members: Iterable[str], logins: Iterable[str] = ()) -> None:
        """Note a group, the names that it holds and the logins."""
        self.groups.add(uuid)
        _note(self.named, normal(dn), uuid)
        self.members[uuid] = [normal(_UID.sub("", member)) for member in members]
        self.logins[uuid] = [prepared(login) for login in logins]

    def memberships(self) -> list[tuple[str, str]]:
        """Return all pairs of group and person, sorted. A name that is neither person nor group counts for nothing."""
        return sorted((group, person) for group in self.members for person in self._persons_of(group))

    def touched(self, groups: Iterable[str]) -> set[str]:
        """Return these groups and all that hold one of them, at any depth."""
        holders: dict[str, set[str]] = {}
        for group in self.members:
            for below in self._held_by(group) & self.groups:
                holders.setdefault(below, set()).add(group)
        waiting, seen = [*groups], set(groups)
        while waiting:
            above = holders.get(waiting.pop(), set()) - seen
            seen |= above
            waiting.extend(above)
        return seen

    def _persons_of(self, group: str) -> set[str]:
        waiting, seen, persons = [group], {group}, set()
        while waiting:
            below = self._held_by(waiting.pop())
            persons |= below & self.persons
            nested = (below & self.groups) - seen
            seen |= nested
            waiting.extend(nested)
        return persons

    def _held_by(self, group: str) -> set[str]:
        """Return the entries that a group holds directly."""
        found = {self.named.get(name) for name in self.members[group]}
        found |= {self.known_as.get(login) for login in self.logins[group]}
        return {uuid for uuid in found if uuid is not None}


def _note(names: dict[str, str | None], name: str, uuid: str) -> None:
    names[name] = uuid if names.get(name, uuid) == uuid else None


def member_names(values: Mapping[str, list[bytes]]) -> list[str]:
    """Return the distinguished names that a group's entry holds."""
    return [name for attribute in MEMBER_ATTRIBUTES for name in texts(values, attribute)]


def texts(values: Mapping[str, list[bytes]], attribute: str) -> list[str]:
    """Return the values of an attribute as texts that differ when the values do, be they UTF-8 or not."""
    return [value.decode("utf-8", "surrogateescape") for value in values.get(attribute.lower(), ())]
