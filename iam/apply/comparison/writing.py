"""What the steps of one application share: the change, what differs, and the ids of what is being added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.orm import Session

from iam.apply.comparison.difference import Action, Difference
from iam.apply.comparison.draft import Draft
from iam.apply.declared.shapes import Shape
from iam.change import Actor, Change
from iam.database.types import uuid7
from iam.vault import Vault


@dataclass(slots=True)
class Writing:
    """One application under way. ``touched`` are the persons whose local facts change, ``placed`` the organisations
    that stand elsewhere or are of another kind."""

    draft: Draft
    change: Change
    actor: Actor
    differences: Mapping[tuple[str, str], Difference]
    vault: Vault
    touched: set[UUID] = field(default_factory=set)
    placed: set[UUID] = field(default_factory=set)
    accounts: set[UUID] = field(default_factory=set)
    administrators: set[UUID] = field(default_factory=set)

    @property
    def session(self) -> Session:
        """The session everything is written in."""
        return self.draft.session

    def some(self, kind: str, action: Action) -> Iterator[tuple[str, Shape]]:
        """Yield key and stated shape of what is to be created, or changed, of one kind."""
        for (found, key), one in self.differences.items():
            if found == kind and one.action == action:
                yield key, self.draft.stated(kind)[key].shape

    def all(self, kind: str) -> list[tuple[str, Shape]]:
        """Return key and stated shape of everything of one kind that differs."""
        return [*self.some(kind, "create"), *self.some(kind, "change")]

    def differs(self, kind: str, key: str, *fields: str) -> bool:
        """Whether something is new, or differs in one of ``fields``."""
        one = self.differences[(kind, key)]
        return one.action == "create" or any(name in one.fields for name in fields)

    def id_of(self, kind: str, key: str) -> UUID:
        """Return the id of something, given on first asking when it is new."""
        return self.draft.state.ids[kind].setdefault(key, uuid7())
