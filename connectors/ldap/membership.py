"""Who is in which group, over any depth of nesting, from the names and logins that groups hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.contract import Malformed
from connectors.ldap.names import normal
from connectors.problem import Problem

MEMBER_ATTRIBUTES = ("member", "uniqueMember")
_UID = re.compile(r"#'[01]*'B$")


@dataclass(slots=True)
class Groups:
    """The persons and groups of one reading, and what each group holds directly.

    A name that two entries share, as ``normal`` compares names, is nobody's.
    """

    persons: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    members: dict[str, list[str]] = field(default_factory=dict)
    named: dict[str, str | None] = field(default_factory=dict)

    def add_person(self, dn: str, uuid: str) -> None:
        """Note a person."""
        self.persons.add(uuid)
        _note(self.named, normal(dn), uuid)

    def add_group(self, dn: str, uuid: str, members: Iterable[str]) -> None:
        """Note a group and the names that it holds."""
        self.groups.add(uuid)
        _note(self.named, normal(dn), uuid)
        self.members[uuid] = [normal(_UID.sub("", member)) for member in members]

    def memberships(self) -> list[tuple[str, str]]:
        """Return all pairs of group and person, sorted. A name that is neither person nor group counts for nothing."""
        return sorted((group, person) for group in self.members for person in self._persons_of(group))

    def _persons_of(self, group: str) -> set[str]:
        waiting, seen, persons = [group], {group}, set()
        while waiting:
            for name in self.members[waiting.pop()]:
                uuid = self.named.get(name)
                if uuid is None:
                    continue
                if uuid in self.persons:
                    persons.add(uuid)
                if uuid in self.groups and uuid not in seen:
                    seen.add(uuid)
                    waiting.append(uuid)
        return persons


def _note(names: dict[str, str | None], name: str, uuid: str) -> None:
    names[name] = uuid if names.get(name, uuid) == uuid else None


def member_names(values: Mapping[str, list[bytes]]) -> list[str]:
    """Return the distinguished names that a group's entry holds; raises ``Malformed`` when the directory gave a part of them only."""
    if any(name.startswith(tuple(f"{one.lower()};range=" for one in MEMBER_ATTRIBUTES)) for name in values):
        raise Malformed(
            Problem(
                "A group has more members than the directory gives at once.",
                "Raise MaxValRange in the directory's LDAP policy above the number of members of its largest group.",
                field="group_filter",
            )
        )
    return [
        value.decode("utf-8", "surrogateescape") for name in MEMBER_ATTRIBUTES for value in values.get(name.lower(), ())
    ]
