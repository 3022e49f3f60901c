"""What rules can name, and how it is called: made by ``resolve`` and ``sentence``, asked by whatever checks, compiles,
matches and words rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from iam.access.rules.handing import Handing


@dataclass(frozen=True, slots=True)
class Names:
    """What rules can name, by key: loaded once for a whole derivation.

    ``entities`` are the legal entities to which an organisation ever belongs, ``covers`` what an area ever covers.
    ``named`` holds what a condition names besides, by its class: the values of each key.
    """

    organisations: Mapping[str, UUID]
    under: frozenset[tuple[UUID, UUID]]
    roles: Mapping[str, tuple[UUID, UUID]]
    lists: Mapping[str, frozenset[str]]
    groups: Mapping[tuple[UUID, str], UUID]
    list_owners: Mapping[str, UUID]
    handing: Mapping[str, Handing]
    entities: Mapping[UUID, frozenset[UUID]]
    covers: Mapping[UUID, frozenset[UUID]]
    named: Mapping[str, Mapping[str, Sequence[tuple[Any, ...]]]]

    def is_under(self, organisation_id: UUID, ancestor_id: UUID) -> bool:
        """Whether an organisation is, at any time, the ancestor itself or under it."""
        return (ancestor_id, organisation_id) in self.under

    def may_use(self, owner_id: UUID, code_list: str) -> bool:
        """Whether a rule of this owner may use a code list: it belongs to the owner or to something above it."""
        whose = self.list_owners.get(code_list)
        return code_list in self.lists and whose is not None and self.is_under(owner_id, whose)

    def hands_out(self, owner_id: UUID, role: str) -> bool:
        """Whether a rule of this owner may give a role."""
        handing = self.handing.get(role)
        return handing is not None and handing.by(owner_id, lambda above, below: self.is_under(below, above))


@dataclass(frozen=True, slots=True)
class Labels:
    """Names shown in sentences, by language: of organisations by key, of roles by application:role, of occupations by
    code, of their lists and of sources by key, as far as they have one; of groups, by the key of their organisation
    and their own, the one name they have."""

    organisations: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, Mapping[str, str]]
    groups: Mapping[tuple[str, str], str] = field(default_factory=dict)
    occupations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def organisation(self, key: str | None, language: str) -> str:
        """Return how an organisation is called, its key where no name is known; empty when there is none."""
        return self.organisations.get(key, {}).get(language, key) if key else ""
