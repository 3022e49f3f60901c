"""Who is in which group, over any depth of nesting, from the distinguished names that groups hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ldap3.core.exceptions import LDAPExceptionError
from ldap3.utils.dn import parse_dn

from connectors.contract import Malformed
from connectors.problem import Problem

MEMBER_ATTRIBUTES = ("member", "uniqueMember")
_HEX = re.compile(rb"\\([0-9A-Fa-f]{2})")
_UID = re.compile(r"#'[01]*'B$")


@dataclass(slots=True)
class Groups:
    """The persons and groups of one reading, by distinguished name, and what each group holds directly."""

    persons: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)

    def add_person(self, dn: str, uuid: str) -> None:
        """Note a person."""
        self.persons[normal(dn)] = uuid

    def add_group(self, dn: str, uuid: str, members: Iterable[str]) -> None:
        """Note a group and the names that it holds."""
        self.groups[normal(dn)] = uuid
        self.members[uuid] = [normal(_UID.sub("", member)) for member in members]

    def memberships(self) -> list[tuple[str, str]]:
        """Return all pairs of group and person, sorted. A name that is neither person nor group counts for nothing."""
        return sorted((group, person) for group in self.members for person in self._persons_of(group))

    def _persons_of(self, group: str) -> set[str]:
        waiting, seen, persons = [group], {group}, set()
        while waiting:
            for name in self.members[waiting.pop()]:
                person, nested = self.persons.get(name), self.groups.get(name)
                if person is not None:
                    persons.add(person)
                if nested is not None and nested not in seen:
                    seen.add(nested)
                    waiting.append(nested)
        return persons


def normal(dn: str) -> str:
    """Return a form of ``dn`` that is equal for equal names: small letters, no optional spaces, no escapes (RFC 4514)."""
    if "\\" not in dn and '"' not in dn and "+" not in dn:
        return ",".join("=".join(part.strip() for part in each.split("=", 1)) for each in dn.split(",")).casefold()
    try:
        parts = parse_dn(dn, escape=False, strip=True)
    except LDAPExceptionError:
        return dn.casefold()
    return "".join(f"{name}={_unescaped(value)}{separator}" for name, value, separator in parts).casefold()


def _unescaped(value: str) -> str:
    """Take the escapes away; a separator inside a value is told apart by a mark before it."""
    plain = _HEX.sub(lambda match: bytes([int(match[1], 16)]), value.encode()).decode("utf-8", "replace")
    plain = re.sub(r"\\(.)", r"\1", plain)
    return re.sub(r"[,+]", lambda match: f"\\{match[0]}", plain)


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
    return [value.decode("utf-8", "replace") for name in MEMBER_ATTRIBUTES for value in values.get(name.lower(), ())]
